"""What can go wrong, and what to do about it.

IsthmusError
├── DataError            the data can't be used as they are      (a ValueError)
│   └── SupportError     values that the likelihood rules out
├── CompositionError     parts that don't fit one another        (a ValueError)
├── FormulaError         a text that doesn't read as a part      (a ValueError)
├── DivergedError        training left the finite numbers        (an ArithmeticError)
├── ModelFileError       a model or checkpoint that can't be read (an OSError)
├── UnwritableError      a file or folder that can't be written   (an OSError)
└── MissingExtraError    an optional package is not installed    (an ImportError)

Every message says what was given, what was expected, and what to do.
"""

from importlib import import_module
from types import ModuleType


class IsthmusError(Exception):
    """The root of every error that Isthmus raises on purpose."""


class DataError(IsthmusError, ValueError):
    """The data can't be used as they are."""


class SupportError(DataError):
    """Values that the likelihood gives no probability to."""


class CompositionError(IsthmusError, ValueError):
    """Parts that don't fit one another."""


class FormulaError(IsthmusError, ValueError):
    """A text that doesn't read as a part or an objective."""


class DivergedError(IsthmusError, ArithmeticError):
    """Training left the finite numbers."""


class ModelFileError(IsthmusError, OSError):
    """A model folder or a checkpoint that can't be read, or put together."""


class UnwritableError(IsthmusError, OSError):
    """A file or a folder that can't be written; what was there is as it was."""


class MissingExtraError(IsthmusError, ImportError):
    """An optional package is not installed."""


def require(package: str, extra: str) -> ModuleType:
    """Import an optional ``package``, or name the line that installs it."""
    try:
        return import_module(package)
    except ImportError as error:
        raise MissingExtraError(
            f"This needs the package '{package}', which is not installed. "
            f"Install it with: pip install 'isthmus[{extra}]'"
        ) from error
