"""A model on disk: readable, whole or not at all, and unable to run anything."""

import json
import resource
import shutil
from contextlib import contextmanager

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from isthmus import (
    KL,
    NLL,
    VAE,
    BaseAutoencoder,
    Composed,
    Dense,
    Gaussian,
    Images,
    Normal,
    Recipe,
    Term,
    load,
)
from isthmus.errors import CompositionError, ModelFileError, UnwritableError

X = np.random.default_rng(0).normal(size=(60, 5))
PARTS = ["model.json", "weights.safetensors"]


@pytest.fixture(scope="module")
def model():
    return VAE(latent_dim=2, backbone=Dense((8,)), epochs=2, random_state=0, verbose=False).fit(X)


@pytest.fixture
def folder(model, tmp_path):
    """The folder of a saved model."""
    model.save(tmp_path / "model")
    return tmp_path / "model"


def document_of(folder):
    return json.loads((folder / "model.json").read_text())


def rewrite(folder, **changes):
    """Change what ``model.json`` says; ``a__b=value`` reaches inside."""
    document = document_of(folder)
    for path, value in changes.items():
        *outer, last = path.split("__")
        place = document
        for name in outer:
            place = place[name]
        place[last] = value
    (folder / "model.json").write_text(json.dumps(document))


def test_a_model_is_two_files_that_can_be_read(folder):
    assert sorted(each.name for each in folder.iterdir()) == PARTS
    document = document_of(folder)
    assert document["format"] == 1
    assert document["family"] == "VAE"
    assert document["equation"] == "NLL() + KL()"
    assert document["parameters"]["backbone"] == {"part": "Dense((8,))"}
    assert len(document["history"]["rows"]) == 2
    assert "codec.encoder.layers.0.weight" in load_file(folder / "weights.safetensors")


def test_what_an_adapter_learned_is_written_or_refused(model, tmp_path, monkeypatch):
    monkeypatch.setattr(type(model.adapter_), "facts", lambda _: {"mean": np.zeros(2)})
    with pytest.raises(TypeError, match="ndarray"):
        model.save(tmp_path / "other")
    assert not (tmp_path / "other").exists()


def test_saving_again_replaces_the_model(model, folder):
    other = VAE(latent_dim=3, epochs=1, random_state=1, verbose=False).fit(X)
    other.save(folder)
    assert np.array_equal(load(folder).transform(X), other.transform(X))
    assert [each.name for each in folder.parent.iterdir()] == ["model"]


def test_saving_into_an_empty_folder_or_a_new_one_deep_down(model, tmp_path):
    (tmp_path / "empty").mkdir()
    for place in (tmp_path / "empty", tmp_path / "a" / "b" / "c"):
        model.save(place)
        assert sorted(each.name for each in place.iterdir()) == PARTS


def test_saving_through_a_link_replaces_what_it_points_to(model, folder):
    link = folder.parent / "link"
    link.symlink_to(folder)
    model.save(link)
    assert link.is_symlink()
    assert np.array_equal(load(folder).transform(X), model.transform(X))


def test_nothing_else_is_ever_replaced(model, tmp_path):
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "thesis.txt").write_text("years of work")
    (tmp_path / "file").write_text("more of it")
    for place in ("notes", "file"):
        with pytest.raises(ModelFileError, match=r"something else .*nothing was written. Name"):
            model.save(tmp_path / place)
    assert (tmp_path / "notes" / "thesis.txt").read_text() == "years of work"
    assert (tmp_path / "file").read_text() == "more of it"


def test_a_model_that_is_not_fitted_cannot_be_saved(tmp_path):
    from sklearn.exceptions import NotFittedError

    with pytest.raises(NotFittedError):
        VAE().save(tmp_path / "model")
    assert list(tmp_path.iterdir()) == []


@contextmanager
def no_file_larger_than(size):
    """As on a disk that is full: writing fails beyond so many bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("size", [10, 3000], ids=["model.json", "weights"])
@pytest.mark.parametrize("before", [True, False], ids=["over a model", "where none was"])
def test_on_a_full_disk_nothing_is_half_written(size, before, model, tmp_path):
    large = VAE(latent_dim=2, backbone=Dense((400,)), epochs=1, random_state=0, verbose=False)
    large.fit(X)
    if before:
        model.save(tmp_path / "model")
    with no_file_larger_than(size), pytest.raises(UnwritableError) as caught:
        large.save(tmp_path / "model")
    message = str(caught.value)
    assert "Can't write" in message
    assert "Free some space, or name another place" in message
    if before:
        assert np.array_equal(load(tmp_path / "model").transform(X), model.transform(X))
    assert len(list(tmp_path.iterdir())) == before


def test_a_folder_that_cannot_be_made_is_refused(model, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(UnwritableError, match=r"Can't write .*name another place"):
        model.save(tmp_path / "file" / "model")


@pytest.mark.parametrize("name", PARTS)
@pytest.mark.parametrize("share", [0.0, 0.3, 0.95])
def test_a_truncated_model_is_refused(name, share, folder):
    whole = (folder / name).read_bytes()
    (folder / name).write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(ModelFileError, match=r"can't be read as a model.*copy it again, or fit"):
        load(folder)


@pytest.mark.parametrize("name", PARTS)
def test_a_model_that_misses_a_file_is_refused(name, folder):
    (folder / name).unlink()
    with pytest.raises(ModelFileError, match=rf"model.*({name}|No such file)"):
        load(folder)


def test_a_folder_that_is_none_is_refused(tmp_path):
    for place in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(ModelFileError, match=r"no model folder: it has no model\.json. Name"):
            load(place)


def test_a_model_of_a_later_format_names_the_version_that_reads_it(folder):
    rewrite(folder, format=2, isthmus="9.1.0", something="new")
    with pytest.raises(ModelFileError, match=r"format 2; this version .*format 1\. .*'9\.1\.0'"):
        load(folder)


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "null",
        "17",
        '"model"',
        "{}",
        '{"format": 1}',
        "[" * 100_000,
        "\xff",
        '{"format": NaN}',
    ],
    ids=repr,
)
def test_foreign_json_is_refused(text, folder):
    (folder / "model.json").write_bytes(text[:100_000].encode("latin-1"))
    with pytest.raises(ModelFileError, match=r"can't be read as a model|has format"):
        load(folder)


HOSTILE = "__import__('pathlib').Path('{0}').touch()"


@pytest.mark.parametrize(
    "text",
    [
        HOSTILE,
        f"Dense({HOSTILE})",
        f"Dense((8,), activation={HOSTILE})",
        "Dense.__init__.__globals__",
        "Dense((8,)).__class__",
        "(lambda: Dense())()",
        "[Dense() for each in (1,)]",
        "eval('1')",
        "open('{0}', 'w')",
        "Dense(*[8])",
        "Dense(**dict(widths=8))",
        "Dense((10**9,))",
        "'a' * 1000000000",
        "Dense((8,) * 1000000000)",
        "Dense(8, depth=1000000000)",
        "Dense((1000000000, 1000000000, 1000000000))",
        "Dense((" + "9" * 4000 + ",))",
        "Dense(-8)",
        "Masking(0.5)",
        "Gaussian(2)",
        "NLL() + KL()",
        "VAE()",
        "Vector(features=3)",
        "17",
        "''",
        "",
        "(" * 3000,
        "-" * 9000 + "1",
        "Dense(" * 2000 + ")" * 2000,
        "x" * 20_000,
    ],
    ids=lambda text: text[:50],
)
def test_hostile_parts_run_no_code_and_take_no_memory(text, folder, tmp_path):
    touched = tmp_path / "touched"
    rewrite(folder, parameters__backbone={"part": text.replace("{0}", str(touched))})
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(ModelFileError, match=r"can't be put together"):
        load(folder)
    assert not touched.exists()
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # kB


@pytest.mark.parametrize(
    "changes",
    [
        {"family": "Dense"},
        {"family": "BaseAutoencoder"},
        {"family": "os.system"},
        {"family": "Mine"},
        {"parameters__latent_dim": 10**12},
        {"parameters__latent_dim": -1},
        {"parameters__nonsense": 1},
        {"parameters__epochs": "many"},
        {"parameters__backbone": {"nonsense": 1}},
        {"parameters__backbone": [[[]]]},
        {"parameters__likelihood": {"part": "Categorical()"}},
        {"space": "Vector(features=1000000000000)"},
        {"space": "Image(100000, 100000, 100000)"},
        {"space": "Vector(features=5, support='categories', levels=1000000000)"},
        {"space": "Vector()"},
        {"space": "Dense()"},
        {"space": "17"},
        {"adapter__name": "VAE"},
        {"adapter__name": "nonsense"},
        {"adapter__parameters": {"nonsense": 1}},
        {"adapter__facts": {}},
        {"adapter__facts__dtype": "nonsense"},
        {"adapter__facts__frame": {"nonsense": 1}},
        {"seed": "x"},
        {"history": []},
        {"equation": 3},
        {"surprise": 1},
    ],
    ids=str,
)
def test_a_document_that_does_not_fit_is_refused(changes, folder):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    rewrite(folder, **changes)
    with pytest.raises(ModelFileError, match=r"can't be (put together|read)"):
        load(folder)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # kB


@pytest.mark.parametrize(
    "change",
    [
        lambda tensors: tensors.pop("spread"),
        lambda tensors: tensors.pop("codec.encoder.layers.0.weight"),
        lambda tensors: tensors.update({"codec.surprise": torch.zeros(1)}),
        lambda tensors: tensors.update({"codec.encoder.layers.0.bias": torch.zeros(3)}),
    ],
    ids=["no spread", "a weight less", "a weight more", "another shape"],
)
def test_weights_that_do_not_fit_are_refused(change, folder):
    tensors = load_file(folder / "weights.safetensors")
    change(tensors)
    save_file(tensors, folder / "weights.safetensors")
    with pytest.raises(ModelFileError, match=r"(?s)can't be put together.*damaged or foreign"):
        load(folder)


def test_a_device_that_is_not_there_is_no_fault_of_the_model(folder):
    with pytest.raises(CompositionError, match=r"device='gpu'.*Use 'auto', or 'cpu'"):
        load(folder, device="gpu")


class Shrinkage(Term):
    """A term of one's own."""

    def forward(self, codec, trace):
        return trace.z.abs().flatten(1).sum(1)


class Mine(BaseAutoencoder):
    """A family of one's own."""

    def recipe(self):
        return Recipe(latent=Gaussian(2), objective=NLL() + 0.5 * Shrinkage())


def test_classes_of_ones_own_are_named_at_loading(tmp_path):
    model = Mine(epochs=1, random_state=0, verbose=False).fit(X)
    composed = Composed(objective=NLL() + 0.5 * Shrinkage(), epochs=1, verbose=False).fit(X)
    for own, parts in ((model, [Mine]), (composed, [Shrinkage])):
        own.save(tmp_path / "model")
        with pytest.raises(
            ModelFileError, match=r"not known here.*load\(folder, parts=\[\.\.\.\]\)"
        ):
            load(tmp_path / "model")
        again = load(tmp_path / "model", parts=parts)
        assert np.array_equal(again.transform(X), own.transform(X))
        shutil.rmtree(tmp_path / "model")


@pytest.mark.parametrize(
    "model",
    [
        Composed(latent=Gaussian(2), objective=NLL() + 3 * KL(), likelihood=Normal("shared")),
        VAE(latent_dim=2, warm_up=0.5, beta=2.0, backbone=Dense(8, depth=3, normalisation="batch")),
        VAE(latent_dim=2, samples=3, adapter=Images(size=(2, 2))),
        VAE(latent_dim=2, random_state=np.random.RandomState(3)),
    ],
    ids=["composed", "VAE", "importance-weighted", "random state"],
)
def test_every_part_comes_back(model, tmp_path):
    pictures = np.random.default_rng(0).random((30, 4, 4))
    model.set_params(epochs=2, verbose=False).fit(pictures)
    model.save(tmp_path / "model")
    again = load(tmp_path / "model")
    assert np.array_equal(again.score_samples(pictures), model.score_samples(pictures))
    assert again.seed_ == model.seed_
    for name, value in model.get_params().items():
        if name != "random_state":
            assert repr(again.get_params()[name]) == repr(value), name
