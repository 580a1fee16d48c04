"""The command for many cases, one after another."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from ..printer import say_json, tell
from .common import BAD_INPUT, FAILED, Packs, knowledge_from, refuse, reported

if TYPE_CHECKING:
    pass


def batch(
    cases: Annotated[Path, typer.Argument(help="Cases, one JSON object (sijoint.case/1) per line; - reads standard input.")],
    evaluator: Annotated[
        list[str] | None, typer.Option(help="Evaluators to use; repeatable. By default two, which must agree.")
    ] = None,
    packs: Packs = None,
) -> None:
    """Assess many cases: one line of JSON in, one line of JSON out, in order, in bounded memory.

    A line that is refused or has no answer gives a line that says why, and an emergency or urgent flag among its readable
    answers first; the others are answered. The exit status is then 2 for refused lines, 1 for lines without an answer alone.
    """
    with reported():
        from ..engine.infer import EVALUATORS, engine_for
        from ..lines import Lines

        if unknown := sorted(set(evaluator or ()) - set(EVALUATORS)):
            refuse(f"unknown evaluators {', '.join(unknown)}; choose from {', '.join(EVALUATORS)}")
        lines = Lines(engine_for(knowledge_from(packs), tuple(evaluator) if evaluator else None))
        for answer in lines.answers(_opened(cases)):
            say_json(json.dumps(answer, ensure_ascii=False) + "\n")
    for first, again in lines.same_name:
        tell(f"line {again}: the same case name as line {first}; check that no patient is taken for another")
    if lines.refused or lines.unanswered:
        tell(f"{lines.refused} of {lines.total} cases refused")
        if lines.unanswered:
            tell(f"{lines.unanswered} of {lines.total} cases without an answer")
        raise typer.Exit(BAD_INPUT if lines.refused else FAILED)


def _opened(path: Path) -> BinaryIO:
    from ..knowledge.files import UnreadableFileError, open_regular

    if str(path) == "-":
        return typer.get_binary_stream("stdin")
    try:
        return open_regular(path)
    except UnreadableFileError as error:
        refuse(f"{path.name}: cannot be read: {error}")


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(batch)
