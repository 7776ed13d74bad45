"""Sphinx settings: everything is built, and later read, without a network."""

from importlib.metadata import version as installed_version
from typing import Any

from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.application import Sphinx
from sphinx.writers.html5 import HTML5Translator

project = "Isthmus"
author = copyright = "The Isthmus developers"
version = release = installed_version("isthmus")

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
]
exclude_patterns = ["_build"]

myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3

autodoc_default_options = {"members": True, "show-inheritance": True}
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
autodoc_typehints_format = "short"
napoleon_google_docstring = False
napoleon_use_rtype = False
napoleon_use_ivar = True  # an attribute that is a property has an entry of its own

html_theme = "furo"
pygments_dark_style = "github-dark"  # furo's own underlines names of modules like links
html_title = f"Isthmus {release}"
html_math_renderer = "mathml"


def inline_math(translator: HTML5Translator, node: nodes.math) -> None:
    translator.body.append(tex2mathml(node.astext()))
    raise nodes.SkipNode


def block_math(translator: HTML5Translator, node: nodes.math_block) -> None:
    translator.body.append(f"<div>{tex2mathml(node.astext(), as_block=True)}</div>")
    raise nodes.SkipNode


def skip_foreign(app: Sphinx, what: str, name: str, member: Any, skip: bool, options: Any) -> bool:
    return skip or str(getattr(member, "__module__", "")).startswith("sklearn")


def setup(app: Sphinx) -> None:
    # Formulas become MathML, which browsers draw by themselves; MathJax would come from a CDN.
    app.add_html_math_renderer("mathml", (inline_math, None), (block_math, None))
    # What scikit-learn adds to every estimator is described there, with links into its own pages.
    app.connect("autodoc-skip-member", skip_foreign)
