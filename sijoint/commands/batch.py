"""The command for many cases, one after another."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from .common import BAD_INPUT, Packs, knowledge_from, reported

if TYPE_CHECKING:
    from ..engine.infer import Engine


def batch(
    cases: Annotated[Path, typer.Argument(help="Cases, one JSON object (sijoint.case/1) per line.")],
    evaluator: Annotated[
        list[str] | None, typer.Option(help="Evaluators to use; repeatable. By default two, which must agree.")
    ] = None,
    packs: Packs = None,
) -> None:
    """Assess many cases: one line of JSON in, one line of JSON out, in order, in bounded memory.

    A refused case gives a line with its problems; the others are answered, and the exit status is 2.
    """
    refused = total = 0
    with reported():
        from ..engine.infer import EVALUATORS, engine_for

        if unknown := sorted(set(evaluator or ()) - set(EVALUATORS)):
            _refuse(f"unknown evaluators {', '.join(unknown)}; choose from {', '.join(EVALUATORS)}")
        engine = engine_for(knowledge_from(packs), tuple(evaluator) if evaluator else None)
        for answer in _answers(cases, engine):
            total += 1
            refused += "problems" in answer
            typer.echo(json.dumps(answer, ensure_ascii=False))
    if refused:
        typer.echo(f"{refused} of {total} cases refused", err=True)
        raise typer.Exit(BAD_INPUT)


def _answers(path: Path, engine: Engine) -> Iterator[dict[str, Any]]:
    """One answer per line that is not empty."""
    try:
        stream = path.open("rb")
    except OSError as error:
        _refuse(f"{path.name}: cannot be read: {error.strerror}")
    with stream:
        for number, line in enumerate(stream, 1):
            if line.strip():
                yield {"line": number, **_answer(line, f"line {number}", engine)}


def _answer(line: bytes, name: str, engine: Engine) -> Mapping[str, Any]:
    from ..engine.case_reader import read_case_json
    from ..front import assess
    from ..knowledge.errors import CaseError

    try:
        assessment = assess(read_case_json(line, engine.knowledge, name), engine=engine)
    except CaseError as error:
        return {"problems": [str(problem) for problem in error.problems]}
    return {
        "case": assessment.case.case,
        "disposition": assessment.disposition,
        "conclusions": assessment.grades,
        "fired": assessment.fired,
        "evaluators": assessment.inference.evaluators,
        "knowledge": assessment.inference.fingerprint,
    }


def _refuse(message: str) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(BAD_INPUT)


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(batch)
