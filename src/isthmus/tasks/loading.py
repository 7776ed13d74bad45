"""load: a model or a task, read back from its folder."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from isthmus import catalogue, tasks
from isthmus.tasks.base import Task, is_task, restored


def load(folder: str | Path, *, parts: Iterable[type] = (), device: str = "cpu") -> Any:
    """Read a model, or a task, that `save` wrote.

    No code from the folder is run. It says by name what is in it, and those names are looked up
    among Isthmus's own classes and ``parts``.

    Parameters
    ----------
    folder
        Where it is.
    parts
        Classes of your own that it is made of.
    device
        Where its networks go, whatever device they were trained on.

    Raises
    ------
    ModelFileError
        If the folder can't be read.

    Examples
    --------
    >>> import tempfile
    >>> from sklearn.datasets import load_iris
    >>> from isthmus import VAE
    >>> X = load_iris().data
    >>> model = VAE(latent_dim=2, epochs=1, random_state=0).fit(X)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     model.save(f"{folder}/iris")
    ...     again = load(f"{folder}/iris")
    >>> bool((again.transform(X) == model.transform(X)).all())
    True
    """
    place, own = Path(folder), tuple(parts)
    if not is_task(place):
        return catalogue.load(place, parts=own, device=device)
    members = [getattr(tasks, name) for name in tasks.__all__]
    known = {
        each.__name__: each for each in members if isinstance(each, type) and issubclass(each, Task)
    }
    return restored(place, known, own, device)
