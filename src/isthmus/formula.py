"""Read a part from the way it prints: ``NLL() + 4 * KL()``, ``Dense((400,))``.

The same text serves the command line, the saved model and the screen. It is parsed,
never run: only calls of the names given, plain data, ``+`` and ``*`` are read.
"""

import ast
import operator
from collections.abc import Callable, Mapping
from typing import Any

from isthmus.errors import FormulaError
from isthmus.part import Part

LONGEST = 100_000
"""Enough for a table of 30,000 cells, too little for a parser to choke on."""
OPERATORS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Mult: operator.mul,
}
CAUGHT = (SyntaxError, ValueError, TypeError, AttributeError, RecursionError, MemoryError)


def read(text: str, names: Mapping[str, Callable[..., Any]]) -> Any:
    """Read ``text`` as plain data, a part, or an objective.

    Parameters
    ----------
    text
        What `repr` of the part prints.
    names
        The classes that the text may call, by name. Nothing else can be called.

    Raises
    ------
    FormulaError
        If the text is no such formula.

    Examples
    --------
    >>> from isthmus import KL, NLL
    >>> read("NLL() + 4 * KL()", {"NLL": NLL, "KL": KL})
    NLL() + 4 * KL()
    """
    try:
        if len(text) > LONGEST:
            raise FormulaError(f"it is {len(text)} characters long; at most {LONGEST} are read")
        return _value(ast.parse(text.strip(), mode="eval").body, names)
    except CAUGHT as error:
        # Python's own words for a syntax error name a file and a line that nobody wrote.
        said = error.msg if isinstance(error, SyntaxError) else str(error).rstrip(".")
        raise FormulaError(
            f"Can't read {_shown(text)!r} as a part: {said}. Write it as it prints, "
            f"for example \"Dense((400,), activation='tanh')\" or 'NLL() + 4 * KL()'."
        ) from error


def _value(node: ast.expr, names: Mapping[str, Callable[..., Any]]) -> Any:
    match node:
        case ast.Constant(value):
            return value
        case ast.Tuple(elements):
            return tuple(_value(each, names) for each in elements)
        case ast.List(elements):
            return [_value(each, names) for each in elements]
        case ast.Dict(keys, values) if None not in keys:
            pairs = zip(keys, values, strict=True)
            return {_value(k, names): _value(v, names) for k, v in pairs if k is not None}
        case ast.UnaryOp(ast.USub(), operand):
            return -_value(operand, names)
        case ast.BinOp(left, sign, right) if type(sign) in OPERATORS:
            return _combined(_value(left, names), type(sign), _value(right, names))
        case ast.Call(ast.Name(name), arguments, keywords):
            return _called(name, arguments, keywords, names)
        case ast.Name(name) if name in names:
            raise FormulaError(f"{name!r} is not part of a formula without its brackets: {name}()")
        case _:
            raise FormulaError(f"{ast.unparse(node)!r} is not part of a formula")


def _called(
    name: str,
    arguments: list[ast.expr],
    keywords: list[ast.keyword],
    names: Mapping[str, Callable[..., Any]],
) -> Any:
    if name not in names:
        raise FormulaError(f"{name!r} is not known here; known are {', '.join(sorted(names))}")
    known = [each.arg for each in keywords]
    if None in known:
        raise FormulaError(f"{name}(**...) is not part of a formula")
    if len(set(known)) < len(known):
        twice = next(each for each in known if known.count(each) > 1)
        raise FormulaError(f"{name}() is given {twice!r} twice")
    named = {str(each.arg): _value(each.value, names) for each in keywords}
    return names[name](*(_value(each, names) for each in arguments), **named)


def _combined(left: Any, sign: type[ast.operator], right: Any) -> Any:
    # Only parts combine: 'a' * 10**9 is arithmetic that nobody needs a file to do.
    if not isinstance(left, Part) and not isinstance(right, Part):
        raise FormulaError("only terms can be added, and only a term can be weighted")
    return OPERATORS[sign](left, right)


def _shown(text: str, most: int = 80) -> str:
    return text if len(text) <= most else text[:most] + "…"
