"""`Batch` -> Arrow table: what was kept, urgency, screens, contradictions, a column per conclusion and per rule.

In: `Batch`. Out: `pyarrow.Table` with the names, types and nullability of docs/columns.md; the planes become buffers as they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import reduce
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from ..knowledge.errors import CaseError
from ..knowledge.items import NO_FLAG, NOT_DETERMINED, URGENCY
from ..knowledge.language import Conclusion
from .column_frame import PANDAS, described_for, refused

if TYPE_CHECKING:
    from .columns import Batch

    Flags = np.ndarray[Any, np.dtype[np.uint8]]

SCHEMA = "sijoint.columns/2"
STATES = ("complete", "open")
Named = Iterator[tuple[pa.Field, Any]]


def table_of(batch: Batch) -> pa.Table:
    """The whole table; a row per case, in order.

    Raises:
        CaseError: a column to be kept cannot be an Arrow column.
    """
    named = [*_kept(batch), *_answers(batch), *_conclusions(batch), *_rules(batch)]
    about: dict[bytes | str, Any] = {"sijoint.knowledge": batch.knowledge.fingerprint, "sijoint.schema": SCHEMA}
    kept = batch.given.kept if batch.given else {}
    if batch.given and (labels := described_for(batch.given.frame, tuple(kept), batch.rows)):
        about[PANDAS] = labels
    return pa.Table.from_arrays([column for _, column in named], schema=pa.schema([item for item, _ in named], metadata=about))


def _kept(batch: Batch) -> Named:
    for name, values in (batch.given.kept if batch.given else {}).items():
        try:
            column = values if isinstance(values, pa.Array | pa.ChunkedArray) else pa.array(values)
        except (pa.ArrowException, ValueError, TypeError, OverflowError):
            raise CaseError([refused(name, "values of no one type", "give one type, or leave the column out")]) from None
        yield pa.field(name, column.type), column


def _answers(batch: Batch) -> Named:
    yield pa.field(URGENCY, _grade_type(), nullable=False), urgency_column(batch)
    for name, plane in batch.open_screens.items():
        yield pa.field(f"screen:{name}", _grade_type(), nullable=False), _coded(_flags(plane, batch.rows), STATES)
    yield pa.field("contradictions", pa.list_(pa.string()), nullable=False), contradiction_column(batch)


def _conclusions(batch: Batch) -> Named:
    for conclusion in batch.bitplane.program.conclusions:
        if conclusion.id != URGENCY:
            yield pa.field(conclusion.id, _grade_type(), nullable=True), conclusion_column(batch, conclusion)


def _rules(batch: Batch) -> Named:
    for rule, plane in batch.rules.items():
        column = pa.Array.from_buffers(pa.bool_(), batch.rows, [None, pa.py_buffer(plane)])
        yield pa.field(rule, pa.bool_(), nullable=False), column


def urgency_column(batch: Batch) -> pa.DictionaryArray:
    """The urgency of each row, never null: where no tier holds, whether every screen is complete."""
    screens = list(batch.open_screens.values())
    unscreened = reduce(np.bitwise_or, (_flags(plane, batch.rows) for plane in screens)) if screens else _ones(batch.rows)
    tiers = next((item.grades for item in batch.bitplane.program.conclusions if item.id == URGENCY), ())
    planes = [_flags(batch.grades[URGENCY, tier], batch.rows) for tier in tiers]
    height = reduce(np.add, planes) if planes else np.zeros(batch.rows, np.uint8)
    return _coded(np.where(height, height + 1, unscreened).astype(np.uint8), (NO_FLAG, NOT_DETERMINED, *tiers))


def contradiction_column(batch: Batch) -> pa.ListArray:
    """The constraints that the answers of each row break, in the order of the packs."""
    found = [np.flatnonzero(_flags(plane, batch.rows)) for plane in batch.constraints.values()]
    rows = np.concatenate([np.zeros(0, np.intp), *found])
    numbers = np.repeat(np.arange(len(found)), [len(part) for part in found])
    counts = np.bincount(rows, minlength=batch.rows) if batch.rows else np.zeros(0, np.intp)
    names = pa.array(batch.constraints, pa.string()).take(pa.array(numbers[np.argsort(rows, kind="stable")], pa.int64()))
    return pa.ListArray.from_arrays(pa.array(np.concatenate([[0], np.cumsum(counts)]), pa.int32()), names)


def conclusion_column(batch: Batch, conclusion: Conclusion) -> pa.DictionaryArray:
    """The grade of a conclusion in each row, null where it was not derived; the weakest grade's plane is the validity."""
    planes = [batch.grades[conclusion.id, grade] for grade in conclusion.grades]
    higher = [_flags(plane, batch.rows) for plane in planes[1:]]
    codes = reduce(np.add, higher) if higher else np.zeros(batch.rows, np.uint8)
    return _coded(codes, conclusion.grades, planes[0])


def _flags(plane: memoryview, rows: int) -> Flags:
    return np.unpackbits(np.frombuffer(plane, np.uint8), count=rows, bitorder="little")


def _ones(rows: int) -> Flags:
    return np.ones(rows, np.uint8)


def _grade_type() -> pa.DataType:
    return pa.dictionary(pa.int8(), pa.string(), ordered=True)


def _coded(codes: Flags, names: Sequence[str], valid: memoryview | None = None) -> pa.DictionaryArray:
    buffers = [None if valid is None else pa.py_buffer(valid), pa.py_buffer(codes)]
    places = pa.Array.from_buffers(pa.int8(), len(codes), buffers)
    return pa.DictionaryArray.from_arrays(places, pa.array(names, pa.string()), ordered=True, safe=False)
