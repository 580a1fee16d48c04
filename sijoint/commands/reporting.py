"""Commands that write reports."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..printer import say
from ..writer import tried, write_text
from .common import Packs, knowledge_from, reported

if TYPE_CHECKING:
    from ..explain.assessment import Assessment


class Format(StrEnum):
    """What a report is written as."""

    HTML = "html"
    MARKDOWN = "markdown"
    AUDIT = "audit"
    PATIENT = "patient"


def report(
    case: Annotated[Path, typer.Argument(help="A case in YAML or JSON (sijoint.case/1).")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Where to write it; - for standard output.")] = Path("-"),
    format: Annotated[Format, typer.Option("--format", "-f", help="What to write.")] = Format.HTML,
    packs: Packs = None,
) -> None:
    """Write the report of a case: a self-contained HTML page, Markdown, or text for auditor or patient."""
    with reported():
        from ..front import assess, read_case

        shown = str(output) == "-"
        tried(None if shown else output)
        knowledge = knowledge_from(packs)
        text = writer(format)(assess(read_case(case, knowledge, as_of=date.today()), knowledge=knowledge))
        if shown:
            say(text, end="")
        else:
            write_text(output, text)


def writer(format: Format) -> Callable[[Assessment], str]:
    """The function that writes a format."""
    from ..explain.assessment import Assessment

    writers: dict[Format, Callable[[Assessment], str]] = {
        Format.HTML: Assessment.to_html,
        Format.MARKDOWN: Assessment.to_markdown,
        Format.AUDIT: Assessment.to_audit,
        Format.PATIENT: Assessment.to_patient,
    }
    return writers[format]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(report)
