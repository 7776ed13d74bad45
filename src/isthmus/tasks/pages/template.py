"""Template: a page of one file, whose script is the only one that a browser runs there."""

from base64 import b64encode
from hashlib import sha256
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup


def html(name: str, **facts: Any) -> str:
    """Return the page ``name`` with its style and its script; whatever users named is escaped.

    The browser is told the script's hash and runs no other: a label that looked like one would
    be a text.
    """
    folder = files("isthmus.tasks.pages")
    environment = Environment(
        loader=PackageLoader("isthmus.tasks", "pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    script, style = (
        folder.joinpath(each).read_text(encoding="utf-8") for each in (f"{name}.js", "base.css")
    )
    digest = b64encode(sha256(script.encode()).digest()).decode()
    return environment.get_template(f"{name}.html").render(
        script=Markup(script), style=Markup(style), hash=f"sha256-{digest}", **facts
    )


def packed(values: Any, dtype: str) -> str:
    """Return an array as text that the page unpacks: little-endian, in base64."""
    import numpy as np

    return b64encode(np.ascontiguousarray(values, dtype=dtype).tobytes()).decode()
