"""Template: a page of one file, whose script is the only one that a browser runs there."""

from base64 import b64encode
from hashlib import sha256
from importlib.resources import files
from typing import Any

from jinja2 import BaseLoader, ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup


def html(name: str, **facts: Any) -> str:
    """Return the page ``name`` with its style and its script; whatever users named is escaped.

    The browser is told the script's hash and runs no other: a label that looked like one would
    be a text.
    """
    script = files("isthmus.tasks.pages").joinpath(f"{name}.js").read_text(encoding="utf-8")
    digest = b64encode(sha256(script.encode()).digest()).decode()
    page = environment().get_template(f"{name}.html")
    return page.render(script=Markup(script), hash=f"sha256-{digest}", **facts)


def environment(*others: BaseLoader) -> Environment:
    """Return where templates are found: here, the palette among them, and where ``others`` look."""
    return Environment(
        loader=ChoiceLoader([*others, PackageLoader("isthmus.tasks", "pages")]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def packed(values: Any, dtype: str) -> str:
    """Return an array as text that the page unpacks: little-endian, in base64."""
    import numpy as np

    return b64encode(np.ascontiguousarray(values, dtype=dtype).tobytes()).decode()
