"""Part: a module that remembers how it was made.

The constructor is the configuration: the arguments that a part was made with are
kept, print as the call that makes it again, and are what scikit-learn's
``get_params``, ``set_params`` and ``clone`` see.
"""

from collections.abc import Callable, Mapping
from functools import cache
from inspect import Parameter, Signature, signature
from typing import Any, Self

import numpy as np
from torch import nn


class Part(nn.Module):
    """A module whose constructor arguments (plain data or Parts) are its configuration.

    Parts held by an estimator are templates: `fresh` makes the working copy, and the
    template is never trained.

    Examples
    --------
    >>> from isthmus import Dense
    >>> part = Dense((64, 32), activation="tanh")
    >>> part
    Dense((64, 32), activation='tanh')
    >>> part.fresh() is part
    False
    >>> part.set_params(widths=(8,)).get_params()["widths"]
    (8,)
    """

    arguments: dict[str, Any]

    def __init__(self) -> None:
        super().__init__()

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        """Record the arguments, whatever `__init__` goes on to do with them."""
        _check_constructor(cls)
        self = super().__new__(cls)
        # Partial, since copying and unpickling call this with no arguments at all.
        takes = _takes(cls.__init__)
        try:
            bound = takes.bind_partial(self, *args, **kwargs)
        except TypeError as error:
            names = ", ".join(list(takes.parameters)[1:]) or "nothing"
            raise TypeError(f"{cls.__name__} {error}; it takes {names}.") from None
        bound.apply_defaults()
        given = list(bound.arguments.items())[1:]
        self.__dict__["arguments"] = {name: plain(value) for name, value in given}
        return self

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the constructor's arguments; with ``deep``, those of inner parts too."""
        params = dict(self.arguments)
        if deep:
            for name, value in self.arguments.items():
                if isinstance(value, Part):
                    inner = value.get_params()
                    params.update({f"{name}__{key}": each for key, each in inner.items()})
        return params

    def set_params(self, **params: Any) -> Self:
        """Change constructor arguments, and make the part anew from them.

        If one is refused, the part stays as it was.
        """
        arguments = dict(self.arguments)
        for key, value in params.items():
            name, _, inner = key.partition("__")
            if name not in arguments:
                raise ValueError(
                    f"{type(self).__name__} has no parameter {name!r}; "
                    f"it has: {', '.join(arguments) or 'none'}."
                )
            arguments[name] = changed(arguments[name], inner, value) if inner else value
        return self.become(type(self)(**arguments))

    def become(self, other: Self) -> Self:
        """Take over all that ``other`` is."""
        vars(self).clear()
        vars(self).update(vars(other))
        return self

    def fresh(self) -> Self:
        """Make the same part again, with new weights."""
        return type(self)(**{name: fresh(value) for name, value in self.arguments.items()})

    __sklearn_clone__ = fresh

    def __repr__(self) -> str:
        """Print as the call that makes it: the first argument bare, the others by name.

        A truth value says nothing without its name.
        """
        written: list[str] = []
        for place, (name, parameter) in enumerate(parameters(type(self)).items()):
            value = self.arguments.get(name, parameter.default)
            if repr(value) != repr(parameter.default):
                bare = place == 0 and not isinstance(value, bool)
                written.append(repr(value) if bare else f"{name}={value!r}")
        return f"{type(self).__name__}({', '.join(written)})"


def parameters(cls: type) -> Mapping[str, Parameter]:
    """Return the constructor's parameters by name, without ``self``."""
    return dict(list(_takes(cls.__init__).parameters.items())[1:])


def changed(value: Any, name: str, new: Any) -> Any:
    """Return a copy of the Part ``value`` with the parameter ``name`` changed."""
    if not isinstance(value, Part):
        raise ValueError(f"{value!r} has no parameter {name!r}: it is no part.")
    return value.fresh().set_params(**{name: new})


def fresh(value: Any) -> Any:
    """Make every Part inside ``value`` anew; leave plain data as they are."""
    if isinstance(value, Part):
        return value.fresh()
    if isinstance(value, tuple | list):
        return type(value)(fresh(each) for each in value)  # pyright: ignore
    return value


@cache
def _takes(constructor: Callable[..., None]) -> Signature:
    """Return what a constructor takes, looked up once: it costs more than making a layer."""
    return signature(constructor)


def _check_constructor(cls: type) -> None:
    for name, parameter in parameters(cls).items():
        if parameter.kind not in (Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY):
            raise TypeError(
                f"{cls.__name__}.__init__ takes {parameter}, which no one can change or print by "
                f"name. Give every argument a name: a sequence {name!r}, for example."
            )


def plain(value: Any) -> Any:
    """Turn numpy's numbers, which print as no number does, into Python's."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, tuple | list):
        return type(value)(plain(each) for each in value)  # pyright: ignore
    return value
