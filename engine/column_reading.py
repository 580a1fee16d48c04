"""A table of cases -> checked finding columns, and the columns that are only copied beside the answers.

In: a mapping of columns or an Arrow table, what to keep, and the knowledge. Out: `Given`, or one `CaseError` with every column
that cannot be used: where it is the values, the first rows of them, and never a value.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from ..knowledge.errors import CaseError, Problem, nearest
from ..knowledge.frozen import FrozenDict
from ..knowledge.language import Finding, KnowledgeBase
from .column_frame import Frame, damage_of, need_arrow, open_frame, refused
from .column_planes import ArrowColumn, Column, NumpyColumn, PlainColumn, arrow_tile_maker

SHOWN_ROWS = 5
NAME_LIMIT = 200
CHECKED_ROWS = 1 << 20
"""Rows whose values are checked at a time: whole words, and few enough to stay small beside the table."""

TYPES = {
    "yes_no": ("yes/no", "bool"),
    "number": ("number", "an integer or floating type"),
    "choice": ("choice", "text, or a dictionary of texts"),
}


@dataclass(frozen=True)
class Given:
    """A table as it was read: `columns` by finding, `kept` beside the answers, `id` the one of `kept` that names the rows."""

    columns: Mapping[str, Column]
    kept: Mapping[str, Any]
    rows: int
    frame: Frame
    id: str | None

    def __post_init__(self) -> None:
        for name in ("columns", "kept"):
            object.__setattr__(self, name, FrozenDict(getattr(self, name)))


def read_table(table: Any, knowledge: KnowledgeBase, *, keep: Iterable[str], id: str | None, taken: Iterable[str]) -> Given:
    """Columns by finding, each of a type that fits its finding, all of one length, every value checked.

    `keep` and `id` name columns to copy, `taken` are the names of the answers, which no copy may have. A kept column that is
    a finding is read as well.

    Raises:
        CaseError: with every column that cannot be used.
        EngineError: the table needs pyarrow, which is not installed.
    """
    frame = open_frame(table)
    wanted = [*((id,) if id is not None else ()), *((keep,) if isinstance(keep, str) else keep)]
    kept = dict.fromkeys([*frame.labels, *wanted])
    problems = [*_not_keepable(frame, wanted, id, set(taken)), *_labels_that_answer(frame, knowledge)]
    read: dict[str, Column] = {}
    for name, values in frame.columns.items():
        found = _read(name, values, knowledge, is_kept=name in kept)
        if isinstance(found, Problem):
            problems.append(found)
        elif found is not None:
            read[name] = found
    copied = {name: _copyable(frame.columns[name]) for name in kept if name in frame.columns}
    problems += _unequal(read, copied)
    problems += [problem for name, column in read.items() for problem in _faults(name, column, knowledge.finding_by_id[name])]
    if problems:
        raise CaseError(problems)
    rows = max(map(len, [*read.values(), *copied.values()]), default=0)
    names_rows = id if id is not None else next(iter(frame.labels), None) if len(frame.labels) == 1 else None
    return Given(read, copied, rows, frame.only(copied), names_rows)


# What is kept ----------------------------------------------------------------------------------------------


def _not_keepable(frame: Frame, wanted: Sequence[str], id: str | None, taken: set[str]) -> Iterator[Problem]:
    for name in dict.fromkeys(wanted):
        if name not in frame.columns:
            yield refused(name, "to be kept, but not in the table", nearest(str(name)[:60], map(str, frame.columns)))
        elif wanted.count(name) > 1:
            yield refused(name, "kept twice", "name it once")
    for name in dict.fromkeys([*frame.labels, *wanted]):
        if name in taken:
            yield refused(name, "to be kept, but an answer has this name", "rename it in the table")
    if id in frame.columns and not _is_name(frame.columns[id]):
        yield refused(id, "an id that is neither text nor whole numbers", "give the id as text")


def _labels_that_answer(frame: Frame, knowledge: KnowledgeBase) -> Iterator[Problem]:
    for name in frame.labels:
        if name in knowledge.finding_by_id:
            fix = "reset_index() if it holds answers, or rename it if it only labels the rows"
            yield refused(name, "labels the rows, and is a finding as well", fix)


def _is_name(values: Any) -> bool:
    if not hasattr(values, "type"):
        kind = getattr(getattr(values, "dtype", None), "kind", None)
        return kind in ("U", "i", "u") or all(value is None or type(value) in (str, int) for value in values)
    import pyarrow.types as types

    kind = values.type.value_type if types.is_dictionary(values.type) else values.type
    texts = types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind)
    return bool(texts or types.is_integer(kind) or types.is_null(kind))


def _copyable(values: Any) -> Any:
    """A column as it is kept: Arrow where it is exported as Arrow, otherwise as given."""
    if type(values).__module__.startswith("pyarrow") or not hasattr(values, "__arrow_c_stream__"):
        return tuple(values) if isinstance(values, list | tuple) else values
    return need_arrow().chunked_array(values)


def row_name(given: Given, row: int) -> str:
    """What a row is called: its id where there is one that a case may have, otherwise `row N`, counted from 0."""
    if given.id is None or not _is_name(given.kept[given.id]):
        return f"row {row}"
    found = given.kept[given.id][row]
    found = found.as_py() if hasattr(found, "as_py") else found
    name = "" if found is None else str(found).strip()
    return name if 0 < len(name) <= NAME_LIMIT else f"row {row}"


# Types -----------------------------------------------------------------------------------------------------


def _read(name: Any, values: Any, knowledge: KnowledgeBase, *, is_kept: bool) -> Column | Problem | None:
    """A finding column, why it is none, or nothing for a column that is only kept."""
    finding = knowledge.finding_by_id.get(name)
    arrow = _as_arrow(values)
    if isinstance(arrow, str):
        return refused(name, arrow, "see docs/columns.md")
    if arrow is not None and (damage := damage_of(name, arrow)):
        return damage
    if finding is None:
        advice = f"keep it or leave it out where it is no finding; {nearest(str(name)[:60], knowledge.finding_by_id)}"
        return None if is_kept else refused(name, "names no finding", advice)
    column = _arrow_column(arrow, finding) if arrow is not None else _other_column(values, finding)
    if column is None:
        kind, fitting = TYPES[finding.type]
        given = f"{str(arrow.type)[:60]}" if arrow is not None else f"a {type(values).__name__}"
        return refused(name, f"not a {kind} column but {given}", f"give {fitting}")
    return column


def _as_arrow(values: Any) -> Any:
    """The Arrow array of a column, None where it is no Arrow column, or why it cannot be read as one."""
    if isinstance(values, list | tuple) or not (hasattr(values, "__arrow_c_array__") or hasattr(values, "__arrow_c_stream__")):
        return None
    pa = need_arrow()
    if isinstance(values, pa.Array | pa.ChunkedArray):
        return values
    try:
        return pa.chunked_array(values)
    except (pa.ArrowException, OSError, ValueError, TypeError, OverflowError):
        return "a column that cannot be read as Arrow"


def _arrow_column(values: Any, finding: Finding) -> Column | None:
    if hasattr(values, "num_chunks") and values.num_chunks == 1:
        values = values.chunk(0)
    make = arrow_tile_maker(finding, values.type)
    return ArrowColumn(values, make) if make else None


def _other_column(values: Any, finding: Finding) -> Column | None:
    if isinstance(values, list | tuple):
        return PlainColumn(tuple(values))
    if hasattr(values, "dtype") and type(values).__module__.startswith("numpy"):
        kinds = {"yes_no": "b", "number": "iuf", "choice": "U"}[finding.type]
        fits = values.ndim == 1 and values.dtype.kind in kinds and (finding.type == "choice" or values.dtype.itemsize <= 8)
        return NumpyColumn(values, finding) if fits else None
    return None


# Lengths and values ----------------------------------------------------------------------------------------


def _unequal(columns: Mapping[str, Column], kept: Mapping[str, Any]) -> list[Problem]:
    lengths = {**{name: len(values) for name, values in kept.items()}, **{name: len(column) for name, column in columns.items()}}
    rows = max(lengths.values(), default=0)
    found = [
        refused(name, f"{length} rows, others {rows}", "give columns of one length")
        for name, length in lengths.items()
        if length != rows
    ]
    plain = [name for name, column in columns.items() if isinstance(column, PlainColumn)]
    if plain and len(plain) < len(columns):
        found += [refused(name, "a plain sequence among arrays", "give every column in one form") for name in plain]
    return found


def _faults(name: str, column: Column, finding: Finding) -> Iterator[Problem]:
    """Values that a case may not hold: how many, and the first rows of them."""
    spans = ((start, min(start + CHECKED_ROWS, len(column))) for start in range(0, len(column), CHECKED_ROWS))
    count, first = 0, list[int]()
    for start, stop in spans:
        rows = column.tile(start, stop).faults(finding)
        count += len(rows)
        first += [start + row for row in islice(rows, SHOWN_ROWS - len(first))]
    if count:
        more = f" and {count - len(first)} more" if count > len(first) else ""
        where = f"row{'' if count == 1 else 's'} {', '.join(map(str, first))}{more}"
        yield refused(name, f"{count} value{'' if count == 1 else 's'} {_wrong(column, finding)}, {where}", _allowed(finding))


def _wrong(column: Column, finding: Finding) -> str:
    kinds = {"yes_no": "neither yes nor no", "number": "out of range or not whole", "choice": "not one of its choices"}
    other = "of another type" if isinstance(column, PlainColumn) else ""
    return " or ".join(part for part in (other, kinds[finding.type]) if part)


def _allowed(finding: Finding) -> str:
    if finding.type == "yes_no":
        return "give True, False, or null for unknown"
    if finding.type == "choice":
        return f"give one of {', '.join(finding.choices)}, or null for unknown"
    low, high = finding.range or ("any", "any")
    return f"give {'whole ' if finding.whole else ''}{finding.unit} from {low} to {high}, or null for unknown"
