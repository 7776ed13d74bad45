"""ONNX files give the numbers that Python gives, whatever the rows and the networks are."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pandas as pd
import pytest
import torch
from sklearn.exceptions import NotFittedError

from isthmus import (
    LSTM,
    VAE,
    VQVAE,
    Autoencoder,
    BaseAutoencoder,
    ConditionalVAE,
    Conv,
    Dense,
    KSparseAutoencoder,
    UNet,
    export_onnx,
    inference,
)
from isthmus.errors import CompositionError

RNG = np.random.default_rng(0)
SMALL: dict[str, Any] = {"latent_dim": 2, "epochs": 1, "verbose": False, "random_state": 0}


def run(folder: Path, which: str, *given: np.ndarray) -> np.ndarray:
    session = onnxruntime.InferenceSession(folder / f"{which}.onnx")
    names = [each.name for each in session.get_inputs()]
    (found,) = session.run(None, dict(zip(names, given, strict=True)))
    return found


def test_pictures_in_colour_through_convolutions(tmp_path: Path) -> None:
    X = (RNG.random((20, 6, 5, 3)) * 255).astype(np.uint8)
    model = VAE(**SMALL, backbone=Conv((4,))).fit(X)
    export_onnx(model, tmp_path / "onnx")
    codes = run(tmp_path / "onnx", "encoder", X.astype(np.float32))
    np.testing.assert_allclose(codes, model.transform(X), atol=1e-5)
    pixels = run(tmp_path / "onnx", "decoder", codes)
    np.testing.assert_allclose(pixels, model.inverse_transform(codes), atol=0.501)


def test_series_of_several_lengths_through_a_recurrent_network(tmp_path: Path) -> None:
    X = [RNG.normal(size=(int(n), 2)) for n in RNG.integers(2, 6, 20)]
    model = Autoencoder(**SMALL, backbone=LSTM(4)).fit(X)
    export_onnx(model, tmp_path / "onnx")
    padded = np.full((20, 5, 2), np.nan)
    for place, each in enumerate(X):
        padded[place, : len(each)] = each
    codes = run(tmp_path / "onnx", "encoder", padded)
    np.testing.assert_allclose(codes, model.transform(X), atol=1e-5)
    steps = run(tmp_path / "onnx", "decoder", codes)
    np.testing.assert_allclose(steps, model.inverse_transform(codes), atol=1e-5)


def test_tables_go_in_as_cells_that_are_told(tmp_path: Path) -> None:
    X = pd.DataFrame({"kind": ["a", "b", None, "a"] * 5, "size": RNG.normal(size=20)})
    y = RNG.choice(["old", "new"], 20)
    model = ConditionalVAE(**SMALL, backbone=Dense((4,))).fit(X, y)
    export_onnx(model, tmp_path / "onnx")
    told = json.loads((tmp_path / "onnx" / "onnx.json").read_text("utf-8"))
    first, second = told["columns"]
    levels, scale = first["levels"], second["scale"]
    cells = np.full((20, 2), np.nan, np.float32)
    for place, (kind, size) in enumerate(zip(X["kind"], X["size"], strict=True)):
        if isinstance(kind, str):
            cells[place, first["cells"][0]] = levels.index(kind)
        cells[place, second["cells"][0]] = (size - scale["centre"]) / scale["spread"]
    assert model.condition_ is not None
    context = model.condition_.transform(y, 20).numpy()
    assert not scale["heavy"]
    codes = run(tmp_path / "onnx", "encoder", cells, context)
    np.testing.assert_allclose(codes, model.transform(X, y), atol=1e-5)
    found = run(tmp_path / "onnx", "decoder", codes, context)
    z, given = (torch.from_numpy(each) for each in (codes, context))
    expected = inference.decoded(model.codec_, z, context=given)
    np.testing.assert_allclose(found, expected.numpy(), atol=1e-5)


@pytest.mark.parametrize(
    ("model", "shape"),
    [
        (KSparseAutoencoder(latent_dim=6, k=2, backbone=UNet((4,))), (8, 2)),
        (VQVAE(latent_dim=4, codes=8, backbone=Conv((4,), grid=True)), (6, 5, 1)),
    ],
)
def test_codes_on_a_grid_with_holes_in_any_number_of_rows(
    tmp_path: Path, model: BaseAutoencoder, shape: tuple[int, ...]
) -> None:
    X = RNG.random((20, *shape))
    X[RNG.random(X.shape) < 0.2] = np.nan
    model.set_params(epochs=1, verbose=False, random_state=0).fit(X)
    told = export_onnx(model, tmp_path / "onnx")
    kind = told["encoder"]["inputs"][0]["dtype"]
    for rows in (1, 3, 17):
        codes = run(tmp_path / "onnx", "encoder", X[:rows].astype(kind))
        expected = model.transform(X[:rows])
        np.testing.assert_allclose(codes, expected, atol=1e-5)
        made = run(tmp_path / "onnx", "decoder", expected.astype(np.float32))
        np.testing.assert_allclose(made, model.inverse_transform(expected), atol=1e-5)


def test_what_has_no_numbers_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    model = VAE(**SMALL).fit(["to be", "or not", "to be"] * 5)
    with pytest.raises(CompositionError, match=r"A model of Texts .*`isthmus serve` takes Texts"):
        export_onnx(model, tmp_path / "onnx")
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_written_of_what_is_not_fitted(tmp_path: Path) -> None:
    with pytest.raises(NotFittedError):
        export_onnx(VAE(), tmp_path / "onnx")
    assert list(tmp_path.iterdir()) == []
