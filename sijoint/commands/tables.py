"""The command for a table of cases, a column per finding.

In: a Parquet, Arrow or Feather file. Out: another one, whole or not at all.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from ..knowledge.errors import CaseError, Problem
from .common import BAD_INPUT, Packs, knowledge_from, reported

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
                _refuse(f"{path.name}: not one of {', '.join(READ_AS)}")
        if not target.absolute().parent.is_dir() or target.is_dir():
            _refuse(f"{target.name}: cannot be written there")
        answers = assess_columns(read_file(source), keep=keep or (), knowledge=knowledge_from(packs)).to_arrow()
        _write(answers, target)
        typer.echo(f"{answers.num_rows} rows, {answers.num_columns} columns", err=True)


def _refuse(message: str) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(BAD_INPUT)


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
    """Write beside the target and rename, so that what stands under its name is always a whole table."""
    import pyarrow as pa
    from pyarrow import feather, parquet

    target = path.resolve()
    beside = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with beside.open("xb") as stream:
            if READ_AS[path.suffix] == "parquet":
                parquet.write_table(table, stream)
            else:
                feather.write_feather(table, stream, compression=compression_for(table))
            stream.flush()
            os.fsync(stream.fileno())
        beside.replace(target)
    except (OSError, pa.ArrowException) as error:
        reason = getattr(error, "strerror", None) or "a column that is kept has a type that such a file cannot hold"
        _refuse(f"{path.name}: cannot be written: {reason}")
    finally:
        beside.unlink(missing_ok=True)


def compression_for(table: pa.Table) -> str:
    """How to compress an Arrow file; not at all with texts as views, on which older Arrows end the process."""
    return "uncompressed" if any("_view" in str(kind) for kind in table.schema.types) else "lz4"


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(columns)
