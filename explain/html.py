"""Page -> one self-contained HTML file: no script, no remote request, the same bytes for the same page.

In: `Page` and `Drawing`. Out: HTML. Jinja2 escapes everything; nothing from knowledge or case is trusted as markup.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from ..knowledge.errors import EngineError
from .graph import BOX_HEIGHT, BOX_WIDTH, Drawing, describe_drawing, draw
from .inert import inert
from .nodes import Page
from .page import build_page
from .wording import Words

if TYPE_CHECKING:
    from jinja2 import Environment

    from .assessment import Assessment

LAST = ("sources", "use", "record")
"""The sections that follow the drawing."""


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
        first=[section for section in page.sections if section.id not in LAST],
        last=[section for section in page.sections if section.id in LAST],
        drawing=drawing,
        description=describe_drawing(drawing),
        box={"width": BOX_WIDTH, "height": BOX_HEIGHT},
        language=language,
    )


def render_fragment(assessment: Assessment) -> str:
    """The banner and headlines as an HTML fragment for notebooks.

    Raises:
        EngineError: Jinja2 is not installed; it comes with `sijoint[report]`.
    """
    return _environment().get_template("fragment.html.j2").render(page=build_page(assessment))


@lru_cache(maxsize=1)
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
