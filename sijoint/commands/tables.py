"""The command for a table of cases, a column per finding.

In: a Parquet, Arrow or Feather file. Out: another one, whole or not at all.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..knowledge.errors import CaseError, Problem
from ..printer import tell
from ..writer import tried, writing
from .common import Packs, knowledge_from, refuse, reported

if TYPE_CHECKING:
    import pyarrow as pa

READ_AS = {".parquet": "parquet", ".arrow": "ipc", ".feather": "ipc"}


def columns(
    source: Annotated[Path, typer.Argument(help="A table of findings: .parquet, .arrow or .feather.")],
    target: Annotated[Path, typer.Argument(help="Where the answers go: .parquet, .arrow or .feather.")],
    keep: Annotated[list[str] | None, typer.Option(help="A column to copy as it is, such as a patient id; repeatable.")] = None,
    packs: Packs = None,
) -> None:
    """Assess a table of cases, a column per finding, with the compiled evaluator; docs/columns.md names what comes out."""
    with reported():
        from ..engine.column_frame import need_arrow
        from ..many import assess_columns

        need_arrow()
        for path in (source, target):
            if path.suffix not in READ_AS:
                refuse(f"{path.name}: not one of {', '.join(READ_AS)}")
        tried(target)
        answers = assess_columns(read_file(source), keep=keep or (), knowledge=knowledge_from(packs)).to_arrow()
        _write(answers, target)
        tell(f"{answers.num_rows} rows, {answers.num_columns} columns")


def read_file(path: Path) -> pa.Table:
    """The whole table of a regular file, or of a folder of such files.

    Raises:
        CaseError: there is none, or it cannot be read.
    """
    import pyarrow as pa
    from pyarrow import dataset

    problem = None
    if path.exists() and not (path.is_file() or path.is_dir()):
        problem = "neither a file nor a folder of files"
    try:
        if not problem:
            return dataset.dataset(path, format=READ_AS[path.suffix]).to_table()
    except OSError as error:
        problem = error.strerror
    except (ValueError, pa.ArrowException):
        problem = None
    what = f"cannot be read: {problem or 'damaged, or of another format'}"
    raise CaseError([Problem(path.name, 0, "file", what, "there is nothing to assess", "write it again from its source", "C010")])


def _write(table: pa.Table, path: Path) -> None:
    """Write a whole table, or nothing."""
    import pyarrow as pa
    from pyarrow import feather, parquet

    try:
        with writing(path) as stream:
            if READ_AS[path.suffix] == "parquet":
                parquet.write_table(table, stream)
            else:
                feather.write_feather(table, stream, compression=compression_for(table))
    except pa.ArrowException:
        refuse(f"{path.name}: cannot be written: a column that is kept has a type that such a file cannot hold")


def compression_for(table: pa.Table) -> str:
    """How to compress an Arrow file; not at all with texts as views, on which older Arrows end the process."""
    return "uncompressed" if any("_view" in str(kind) for kind in table.schema.types) else "lz4"


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(columns)
