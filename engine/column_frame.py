"""A table as given -> its columns by name, and the labels of its rows: a mapping, an Arrow table, or a frame that exports one.

In: hostile input. Out: `Frame`, every Arrow column checked against its own buffers before a value is read, or one `CaseError`.
The labels of a pandas frame travel with its answers, so that pandas joins the two by label and mixes no rows.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ..knowledge.errors import CaseError, EngineError, Problem
from ..knowledge.frozen import FrozenDict, frozen

if TYPE_CHECKING:
    import pyarrow as pa

PANDAS = b"pandas"
"""The key of an Arrow schema's metadata under which pandas describes the labels of the rows."""


@dataclass(frozen=True)
class Frame:
    """Columns by name; `labels` are those that label the rows of a pandas frame, `pandas` is how it described them."""

    columns: Mapping[Any, Any]
    labels: tuple[str, ...] = ()
    pandas: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "columns", FrozenDict(self.columns))
        object.__setattr__(self, "pandas", frozen(self.pandas))

    def only(self, columns: Mapping[Any, Any]) -> Frame:
        """The same rows with these columns."""
        return replace(self, columns=columns)


def refused(name: object, what: str, fix: str) -> Problem:
    """A problem of one column."""
    return Problem("columns", 0, f"column {str(name)[:60]}", what, "the rows cannot be assessed as given", fix, "C010")


def of_table(what: str, fix: str) -> Problem:
    """A problem of the table as a whole."""
    return Problem("columns", 0, "table", what, "the rows cannot be assessed as given", fix, "C010")


def need_arrow() -> Any:
    """The module `pyarrow`.

    Raises:
        EngineError: pyarrow or NumPy is not installed.
    """
    try:
        import numpy  # noqa: F401 - pyarrow reads buffers through it
        import pyarrow
    except ImportError as error:
        raise EngineError("Arrow columns need pyarrow and NumPy, which come with sijoint[columns]") from error
    return pyarrow


def open_frame(table: Any) -> Frame:
    """The columns of whatever was given as a table.

    Raises:
        CaseError: it is no table, or one that cannot be read.
        EngineError: it needs pyarrow, which is not installed.
    """
    if isinstance(table, Mapping):
        return open_frame(_joined(table)) if any(map(_is_series, table.values())) else Frame(table)
    if not _exports(table):
        raise CaseError([of_table(f"a {type(table).__name__}", "give a mapping of columns or an Arrow table")])
    return _opened(_as_table(table))


def _exports(value: Any) -> bool:
    return hasattr(value, "__arrow_c_stream__") or hasattr(value, "__arrow_c_array__")


def _as_table(table: Any) -> pa.Table:
    pa = need_arrow()
    if isinstance(table, pa.Table):
        return table
    if (found := _exported(table)) is not None:
        return found
    fix = "give every column one type of docs/columns.md, and every name once"
    names = [name for name in getattr(table, "columns", ()) if isinstance(name, str)]
    mixed = [name for name in dict.fromkeys(names) if hasattr(table, "__getitem__") and _exported(table[[name]]) is None]
    raise CaseError(
        [refused(name, "cannot be read as Arrow", fix) for name in mixed] or [of_table("cannot be read as Arrow", fix)]
    )


def _exported(table: Any) -> pa.Table | None:
    pa = need_arrow()
    try:
        return pa.Table.from_batches([table]) if isinstance(table, pa.RecordBatch) else pa.table(table)
    except (pa.ArrowException, OSError, ValueError, TypeError, OverflowError):
        return None


def _opened(table: pa.Table) -> Frame:
    try:
        names = table.column_names
    except UnicodeDecodeError:
        raise CaseError([of_table("a name that is not UTF-8 text", "write the table again from its source")]) from None
    if twice := [name for name, times in Counter(names).items() if times > 1]:
        raise CaseError([refused(name, "given twice", "keep one of the two") for name in twice])
    about = _labels_as_described(table.schema.metadata)
    labels = tuple(name for name in about.get("index_columns", ()) if name in names)
    return Frame(dict(zip(names, table.columns, strict=True)), labels, about)


# The labels of pandas --------------------------------------------------------------------------------------


def _labels_as_described(metadata: Mapping[bytes, bytes] | None) -> Mapping[str, Any]:
    """What pandas wrote of the labels of the rows; empty where the table is not from pandas."""
    text = (metadata or {}).get(PANDAS)
    if text is None:
        return {}
    try:
        about = json.loads(text)
    except (ValueError, RecursionError):
        about = None
    if not _well_formed(about):
        fix = "take it away with table.replace_schema_metadata(None)"
        raise CaseError([of_table("a description by pandas that cannot be read", fix)])
    found: Mapping[str, Any] = about
    return found


def _well_formed(about: Any) -> bool:
    if not isinstance(about, dict):
        return False
    labels, columns = about.get("index_columns", []), about.get("columns", [])
    return (
        isinstance(labels, list)
        and all(isinstance(item, str) or _is_range(item) for item in labels)
        and len({str(item) for item in labels}) == len(labels)
        and isinstance(columns, list)
        and all(isinstance(item, dict) for item in columns)
    )


def _is_range(item: Any) -> bool:
    if not isinstance(item, dict) or item.get("kind") != "range":
        return False
    return all(type(item.get(key)) is int and abs(item[key]) < 1 << 62 for key in ("start", "stop", "step")) and item["step"] != 0


def described_for(frame: Frame, kept: Sequence[str], rows: int) -> bytes | None:
    """The description by which pandas gives the rows of the answers the labels that they came with; None without any."""
    labels = [
        item
        for item in frame.pandas.get("index_columns", ())
        if item in kept or (_is_range(item) and len(range(item["start"], item["stop"], item["step"])) == rows)
    ]
    if not labels:
        return None
    columns = [item for item in frame.pandas.get("columns", ()) if item.get("field_name", item.get("name")) in kept]
    return json.dumps({**frame.pandas, "index_columns": labels, "columns": columns, "column_indexes": []}).encode()


def _is_series(value: Any) -> bool:
    return hasattr(value, "to_frame") and hasattr(value, "index") and hasattr(value.index, "equals")


def _joined(columns: Mapping[Any, Any]) -> Any:
    """Labelled columns of a mapping as one frame: all labelled alike, so that no row takes a value of another."""
    labelled = {name: value for name, value in columns.items() if _is_series(value)}
    (first, leading), *_ = labelled.items()
    problems = [
        refused(name, "without the row labels that other columns have", "give every column in one form")
        for name in columns.keys() - labelled.keys()
    ]
    for name, value in labelled.items():
        if not value.index.equals(leading.index):
            what = f"rows labelled otherwise than those of {str(first)[:60]}"
            problems.append(refused(name, what, "give the frame itself: table[[...]]"))
    if problems:
        raise CaseError(problems)
    frame = leading.to_frame(first)
    for name, value in labelled.items():
        frame[name] = value.array
    return frame


# Damage ----------------------------------------------------------------------------------------------------


def damage_of(name: str, values: pa.Array | pa.ChunkedArray) -> Problem | None:
    """What is wrong with the buffers of an Arrow column; nothing may be read of it before this has found nothing."""
    if _is_sound(values):
        return None
    row = _first_damaged(values)
    where = "" if row is None else f", first in row {row}"
    what = f"damaged: lengths, offsets, texts or dictionary indices that cannot be{where}"
    return refused(name, what, "write the table again from its source")


def _is_sound(values: pa.Array | pa.ChunkedArray) -> bool:
    pa = need_arrow()
    try:
        values.validate(full=True)
    except (pa.ArrowException, UnicodeDecodeError):
        return False
    return True


def _first_damaged(values: pa.Array | pa.ChunkedArray) -> int | None:
    """The first row that is damaged; None where the damage is not of single rows."""
    before = 0
    for chunk in values.chunks if hasattr(values, "chunks") else [values]:
        if not _is_sound(chunk):
            return before + place if (place := _first_in(chunk)) is not None else None
        before += len(chunk)
    return None


def _first_in(chunk: pa.Array) -> int | None:
    if not len(chunk) or not _is_sound(chunk.slice(0, 0)):
        return None
    sound, damaged = 0, len(chunk)
    while damaged - sound > 1:
        middle = (sound + damaged) // 2
        if _is_sound(chunk.slice(0, middle)):
            sound = middle
        else:
            damaged = middle
    return sound if not _is_sound(chunk.slice(sound, 1)) else None
