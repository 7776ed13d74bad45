"""Checkpoint: a run put to disk between two steps, to go on from to the same result."""

import json
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from isthmus.errors import ModelFileError
from isthmus.writing import check_writable, clear_away, whole_file

FORMAT = "isthmus checkpoint 1"


@dataclass
class Checkpoint:
    """Where a run is put, how often, and whose run it is.

    Parameters
    ----------
    path
        The file. It is replaced whole, so that it is readable at every moment.
    run
        What the run is made of, as plain data: a run goes on only from a checkpoint of
        the same one.
    seconds
        How long to train between two writings.
    """

    path: Path
    run: dict[str, Any]
    seconds: float = 5.0

    def __post_init__(self) -> None:
        self._written = monotonic()

    @property
    def due(self) -> bool:
        """Whether enough time has passed since the last writing."""
        return monotonic() - self._written >= self.seconds

    def write(self, tensors: dict[str, Tensor], state: dict[str, Any]) -> None:
        """Put the run to disk: the old file stays until the new one is complete."""
        about = {"format": FORMAT, "run": json.dumps(self.run), "state": json.dumps(state)}
        whole = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
        with whole_file(self.path) as place:
            save_file(whole, place, metadata=about)
        self._written = monotonic()

    def read(self) -> tuple[dict[str, Tensor], dict[str, Any]] | None:
        """Return the tensors and the state of the run, or None where there is no file.

        Raises
        ------
        ModelFileError
            If the file is damaged, or is the checkpoint of another run.
        UnwritableError
            If no file could be written there: better known before hours of training than after.
        """
        check_writable(self.path)
        if not self.path.exists():
            return None
        try:
            with safe_open(self.path, framework="pt") as file:
                about = file.metadata() or {}
                if about.get("format") != FORMAT:
                    raise ValueError(f"its format is {about.get('format')!r}, not {FORMAT!r}")
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            run, state = json.loads(about["run"]), json.loads(about["state"])
        except (OSError, SafetensorError, KeyError, ValueError) as error:
            raise ModelFileError(
                f"{self.path} can't be read as a checkpoint: {error}. Delete it to start afresh."
            ) from error
        self._check(run)
        return tensors, state

    def clear(self) -> None:
        """Remove the file: the run is over."""
        self.path.unlink(missing_ok=True)
        clear_away(self.path)

    def _check(self, run: dict[str, Any]) -> None:
        ours = json.loads(json.dumps(self.run))
        other = [key for key in ours | run if ours.get(key) != run.get(key)]
        if other:
            differs = "; ".join(
                f"{key}: {run.get(key)!r} there, {ours.get(key)!r} now" for key in other
            )
            raise ModelFileError(
                f"{self.path} is the checkpoint of another run ({differs}). Repeat that run's "
                "settings and data to go on from it, or delete the file to start afresh."
            )
