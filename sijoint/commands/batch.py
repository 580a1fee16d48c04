"""Commands for many cases at once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from ..printer import say_json, tell
from ..writer import tried, writing
from .common import BAD_INPUT, FAILED, Packs, knowledge_from, refuse, reported

if TYPE_CHECKING:
    import pyarrow as pa

READ_AS = {".parquet": "parquet", ".arrow": "ipc", ".feather": "ipc"}


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
