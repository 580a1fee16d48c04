"""Page -> one self-contained HTML file: no script, no remote request, the same bytes for the same page.

In: `Page` and `Drawing`. Out: HTML. Jinja2 escapes everything; nothing from knowledge or case is trusted as markup.
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from ..knowledge.errors import EngineError
from .graph import BOX_HEIGHT, BOX_WIDTH, Drawing, describe_drawing, draw
from .page import Page, build_page
from .wording import Words

if TYPE_CHECKING:
    from jinja2 import Environment

    from .assessment import Assessment


def render_html(assessment: Assessment, language: str = "en") -> str:
    """The report of an assessment as one HTML page.

    Raises:
        EngineError: Jinja2 is not installed; it comes with `sijoint[report]`.
    """
    page = build_page(assessment, language)
    return fill_report(page, draw(assessment, Words(assessment.knowledge, language)), language)


def fill_report(page: Page, drawing: Drawing, language: str) -> str:
    """A page and a drawing laid out as HTML."""
    template = _environment().get_template("report.html.j2")
    return template.render(
        page=page,
        drawing=drawing,
        description=describe_drawing(drawing),
        box={"width": BOX_WIDTH, "height": BOX_HEIGHT},
        language=language,
    )


def fragment(assessment: Assessment) -> str:
    """The banner and headlines as an HTML fragment for notebooks."""
    page = build_page(assessment)
    return _environment().get_template("fragment.html.j2").render(page=page)


def _environment() -> Environment:
    try:
        from jinja2 import Environment, PackageLoader, StrictUndefined
    except ImportError as error:
        raise EngineError("the HTML report needs Jinja2: pip install 'sijoint[report]'") from error
    environment = Environment(
        loader=PackageLoader("sijoint.explain"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["inert"] = inert
    return environment


def inert(text: str) -> str:
    """A text without control and direction-changing characters, each shown as its code point.

    >>> inert("a\\u202eb")
    'a[U+202E]b'
    """
    return "".join(f"[U+{ord(char):04X}]" if _unsafe(char) else char for char in text)


def _unsafe(char: str) -> bool:
    return char not in "\n\t" and unicodedata.category(char) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
