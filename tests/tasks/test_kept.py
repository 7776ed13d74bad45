"""Tasks put to disk, and read back; what is damaged or foreign."""

import json

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.exceptions import NotFittedError

import isthmus
from isthmus import VAE, ConditionalVAE, EncoderClassifier, Generator
from isthmus.errors import ModelFileError
from isthmus.tasks.base import Task
from isthmus.tasks.priors import Autoregressive

X = load_iris(as_frame=True).frame


@pytest.fixture(scope="module")
def generator():
    model = VAE(latent_dim=2, beta=0.1, epochs=2, random_state=0)
    return Generator(model, prior="mixture", random_state=0).fit(X)


@pytest.fixture
def folder(generator, tmp_path):
    generator.save(tmp_path / "made")
    return tmp_path / "made"


def test_what_was_saved_is_what_is_read(generator, folder):
    again = isthmus.load(folder)
    assert isinstance(again, Generator)
    assert isinstance(again, Task)
    assert again.sample(5, random_state=1).equals(generator.sample(5, random_state=1))
    assert np.array_equal(again.score_samples(X[:9]), generator.score_samples(X[:9]))
    assert again.get_params()["prior"] == "mixture"
    again.save(folder)  # in place of the one that is there
    assert isinstance(isthmus.load(folder), Generator)


@pytest.mark.parametrize(
    "task",
    [
        Generator(VAE(latent_dim=2, epochs=1), prior=Autoregressive(4, 2, steps=1)),
        EncoderClassifier(VAE(latent_dim=2, epochs=1), method="spread"),
        EncoderClassifier(method="m2", model=ConditionalVAE(latent_dim=2, epochs=1)),
    ],
)
def test_reading_leaves_the_global_random_state_as_it_was(task, tmp_path):
    clone(task).fit(X.iloc[:, :4], load_iris().target).save(tmp_path / "task")
    before = torch.get_rng_state()
    isthmus.load(tmp_path / "task")
    assert torch.equal(before, torch.get_rng_state())


def test_a_model_is_still_a_model(tmp_path):
    VAE(latent_dim=2, epochs=1).fit(X).save(tmp_path / "model")
    assert isinstance(isthmus.load(tmp_path / "model"), VAE)


def change(folder, **fields):
    about = json.loads((folder / "task.json").read_text()) | fields
    (folder / "task.json").write_text(json.dumps(about))


@pytest.mark.parametrize(
    "harm",
    [
        lambda folder: change(folder, task="Nothing"),
        lambda folder: change(folder, format=2),
        lambda folder: change(folder, facts={}),
        lambda folder: change(folder, parameters={"prior": {"part": "open('x')"}}),
        lambda folder: change(folder, members=2),
        lambda folder: (folder / "task.json").write_text("{"),
        lambda folder: (folder / "task.safetensors").write_bytes(b"\0" * 40),
        lambda folder: (folder / "members" / "00" / "weights.safetensors").unlink(),
    ],
)
def test_damage_is_told(folder, harm):
    harm(folder)
    with pytest.raises(ModelFileError, match=str(folder)):
        isthmus.load(folder)


def test_what_is_there_stays(generator, tmp_path):
    (tmp_path / "note.txt").write_text("mine")
    with pytest.raises(ModelFileError, match="something else than a task"):
        generator.save(tmp_path)
    assert [each.name for each in tmp_path.iterdir()] == ["note.txt"]
    with pytest.raises(NotFittedError):
        Generator().save(tmp_path / "empty")
    assert not (tmp_path / "empty").exists()
