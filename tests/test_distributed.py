"""Processes that train together: real ones, started by torchrun, meeting on this machine."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.datasets import load_wine

from isthmus import Gaussian, load
from isthmus.distributed import Team, _Draws, _leave, team
from isthmus.randomness import seeded

SCRIPT = """
import json, os, sys
from sklearn.datasets import load_wine
from isthmus import VAE, Dense, Masking
model = VAE(latent_dim=2, epochs=2, batch_size=33, random_state=0, verbose=False,
            backbone=Dense((16,), dropout=0.1), corruption=Masking(0.2), samples=3)
rows = model.fit(load_wine().data).history_.rows
if os.environ.get("RANK", "0") == "0":
    print(json.dumps([[row["loss"], row["validation_loss"]] for row in rows]))
"""


def together(processes: int, *command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    run = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}"]
    where = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        [sys.executable, *run, *command],
        cwd=folder, env=where, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def test_a_process_group_that_is_there_is_the_team():
    # As in a worker of Ray Train, where the environment need not tell.
    store = torch.distributed.HashStore()
    torch.distributed.init_process_group("gloo", store=store, rank=0, world_size=1)
    try:
        assert team() == Team(0, 1)
    finally:
        torch.distributed.destroy_process_group()
    assert team() == Team()


def test_the_shares_make_up_the_batch():
    for rows in (1, 3, 4, 10):
        shares = [Team(rank, 4).rows(rows) for rank in range(4)]
        assert [i for share in shares for i in range(rows)[share]] == list(range(rows))


def test_three_processes_come_to_what_one_comes_to(tmp_path):
    (tmp_path / "train.py").write_text(SCRIPT)
    done = together(3, "train.py", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    alone = subprocess.run(
        [sys.executable, "train.py"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    np.testing.assert_allclose(json.loads(done.stdout), json.loads(alone.stdout), rtol=1e-5)


def test_the_command_line_writes_one_model(tmp_path):
    load_wine(as_frame=True).frame.to_csv(tmp_path / "wine.csv", index=False)
    fit = ["-m", "isthmus", "fit", "wine.csv", "--epochs", "2", "--random-state", "0", "--out"]
    done = together(2, *fit, "model", "--json", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["rows"] == 178
    assert {each.name for each in tmp_path.iterdir()} == {"wine.csv", "model"}
    subprocess.run([sys.executable, *fit, "alone"], cwd=tmp_path, check=True, capture_output=True)
    losses = [load(tmp_path / name).history_.column("loss") for name in ("model", "alone")]
    np.testing.assert_allclose(*losses, rtol=1e-5)


def test_only_a_process_that_failed_stays_in_its_group(tmp_path, monkeypatch):
    group = torch.distributed
    met = f"file://{tmp_path / 'met'}"
    group.init_process_group("gloo", init_method=met, rank=0, world_size=1)
    with monkeypatch.context() as failed:
        failed.setattr(sys, "last_value", ValueError(), raising=False)
        _leave()
        assert group.is_initialized()
    monkeypatch.delattr(sys, "last_value", raising=False)
    _leave()
    assert not group.is_initialized()


@pytest.mark.parametrize(
    "draw",
    [
        lambda x: torch.randn_like(x),
        lambda x: torch.rand(len(x), 3),
        lambda x: torch.randn((len(x), 3)),
        lambda x: torch.randint(0, 9, (len(x),)).float(),
        lambda x: torch.empty(7, len(x), 2).normal_(),
        lambda x: torch.empty(len(x)).uniform_(2, 3),
        lambda x: torch.nn.functional.dropout(x + 1, 0.5, training=True),
        lambda x: torch.distributions.Normal(x, 1.0).rsample((5,)),
    ],
)
def test_a_share_of_a_draw_is_that_of_the_whole_draw(draw):
    x = torch.zeros(10, 3)
    torch.manual_seed(0)
    whole = draw(x)
    axis = whole.shape.index(10)
    shares: list[torch.Tensor] = []
    for rank in range(3):
        mine = Team(rank, 3).rows(10)
        torch.manual_seed(0)
        with _Draws(10, mine):
            shares.append(draw(x[mine]))
    assert torch.equal(torch.cat(shares, axis), whole)


def test_draws_that_stand_under_one_another_are_shared_row_by_row():
    torch.manual_seed(0)
    whole = torch.empty(20).normal_()  # two for each of ten rows
    torch.manual_seed(0)
    with _Draws(10, slice(4, 7)):
        mine = torch.empty(6).normal_()
    assert torch.equal(mine, whole.view(2, 10)[:, 4:7].flatten())


@pytest.mark.parametrize("draws", [1, 2, 3, 4])
def test_many_draws_of_a_code_are_shared_even_where_they_are_as_many_as_the_rows(draws):
    raw = torch.randn(6, 8, generator=torch.Generator().manual_seed(1))
    with seeded(0):
        whole = Gaussian(4)(raw).rsample((draws,))
    with seeded(0), _Draws(6, slice(2, 4)):
        mine = Gaussian(4)(raw[2:4]).rsample((draws,))
    assert torch.equal(mine, whole[:, 2:4])
