"""Film: the codes of rows along training, from the untrained networks to the last step."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from sklearn.base import clone
from sklearn.decomposition import PCA
from threadpoolctl import threadpool_limits

from isthmus import inference
from isthmus.codec import Codec
from isthmus.errors import CompositionError, DataError
from isthmus.estimator import BaseAutoencoder
from isthmus.progress import watching
from isthmus.randomness import seed_from
from isthmus.ranges import number, whole
from isthmus.run import Run
from isthmus.space import Batch
from isthmus.tasks.pages.colourings import plain
from isthmus.writing import whole_file

ENDINGS = (".gif", ".html")


@dataclass(frozen=True)
class Film:
    """Codes of some rows along a training.

    Attributes
    ----------
    codes
        ``(frames, n, d)``, the mean of ``q(z | x)`` each; the first frame is before training.
    epochs
        ``(frames,)``: how many passes over the rows had been made, parts of one among them.
    rows
        Which rows of X they are: ``(n,)``.
    labels
        One for each of those, to colour by; None: one colour.
    model
        What was trained: an ordinary fitted model.
    """

    codes: np.ndarray
    epochs: np.ndarray
    rows: np.ndarray
    labels: np.ndarray | None
    model: BaseAutoencoder

    def __len__(self) -> int:
        return len(self.epochs)

    def spread(self) -> pd.DataFrame:
        """Return how far codes spread, a frame a row.

        ``epoch``; ``norm``, the mean distance of codes from nought; ``deviation``, from their
        own mean: ``sqrt(mean_d var(z_d))``. Under a KL term codes contract round the prior:
        squared, the deviation and the width of ``q`` add up to about 1. Without one nothing holds
        them, and the scale is whatever training makes it.
        """
        return pd.DataFrame(
            {
                "epoch": self.epochs,
                "norm": np.linalg.norm(self.codes, axis=2).mean(1),
                "deviation": np.sqrt(self.codes.var(1).mean(1)),
            }
        )

    def places(self) -> np.ndarray:
        """Return the codes in a plane that stays the same: ``(frames, n, 2)``.

        Two numbers as they are; of more, the two principal components of the last frame.
        """
        size = self.codes.shape[2]
        if size <= 2:
            return np.pad(self.codes, ((0, 0), (0, 0), (0, 2 - size)))
        # On one thread, whose sums always have one order.
        with threadpool_limits(limits=1):
            plane: Any = PCA(2).fit(self.codes[-1])
        return (self.codes - plane.mean_) @ plane.components_.T

    def save(self, path: str | Path, *, seconds: float = 8.0, source: str = "") -> Path:
        """Write the film: a ``.gif``, an ``.html`` page to play and to scroll through it, or PNGs.

        Parameters
        ----------
        path
            Where it goes; a name without an ending is a folder, for a picture of each frame.
        seconds
            How long it plays.
        source
            What the data are, in words.

        Raises
        ------
        DataError
            If the name ends otherwise, or is that of a folder with something in it.
        UnwritableError
            If it can't be written.
        """
        from isthmus.tasks.pages import projector
        from isthmus.tasks.pages.films import film_page

        number("seconds", seconds, 0, without=(0,), example="save('film.gif', seconds=8)")
        place = Path(path)
        if place.suffix.lower() not in (*ENDINGS, ""):
            raise DataError(
                f"{place} ends in {place.suffix!r}; expected .gif, .html, or a folder for a "
                "picture of each frame."
            )
        if not place.suffix:
            if place.exists() and (not place.is_dir() or any(place.iterdir())):
                raise DataError(
                    f"{place} exists and is not an empty folder; nothing was written. Name "
                    "another folder, or remove it."
                )
            projector.pictures(self, place)
            return place
        with whole_file(place) as made:
            if place.suffix.lower() == ".html":
                made.write_text(film_page(self, seconds, source), encoding="utf-8")
            else:
                projector.gif(self, made, seconds)
        return place


def film(
    model: BaseAutoencoder,
    X: Any,
    y: Any = None,
    *,
    frames: int = 24,
    rows: int = 2_000,
    labels: Any = None,
) -> Film:
    """Train a copy of ``model`` on ``X``, and keep where rows lie along the way.

    The training is the very one that ``fit`` would do: looking on changes no bit of it. Frames
    are close together at the beginning, where most happens.

    Parameters
    ----------
    model
        A template; it stays as it is.
    X, y
        As in its ``fit``; where the model takes no conditions, ``y`` colours.
    frames
        How many, at most: there is none between two steps, or after training has stopped early.
    rows
        How many of the rows are looked at, evenly spread among them.
    labels
        One for each row, to colour by; the model never sees them.

    Raises
    ------
    CompositionError, DataError, SupportError, DivergedError
        As in ``fit``.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from isthmus import VAE, film
    >>> X, y = load_iris(return_X_y=True)
    >>> seen = film(VAE(latent_dim=2, epochs=20, random_state=0), X, y, frames=8)
    >>> seen.codes.shape, seen.epochs[0], seen.epochs[-1]
    ((8, 150, 2), np.float64(0.0), np.float64(20.0))
    """
    given_model: Any = model
    if not isinstance(given_model, BaseAutoencoder):
        raise CompositionError(
            f"model={model!r} was given; expected a model of Isthmus, such as VAE(latent_dim=2)."
        )
    whole("frames", frames, 2, example="frames=24")
    whole("rows", rows, 2, example="rows=2000")
    made: Any = clone(model)
    made.set_params(random_state=seed_from(model.random_state), checkpoint=None)
    state, data = made._begun(X, y)
    given = labels if labels is not None or made.conditional else y
    shown = None if given is None else plain(given, len(data))
    chosen = np.linspace(0, len(data) - 1, min(rows, len(data))).round().astype(int)
    camera = Camera(state.codec, data[torch.from_numpy(chosen)], frames)
    del data
    with watching(camera):
        made.fit(X, y)
    codes, epochs = camera.developed()
    return Film(codes, epochs, chosen, None if shown is None else shown[chosen], made)


class Camera:
    """Looks on at a training, and keeps the codes of some rows.

    Parameters
    ----------
    codec
        The networks before training: the first frame.
    batch
        The rows.
    frames
        How many frames to keep.
    """

    def __init__(self, codec: Codec, batch: Batch, frames: int) -> None:
        self.batch, self.frames = batch, frames
        self.likeness = codec.space, codec.code_shape
        self.kept = {0.0: self._codes(codec)}
        self.last: tuple[float, np.ndarray] | None = None

    def __call__(self, run: Run) -> None:
        """Keep the codes, if it is time."""
        if (run.codec.space, run.codec.code_shape) != self.likeness:
            return  # a layer that is trained by itself
        step, steps = run.epoch * run.steps + run.step, run.plan.epochs * run.steps
        if step in self._moments(steps):
            self.kept[step / run.steps] = self._codes(run.codec)
        elif run.step == run.steps and run.plan.patience is not None:
            self.last = step / run.steps, self._codes(run.codec)  # training may stop here

    def developed(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the codes ``(frames, n, d)``, and the epochs of the frames."""
        if self.last is not None and self.last[0] > max(self.kept):
            self.kept[self.last[0]] = self.last[1]
        epochs = sorted(self.kept)
        return np.stack([self.kept[each] for each in epochs]), np.array(epochs)

    def _moments(self, steps: int) -> set[int]:
        """Return after which steps a frame is kept: at first nearly all, later fewer."""
        shares = np.linspace(0, 1, self.frames) ** 2
        return set(np.maximum(np.rint(steps * shares), np.arange(self.frames)).astype(int).tolist())

    @torch.no_grad()
    def _codes(self, codec: Codec) -> np.ndarray:
        device = next(codec.parameters()).device
        with _at_rest(codec):
            size = inference.chunk_size(codec.breadth)
            parts = [
                inference.codes(codec, self.batch[slice(at, at + size)].to(device)).flatten(1)
                for at in range(0, len(self.batch), size)
            ]
        return torch.cat(parts).double().cpu().numpy()


@contextmanager
def _at_rest(codec: Codec) -> Generator[None]:
    """Let networks work as if trained inside the block, and go on as they were."""
    training = codec.training
    codec.eval()
    try:
        yield
    finally:
        codec.train(training)
