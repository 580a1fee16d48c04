"""`Batch` -> Arrow table: a column per conclusion, then a boolean column per rule; the planes become buffers as they are.

In: `Batch`. Out: `pyarrow.Table` with the names, types and nullability of docs/columns.md.
"""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from ..knowledge.language import Conclusion

if TYPE_CHECKING:
    from .columns import Batch


def table_of(batch: Batch) -> pa.Table:
    """The whole table; a row per case, in order."""
    fields, columns = [], []
    for conclusion in batch.bitplane.program.conclusions:
        column = conclusion_column(batch, conclusion)
        fields.append(pa.field(conclusion.id, column.type, nullable=True))
        columns.append(column)
    for rule, plane in batch.rules.items():
        fields.append(pa.field(rule, pa.bool_(), nullable=False))
        columns.append(pa.Array.from_buffers(pa.bool_(), batch.rows, [None, pa.py_buffer(plane)]))
    about = {"sijoint.knowledge": batch.knowledge.fingerprint, "sijoint.schema": "sijoint.columns/1"}
    return pa.Table.from_arrays(columns, schema=pa.schema(fields, metadata=about))


def conclusion_column(batch: Batch, conclusion: Conclusion) -> pa.DictionaryArray:
    """The grade of a conclusion in each row, null where it was not derived; the weakest grade's plane is the validity."""
    planes = [batch.grades[conclusion.id, grade] for grade in conclusion.grades]
    higher = [np.unpackbits(np.frombuffer(plane, np.uint8), count=batch.rows, bitorder="little") for plane in planes[1:]]
    codes = reduce(np.add, higher) if higher else np.zeros(batch.rows, np.uint8)
    buffers = [pa.py_buffer(planes[0]), pa.py_buffer(codes)]
    places = pa.Array.from_buffers(pa.int8(), batch.rows, buffers)
    return pa.DictionaryArray.from_arrays(places, pa.array(conclusion.grades, pa.string()), ordered=True, safe=False)
