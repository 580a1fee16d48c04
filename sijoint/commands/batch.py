"""Commands for many cases at once."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..printer import say_json, tell
from ..writer import tried, writing
from .common import BAD_INPUT, Packs, knowledge_from, refuse, reported

if TYPE_CHECKING:
    import pyarrow as pa

    from ..engine.infer import Engine

READ_AS = {".parquet": "parquet", ".arrow": "ipc", ".feather": "ipc"}


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
            refuse(f"unknown evaluators {', '.join(unknown)}; choose from {', '.join(EVALUATORS)}")
        engine = engine_for(knowledge_from(packs), tuple(evaluator) if evaluator else None)
        for answer in _answers(cases, engine):
            total += 1
            refused += "problems" in answer
            say_json(json.dumps(answer, ensure_ascii=False) + "\n")
    if refused:
        tell(f"{refused} of {total} cases refused")
        raise typer.Exit(BAD_INPUT)


def _answers(path: Path, engine: Engine) -> Iterator[dict[str, Any]]:
    """One answer per line that is not empty."""
    try:
        stream = path.open("rb")
    except OSError as error:
        refuse(f"{path.name}: cannot be read: {error.strerror}")
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


def columns(
    source: Annotated[Path, typer.Argument(help="A table of findings: .parquet, .arrow or .feather.")],
    target: Annotated[Path, typer.Argument(help="Where the answers go: .parquet, .arrow or .feather.")],
    keep: Annotated[list[str] | None, typer.Option(help="A column to copy as it is, such as a patient id; repeatable.")] = None,
    packs: Packs = None,
) -> None:
    """Assess a table of cases, a column per finding, with the compiled evaluator; docs/columns.md names what comes out."""
    with reported():
        from ..many import assess_columns

        for path in (source, target):
            if path.suffix not in READ_AS:
                refuse(f"{path.name}: not one of {', '.join(READ_AS)}")
        tried(target)
        table = _read(source)
        kept = [name for name in keep or () if name in table.column_names]
        answers = assess_columns(table.drop_columns(kept), knowledge=knowledge_from(packs)).to_arrow()
        for place, name in enumerate(kept):
            answers = answers.add_column(place, table.schema.field(name), table[name])
        _write(answers, target)
        tell(f"{answers.num_rows} rows, {answers.num_columns} columns")


def _read(path: Path) -> pa.Table:
    import pyarrow as pa
    from pyarrow import dataset

    try:
        return dataset.dataset(path, format=READ_AS[path.suffix]).to_table()
    except (OSError, pa.ArrowInvalid):
        refuse(f"{path.name}: cannot be read as a table")


def _write(table: pa.Table, path: Path) -> None:
    from pyarrow import feather, parquet

    with writing(path) as stream:
        if READ_AS[path.suffix] == "parquet":
            parquet.write_table(table, stream)
        else:
            feather.write_feather(table, stream)


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    for command in (batch, columns):
        app.command()(command)
