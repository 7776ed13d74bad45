"""Export: a model's encoder and decoder as ONNX files, which need no Python to run.

The maps between the user's units and x are part of the graphs, so that raw numbers go in, and raw
numbers come out. What was written is run in ONNX Runtime and compared before it is put in place.
"""

import contextlib
import io
import json
import logging
import warnings
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sklearn.utils.validation import check_is_fitted
from torch import Tensor, nn

from isthmus.adapters import Images, Sequences, Tables, Vectors
from isthmus.errors import CompositionError, UnwritableError, require
from isthmus.estimator import BaseAutoencoder
from isthmus.randomness import seeded
from isthmus.writing import check_writable, whole_folder

ENCODER, DECODER, ABOUT = "encoder.onnx", "decoder.onnx", "onnx.json"
OPSET = 18
TRACED = 5
"""How many rows the networks are traced with: the number itself is left open."""
TRIED = (1, 3, 64)
"""With how many rows each file is compared."""
NEAR = 1e-4
"""How far a number may be off, beside its size and that of its neighbours."""


def export_onnx(model: BaseAutoencoder, folder: str | Path) -> dict[str, Any]:
    """Write ``encoder.onnx`` and ``decoder.onnx`` to ``folder``, whole or not at all.

    The encoder takes rows as they are, NaN for a hole, in any number, and returns codes as
    `transform` does; the decoder takes codes, and returns rows as `inverse_transform` does, but for
    the last rounding to whole numbers. Rows of a table of several kinds are taken and given as
    cells: ``onnx.json``, beside them, says which cells each column has, and how its values become
    them. It says of every input and output what it is.

    Parameters
    ----------
    model
        A fitted model.
    folder
        Where they go; what `export_onnx` wrote there before is replaced.

    Returns
    -------
    dict
        What ``onnx.json`` says of inputs and outputs.

    Raises
    ------
    CompositionError
        If the networks can't be written as ONNX, or would not give the same numbers.
    UnwritableError
        If the folder can't be written, or holds something else.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> import onnxruntime
    >>> from isthmus import Autoencoder, Dense, export_onnx
    >>> X = np.random.default_rng(0).normal(5, 2, size=(20, 3))
    >>> model = Autoencoder(latent_dim=2, backbone=Dense((8,)), epochs=1, random_state=0).fit(X)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     told = export_onnx(model, f"{folder}/model")
    ...     session = onnxruntime.InferenceSession(f"{folder}/model/encoder.onnx")
    >>> (codes,) = session.run(None, {"x": X})
    >>> bool(np.allclose(codes, model.transform(X), atol=1e-5))
    True
    """
    for package in ("onnx", "onnxscript", "onnxruntime"):
        require(package, "onnx")
    check_is_fitted(model, "codec_")
    place = Path(folder).resolve()
    _check_free(place)
    check_writable(place)
    units = _units(model)
    codec = model.codec_
    device, training = next(codec.parameters()).device, codec.training
    codec.cpu().eval()
    try:
        with seeded(0), torch.no_grad():
            graphs = _graphs(model, units)
            with whole_folder(place) as made:
                for name, (network, inputs) in graphs.items():
                    _write(network, inputs, made / name)
                    _check(network, inputs, made / name, type(model).__name__)
                about = _about(model, units)
                text = json.dumps(about, indent=2, ensure_ascii=False)
                (made / ABOUT).write_text(text + "\n", encoding="utf-8")
    finally:
        codec.to(device).train(training)
    return {"encoder": about["encoder"], "decoder": about["decoder"]}


class _Units(nn.Module):
    """The map from raw rows to x and back, as the adapter makes it: ``x = (X - shift) / scale``."""

    shift: Tensor
    scale: Tensor

    def __init__(self, shift: Any, scale: Any, axes: tuple[int, ...], precise: bool) -> None:
        super().__init__()
        # As exact as the adapter: rows in double precision, the pixels of pictures in single.
        self.dtype = torch.float64 if precise else torch.float32
        self.register_buffer("shift", torch.as_tensor(np.asarray(shift), dtype=self.dtype))
        self.register_buffer("scale", torch.as_tensor(np.asarray(scale), dtype=self.dtype))
        self.axes = axes  # of raw rows, in the order in which x has them
        self.clips = False

    def forward(self, raw: Tensor) -> Tensor:
        """Return x, NaN where it is unknown."""
        x = ((raw - self.shift) / self.scale).float()
        return x if x.dim() == 1 + len(self.axes) == 2 else _moved(x, self.axes)

    def back(self, x: Tensor) -> Tensor:
        """Return raw rows."""
        x = x.clamp(0, 1) if self.clips else x
        raw = x if len(self.axes) == 1 else _unmoved(x, self.axes)
        return raw.to(self.dtype) * self.scale + self.shift


def _moved(x: Tensor, axes: tuple[int, ...]) -> Tensor:
    """Return x with its axes in order; a channel that rows leave out is put in, ``-1``."""
    x = x.unsqueeze(1) if -1 in axes else x
    return x if -1 in axes else x.permute(0, *axes)


def _unmoved(x: Tensor, axes: tuple[int, ...]) -> Tensor:
    if -1 in axes:
        return x.squeeze(1)
    order = [axes.index(each) + 1 for each in range(1, 1 + len(axes))]
    return x.permute(0, *order)


class _Encoder(nn.Module):
    """Raw rows to codes."""

    def __init__(self, model: BaseAutoencoder, units: _Units) -> None:
        super().__init__()
        self.codec, self.units = model.codec_, units

    def forward(self, x: Tensor, context: Tensor | None = None) -> Tensor:
        """Return ``(B, D)``."""
        x = self.units(x)
        known = ~x.isnan()
        observed = known if self.codec.space.holes or _ragged(self.codec.space) else None
        q = self.codec.encode(torch.where(known, x, 0.0), context, observed)
        return q.mean.flatten(1)


class _Decoder(nn.Module):
    """Codes to raw rows."""

    def __init__(self, model: BaseAutoencoder, units: _Units) -> None:
        super().__init__()
        self.codec, self.units = model.codec_, units

    def forward(self, code: Tensor, context: Tensor | None = None) -> Tensor:
        """Return the rows that stand for the codes."""
        codec = self.codec
        z = codec.latent.project(code.unflatten(1, codec.code_shape))
        return self.units.back(codec.likelihood.point(codec.decode(z, context)))


def _units(model: BaseAutoencoder) -> _Units:
    adapter = model.adapter_
    if isinstance(adapter, Images):
        axes = (3, 1, 2) if adapter.channels_last_ else (-1, 1, 2)
        units = _Units(adapter.low_, adapter.high_ - adapter.low_ or 1.0, axes, precise=False)
        units.clips = True
        return units
    if isinstance(adapter, Sequences):
        axes = (-1, 1) if adapter.flat_ else (2, 1)
        return _Units(adapter.mean_, adapter.scale_, axes, precise=True)
    if isinstance(adapter, Vectors):
        return _Units(adapter.mean_, adapter.scale_, (1,), precise=True)
    if isinstance(adapter, Tables):
        return _Units(0.0, 1.0, (1,), precise=False)
    raise CompositionError(
        f"A model of {type(adapter).__name__} was given; expected one of Vectors, Images, "
        "Sequences or Tables, whose rows are numbers. ONNX takes nothing else: give series of "
        "LongFrames and spectra of Sounds as Sequences; `isthmus serve` takes Texts."
    )


def _ragged(space: Any) -> bool:
    return bool(getattr(space, "ragged", False))


def _graphs(
    model: BaseAutoencoder, units: _Units
) -> dict[str, tuple[nn.Module, tuple[Tensor, ...]]]:
    """Return each network with inputs that are like the data that it was trained on."""
    rows, codec = max(TRIED), model.codec_
    decoder = _Decoder(model, units)
    code = model.spread_ * torch.randn(rows, model.latent_size_)
    context = (torch.zeros(rows, codec.context),) if codec.context else ()
    raw = decoder(code, *context)
    return {
        ENCODER: (_Encoder(model, units), (raw, *context)),
        DECODER: (decoder, (code, *context)),
    }


def _write(network: nn.Module, inputs: tuple[Tensor, ...], file: Path) -> None:
    """Write a network, the number of rows left open."""
    some = tuple(each[:TRACED] for each in inputs)
    names = _names(network, inputs)
    failed: Exception | None = None
    for strict in (False, True):  # the stricter tracer follows more, and takes longer
        try:
            with _quiet():
                program = _program(network, some, strict, names)
                program.save(str(file), include_initializers=True)
            return
        except Exception as error:  # noqa: BLE001 - of many kinds, none of them promised
            failed = error
    assert failed is not None
    raise _unfit(network, _said(failed)) from failed


def _program(
    network: nn.Module, some: tuple[Tensor, ...], strict: bool, names: dict[str, list[str]]
) -> Any:
    batch = torch.export.Dim("batch", min=1)
    open_ = ({0: batch},) * len(some)
    traced = torch.export.export(network, some, dynamic_shapes=open_, strict=strict)
    exported: Any = torch.onnx.export
    program = exported(traced, some, dynamo=True, opset_version=OPSET, verbose=False, **names)
    for each in (*program.model.graph.inputs, *program.model.graph.outputs):
        each.shape[0] = "batch"  # it comes out under a name of the tracer's
    return program


def _check(network: nn.Module, inputs: tuple[Tensor, ...], file: Path, family: str) -> None:
    """Raise `CompositionError` where ONNX Runtime gives other numbers than torch."""
    import onnxruntime

    (output,) = _names(network, inputs)["output_names"]
    try:
        session: Any = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
        for rows in TRIED:
            some = [each[:rows] for each in inputs]
            given = {
                each.name: value.numpy()
                for each, value in zip(session.get_inputs(), some, strict=True)
            }
            (found,) = session.run([output], given)
            _compare(found, network(*some).numpy(), network)
    except CompositionError:
        raise
    except Exception as error:
        raise _unfit(network, _said(error)) from error


def _compare(found: np.ndarray, expected: np.ndarray, network: nn.Module) -> None:
    scale = np.abs(expected).max(initial=1e-6) + 1
    off = float(np.abs(found - expected).max(initial=0) / scale)
    if found.shape != expected.shape or not off <= NEAR:
        raise _unfit(network, f"ONNX Runtime gives other numbers, off by {off:.2g} of their size")


def _unfit(network: nn.Module, said: str) -> CompositionError:
    codec: Any = network.codec
    which = "encoder" if isinstance(network, _Encoder) else "decoder"
    return CompositionError(
        f"The {which} can't be written as ONNX: {said.rstrip('.')}. Nothing was written. Its parts "
        f"are {codec.latent!r} and {codec.likelihood!r}; those that come with Isthmus can be: "
        "where one of your own branches on values or on the number of rows, say it in products and "
        "`torch.where`, or use `isthmus serve`."
    )


def _said(error: Exception) -> str:
    """Return what the innermost cause has to say, in one line."""
    while error.__cause__ is not None and isinstance(error.__cause__, Exception):
        error = error.__cause__
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0]


def _names(network: nn.Module, inputs: tuple[Tensor, ...]) -> dict[str, list[str]]:
    first, last = ("x", "code") if isinstance(network, _Encoder) else ("code", "x")
    return {"input_names": [first, "context"][: len(inputs)], "output_names": [last]}


def _about(model: BaseAutoencoder, units: _Units) -> dict[str, Any]:
    """Return what goes in and what comes out, as plain data."""
    adapter, codec = model.adapter_, model.codec_
    shape = _raw_shape(model)
    kind = "float64" if units.dtype == torch.float64 else "float32"
    rows = {"name": "x", "dtype": kind, "shape": ["batch", *shape], "is": _meaning(model)}
    code = {"name": "code", "dtype": "float32", "shape": ["batch", model.latent_size_]}
    context = {"name": "context", "dtype": "float32", "shape": ["batch", codec.context]}
    beside = [context] if codec.context else []
    about: dict[str, Any] = {
        "isthmus": version("isthmus"),
        "family": type(model).__name__,
        "encoder": {"file": ENCODER, "inputs": [rows, *beside], "outputs": [code]},
        "decoder": {"file": DECODER, "inputs": [code, *beside], "outputs": [rows]},
    }
    if model.condition_ is not None:
        about["context"] = model.condition_.facts()
    if isinstance(adapter, Tables):
        told = adapter.facts()["columns"]
        about["columns"] = [
            {"cells": list(range(cells.start, cells.stop)), **column}
            for column, (_, cells) in zip(told, adapter.cells_, strict=True)
        ]
    elif isinstance(adapter, Vectors):
        about["columns"] = adapter.columns_
    return about


def _raw_shape(model: BaseAutoencoder) -> list[int]:
    adapter, shape = model.adapter_, model.codec_.space.shape
    if isinstance(adapter, Images):
        channels, height, width = shape
        return [height, width, channels] if adapter.channels_last_ else [height, width]
    if isinstance(adapter, Sequences):
        return [shape[1]] if adapter.flat_ else [shape[1], shape[0]]
    return list(shape)


def _meaning(model: BaseAutoencoder) -> str:
    adapter = model.adapter_
    if isinstance(adapter, Tables):
        return (
            "cells as Tables makes them. Of a number, (u - mean) / std of its scale, with u = (X - "
            "centre) / spread, or asinh of that where heavy; of a category, its place among the "
            "levels, or their number for all others; of a date, X counted in its unit from its "
            "origin, scaled likewise, and beside it its parts; NaN where unknown"
        )
    if isinstance(adapter, Images):
        return f"pixels from {adapter.low_:g} to {adapter.high_:g}; NaN where unknown"
    if isinstance(adapter, Sequences):
        return "steps in their own units; NaN where unknown, and after the end of a series"
    return "columns in their own units; NaN where unknown"


@contextlib.contextmanager
def _quiet() -> Any:
    """Keep what the exporter says of itself from the screen."""
    before = logging.root.manager.disable
    logging.disable(logging.ERROR)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


def _check_free(folder: Path) -> None:
    own = {ENCODER, DECODER, ABOUT}
    others: list[str] = []
    if folder.exists():
        there = [each.name for each in folder.iterdir()] if folder.is_dir() else [folder.name]
        others = sorted(set(there) - own) if folder.is_dir() else there
    if others:
        raise UnwritableError(
            f"{folder} exists and holds something else than ONNX files ({', '.join(others[:3])}); "
            "nothing was written. Name another folder, or move that away."
        )
