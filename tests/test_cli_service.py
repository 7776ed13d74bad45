"""The commands serve and export, where they are wrongly used, and what export writes."""

import json
import socket
from dataclasses import asdict
from inspect import signature
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from isthmus import VAE, Dense, load
from isthmus.cli.service_commands import serve
from isthmus.serving import Limits
from shell import isthmus

X = np.random.default_rng(0).normal(100, 20, size=(40, 3))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model") / "model"
    model = VAE(latent_dim=2, backbone=Dense((8,)), epochs=1, verbose=False, random_state=0)
    model.fit(X).save(folder)
    return folder


def test_the_options_are_the_limits() -> None:
    options = signature(serve).parameters
    shared = asdict(Limits()).keys() & options.keys()
    assert asdict(Limits()).keys() - shared == {"max_held"}
    for name in shared:
        unit = 1000 if name == "batch_wait" else 1
        assert options[name].default == getattr(Limits(), name) * unit


def test_a_port_that_is_taken_is_told(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = isthmus("serve", folder, "--port", port, code=1).output
    assert f"Can't listen at 127.0.0.1:{port}" in said
    assert "--port" in said


def test_what_cant_be_served_is_told(folder: Path, tmp_path: Path) -> None:
    assert "is no model folder" in isthmus("serve", tmp_path, code=1).output
    assert "timeout=-1" in isthmus("serve", folder, "--timeout", -1, code=2).output


def test_export_writes_files_that_give_the_same_numbers(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "onnx"
    told = json.loads(isthmus("export", folder, "--onnx", out, "--json").stdout)
    assert told["encoder"]["inputs"][0]["shape"] == ["batch", 3]
    assert sorted(path.name for path in out.iterdir()) == [
        "decoder.onnx",
        "encoder.onnx",
        "onnx.json",
    ]
    model = load(folder)
    encoder = onnxruntime.InferenceSession(out / "encoder.onnx")
    (codes,) = encoder.run(None, {"x": X})
    np.testing.assert_allclose(codes, model.transform(X), atol=1e-5)
    decoder = onnxruntime.InferenceSession(out / "decoder.onnx")
    (rows,) = decoder.run(None, {"code": codes})
    np.testing.assert_allclose(rows, model.inverse_transform(codes), rtol=1e-6)


def test_export_leaves_what_is_not_its_own(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear")
    said = isthmus("export", folder, "--onnx", tmp_path, code=1).output
    assert "holds something else than ONNX files (letter.txt)" in said
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]
