"""A run that was cut off goes on to the same result, to the last bit."""

import json
import os
import signal
import subprocess
import sys
from itertools import count
from time import monotonic, sleep

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from isthmus import VAE, Dense, Masking, training
from isthmus.checkpoint import Checkpoint
from isthmus.errors import ModelFileError, UnwritableError
from isthmus.space import Batch

X = np.random.default_rng(0).normal(size=(200, 6))
# Everything that draws or remembers is there: corruption, dropout, normalisation, codes.
SETTINGS = """dict(
    latent_dim=2, warm_up=0.5, corruption=Masking(0.2), epochs=6, batch_size=32,
    backbone=Dense((8,), normalisation="batch", dropout=0.2), random_state=0, verbose=False,
)"""
STEPS = 6  # an epoch: 180 rows are left to learn from
RUN = "run.safetensors"


def model_of(folder=None, **settings):
    known = {"Dense": Dense, "Masking": Masking}
    return VAE(
        **eval(SETTINGS, known) | settings, checkpoint=None if folder is None else str(folder)
    )


@pytest.fixture(scope="module")
def uninterrupted():
    return model_of().fit(X)


def weights(model):
    return model.codec_.state_dict()


def assert_same(model, other):
    assert weights(model).keys() == weights(other).keys()
    for name, tensor in weights(model).items():
        assert torch.equal(tensor, weights(other)[name]), name
    for mine, theirs in zip(model.history_.rows, other.history_.rows, strict=True):
        assert mine | {"seconds": 0} == theirs | {"seconds": 0}
    assert model.history_.best == other.history_.best
    assert torch.equal(model.spread_, other.spread_)


def interrupt_at(monkeypatch, *steps):
    """Send this process a Ctrl-C in the middle of the given steps."""
    counter, step = count(1), training.step

    def interrupted(*args, **kwargs):
        if next(counter) in steps:
            os.kill(os.getpid(), signal.SIGINT)
        return step(*args, **kwargs)

    monkeypatch.setattr(training, "step", interrupted)


# In the first step, in the midst of an epoch, at its end, at the next one's start, in the last.
@pytest.mark.parametrize("at", [1, 9, 2 * STEPS, 2 * STEPS + 1, 6 * STEPS])
def test_interrupted_and_resumed(at, uninterrupted, tmp_path, monkeypatch):
    handler = signal.getsignal(signal.SIGINT)
    with monkeypatch.context() as patch:
        interrupt_at(patch, at)
        with pytest.raises(KeyboardInterrupt, match=rf"same call goes on from .*{RUN}"):
            model_of(tmp_path).fit(X)
    assert signal.getsignal(signal.SIGINT) is handler
    assert (tmp_path / RUN).is_file()
    assert_same(model_of(tmp_path).fit(X), uninterrupted)
    assert list(tmp_path.iterdir()) == []


def test_interrupted_again_and_again(uninterrupted, tmp_path, monkeypatch):
    interrupt_at(monkeypatch, *range(1, 40, 7))
    interruptions = 0
    while True:
        try:
            model = model_of(tmp_path).fit(X)
        except KeyboardInterrupt:
            interruptions += 1
        else:
            break
    assert interruptions == 6
    assert_same(model, uninterrupted)


def test_how_a_step_is_computed_does_not_make_another_run(tmp_path):
    rows = Batch(torch.zeros(2, 6))
    once, again = (model_of(tmp_path, compile=each)._checkpoint(rows) for each in (False, True))
    assert once.run == again.run


def test_without_a_checkpoint_an_interruption_says_what_would_help(monkeypatch):
    interrupt_at(monkeypatch, 2)
    model = model_of()
    with pytest.raises(KeyboardInterrupt, match=r"with checkpoint=FOLDER it could go on"):
        model.fit(X)
    assert not hasattr(model, "codec_")


KILLED = """
import os, signal
from pathlib import Path
import numpy as np, torch
from isthmus import VAE, Dense, Masking
from isthmus.checkpoint import Checkpoint

torch.set_num_threads({threads})
X = np.random.default_rng(0).normal(size=(200, 6))
Checkpoint.due = property(lambda self: True)
left = {at}

def deadly(owner, name, before):
    whole = getattr(owner, name)
    def method(*args, **kwargs):
        global left
        left -= 1
        if before and not left:
            os.kill(os.getpid(), signal.SIGKILL)
        result = whole(*args, **kwargs)
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)
        return result
    setattr(owner, name, method)

deadly({where}, before={before})
VAE(**{settings}, checkpoint={folder!r}).fit(X)
"""


@pytest.mark.parametrize(
    ("at", "where", "before"),
    [
        (9, "Checkpoint, 'write'", False),
        (2 * STEPS, "Checkpoint, 'write'", False),
        (9, "Path, 'replace'", True),
    ],
    ids=["within an epoch", "at the end of one", "while writing"],
)
def test_killed_and_resumed(at, where, before, uninterrupted, tmp_path):
    script = KILLED.format(
        at=at, where=where, before=before, settings=SETTINGS, folder=str(tmp_path),
        threads=torch.get_num_threads(),
    )  # fmt: skip
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, timeout=120)
    assert ran.returncode == -signal.SIGKILL, ran.stderr.decode()
    saved = Checkpoint(tmp_path / RUN, {})
    saved._check = lambda run: None
    _, state = saved.read()
    assert state["epoch"] * STEPS + state["step"] == at - before
    assert_same(model_of(tmp_path).fit(X), uninterrupted)


ENDLESS = """
import numpy as np, torch
from isthmus import VAE, Dense, Masking
from isthmus.checkpoint import Checkpoint

torch.set_num_threads({threads})
Checkpoint.due = property(lambda self: True)
X = np.random.default_rng(0).normal(size=(200, 6))
endless = {settings} | dict(epochs=10**6, patience=None)
VAE(**endless, checkpoint={folder!r}).fit(X)
"""


def test_a_signal_from_outside(tmp_path):
    script = ENDLESS.format(
        settings=SETTINGS, folder=str(tmp_path), threads=torch.get_num_threads()
    )
    child = subprocess.Popen([sys.executable, "-c", script], stderr=subprocess.PIPE)
    wait_until(lambda: (tmp_path / RUN).exists())
    child.send_signal(signal.SIGINT)
    _, errors = child.communicate(timeout=60)
    assert b"Training was interrupted; the same call goes on from" in errors
    assert Checkpoint(tmp_path / RUN, {}).path.is_file()


def wait_until(happens, seconds=60):
    until = monotonic() + seconds
    while not happens():
        assert monotonic() < until, "it never happened"
        sleep(0.05)


@pytest.fixture
def cut_off(tmp_path, monkeypatch):
    """The folder of a run that was cut off in its ninth step."""
    with monkeypatch.context() as patch:
        interrupt_at(patch, 9)
        with pytest.raises(KeyboardInterrupt):
            model_of(tmp_path).fit(X)
    return tmp_path


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"learning_rate": 0.5}, r"learning_rate: 'None' there, '0\.5' now"),
        ({"beta": 2.0}, r"beta: '1\.0' there, '2\.0' now"),
        ({"random_state": 1}, r"random_state: '0' there, '1' now"),
        (
            {"corruption": Masking(0.3)},
            r"corruption: 'Masking\(0\.2\)' there, 'Masking\(0\.3\)' now",
        ),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)
def test_the_checkpoint_of_other_settings_is_refused(settings, message, cut_off):
    before = (cut_off / RUN).read_bytes()
    with pytest.raises(ModelFileError, match=rf"checkpoint of another run \({message}\)") as caught:
        model_of(cut_off, **settings).fit(X)
    assert "delete the file to start afresh" in str(caught.value)
    assert (cut_off / RUN).read_bytes() == before


def test_the_checkpoint_of_other_data_is_refused(cut_off):
    other = X.copy()
    other[17, 3] += 1e-3
    with pytest.raises(ModelFileError, match=r"another run \(data: '\w+' there, '\w+' now\)"):
        model_of(cut_off).fit(other)


def test_where_and_how_loudly_it_runs_may_change(cut_off, uninterrupted, capsys):
    assert_same(model_of(cut_off, verbose=True, device="cpu").fit(X), uninterrupted)
    assert "epoch 6/6" in capsys.readouterr().err


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.99])
def test_a_damaged_checkpoint_is_refused(share, cut_off):
    whole = (cut_off / RUN).read_bytes()
    (cut_off / RUN).write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(ModelFileError, match=r"can't be read as a checkpoint.*start afresh"):
        model_of(cut_off).fit(X)


def test_a_foreign_checkpoint_is_refused(tmp_path):
    for about in (None, {"format": "isthmus checkpoint 99", "run": "{}", "state": "{}"}):
        save_file({"x": torch.zeros(2)}, tmp_path / RUN, metadata=about)
        with pytest.raises(ModelFileError, match=r"format is .*, not 'isthmus checkpoint 1'"):
            model_of(tmp_path).fit(X)


def test_a_folder_that_cannot_be_written_to_is_told_before_training(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setattr(training, "step", lambda *_: pytest.fail("it trained"))
    with pytest.raises(UnwritableError, match=r"Can't write .*another place"):
        model_of(tmp_path / "file").fit(X)


def test_it_needs_a_seed_that_can_be_repeated(tmp_path):
    with pytest.raises(ValueError, match=r"checkpoint= .*random_state=None.*a number"):
        model_of(tmp_path, random_state=None).fit(X)


def test_it_is_written_once_in_a_while(tmp_path):
    checkpoint = Checkpoint(tmp_path / RUN, {}, seconds=1000)
    assert not checkpoint.due
    checkpoint.seconds = 0
    assert checkpoint.due
    checkpoint.seconds = 1000
    checkpoint.write({"x": torch.ones(3)}, {"epoch": 2})
    assert not checkpoint.due
    tensors, state = checkpoint.read()
    assert torch.equal(tensors["x"], torch.ones(3))
    assert state == {"epoch": 2}
    checkpoint.clear()
    assert checkpoint.read() is None


def test_what_it_says_of_itself_is_readable(cut_off):
    from safetensors import safe_open

    with safe_open(cut_off / RUN, framework="pt") as file:
        run = json.loads(file.metadata()["run"])
    assert run["family"] == "VAE"
    assert run["backbone"] == repr(model_of().backbone)
