"""Damaged tables: each is refused, or every row has the answer that its own values have when they are assessed alone.

In: a random generator. Out: nothing, or an `AssertionError`. A file carries no checksum of its values, so a flipped bit may
leave a sound table of other values; what is asked is that it is answered as any reader of Arrow reads it, or not at all.
"""

from __future__ import annotations

import io
import json
import os
import tempfile
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import feather, parquet
from sijoint.engine.case_reader import read_case
from sijoint.engine.columns import Batch, infer_columns
from sijoint.engine.infer import Engine
from sijoint.engine.trace import find_contradictions
from sijoint.explain.document import disposition_of

from sijoint import CaseError, KnowledgeBase, load_knowledge
from sijoint.commands.tables import compression_for, read_file

SECRET = "Zx9Qv"
FINDINGS = ("saddle_numbness", "new_bladder_trouble", "urinary_retention", "symptom_days", "pain_side")
NAMES = (*FINDINGS, "patient")
"""Yes/no findings, two of which contradict each other, a number, a choice, and what is no finding."""
LARGEST = 8
ANSWERS = ["disposition", "contradictions", "treatment_on_hold"]


@cache
def engine() -> Engine:
    """The shipped knowledge, on the evaluator that the tables share."""
    return Engine(load_knowledge(cases=False), ("compiled",))


def attempt(rng: Random) -> None:
    """One table, damaged in one way, and its answer judged."""
    damage = rng.choice([damaged_file, damaged_file, damaged_buffers, damaged_description, damaged_values, damaged_shape])
    try:
        table = damage(rng)
    except CaseError:
        return  # the file itself was refused
    except pa.ArrowException:
        return  # Arrow itself does not make such an array
    judge(table, keep=["patient"] if "patient" in names_of(table) and rng.random() < 0.9 else [])


def names_of(table: Any) -> list[Any]:
    """The names of its columns; none where they cannot be read."""
    try:
        return list(table.column_names if isinstance(table, pa.Table) else table)
    except UnicodeDecodeError:
        return []


def judge(table: Any, keep: list[str]) -> None:
    """The answer is a refusal that repeats no value, or that of every row alone."""
    try:
        batch = infer_columns(engine().bitplane, engine().knowledge, table, rules=(), keep=keep)
        answers = batch.to_arrow()
    except CaseError as error:
        message = str(error)
    else:
        assert_answered(table, batch, answers)
        return
    assert SECRET not in message


def assert_answered(table: Any, batch: Batch, answers: pa.Table) -> None:
    """Every row as the same answers alone."""
    answers.validate(full=True)
    given = rows_of(table, batch.knowledge)
    assert answers.num_rows == len(given)
    for row, (findings, answer) in enumerate(zip(given, answers.select(ANSWERS).to_pylist(), strict=True)):
        assert_same(row, findings, batch, answer)


def assert_same(row: int, findings: Mapping[str, Any], batch: Batch, answer: Mapping[str, Any]) -> None:
    """One row of the columns against the same answers as a case of their own."""
    case = read_case({"findings": dict(findings)}, batch.knowledge)
    grades = engine().infer(case).outcome.grade
    assert batch.outcome(row).grade == grades
    assert answer["disposition"] == batch.disposition(row) == disposition_of(batch.knowledge, grades)
    broken = {item.constraint for item in find_contradictions(batch.knowledge, case)}
    assert set(answer["contradictions"]) == broken == set(batch.contradictions(row))
    assert answer["treatment_on_hold"] == grades.get("treatment_on_hold")


def rows_of(table: Any, knowledge: KnowledgeBase) -> list[dict[str, Any]]:
    """The findings of each row, as Arrow itself reads them."""
    columns = dict(zip(table.column_names, table.columns, strict=True)) if isinstance(table, pa.Table) else table
    plain = {name: plain_values(values) for name, values in columns.items()}
    read = {name: values for name, values in plain.items() if name in knowledge.finding_by_id}
    rows = max(map(len, plain.values()), default=0)
    return [{name: values[row] for name, values in read.items()} for row in range(rows)]


def plain_values(values: Any) -> list[Any]:
    """A column as a list; NumPy writes unknown as NaN."""
    if isinstance(values, np.ndarray):
        return [None if value != value else value for value in values.tolist()]
    return values.to_pylist() if hasattr(values, "to_pylist") else list(values)


# Sound tables ------------------------------------------------------------------------------------------------


def values(rng: Random, name: str, rows: int) -> list[Any]:
    """Answers to one finding, some unknown."""
    draw: dict[str, Callable[[], Any]] = {
        "symptom_days": lambda: rng.choice([0, 1, 41, 42, 89, 90, 36500]),
        "pain_side": lambda: rng.choice(["left", "right", "both"]),
        "patient": lambda: f"p{rng.randrange(100)}",
    }
    return [draw.get(name, lambda: rng.random() < 0.5)() if rng.random() < 0.7 else None for _ in range(rows)]


def array(rng: Random, name: str, found: list[Any]) -> pa.Array:
    """The answers in one of the types that Arrow has for them."""
    if name == "symptom_days":
        return pa.array(found, rng.choice([pa.int32(), pa.uint16(), pa.int64(), pa.float32(), pa.float64()]))
    if name != "pain_side":
        return pa.array(found, pa.string() if name == "patient" else pa.bool_())
    text = pa.array(found, pa.string())
    return rng.choice([text, text.dictionary_encode(), text.cast(pa.large_string()), text.cast(pa.string_view())])


def sound(rng: Random) -> pa.Table:
    """A small table, in one chunk or two, some with rows labelled by pandas."""
    rows = rng.randint(0, LARGEST)
    names = rng.sample(NAMES, rng.randint(1, len(NAMES)))
    parts = {name: array(rng, name, values(rng, name, rows)) for name in names}
    cut = rng.randint(0, rows)
    table = pa.table(
        {name: pa.chunked_array([part.slice(0, cut), part.slice(cut)], part.type) for name, part in parts.items()}
        if rng.random() < 0.3
        else parts
    )
    return described(table, description(rng, names)) if rng.random() < 0.3 else table


def described(table: pa.Table, text: bytes) -> pa.Table:
    """The table with what pandas says of its rows."""
    return table.replace_schema_metadata({b"pandas": text})


def description(rng: Random, names: list[str]) -> bytes:
    """Rows labelled by a column or by a range, as pandas writes it."""
    counted = {"kind": "range", "name": None, "start": rng.randint(0, 5), "stop": rng.randint(0, 20), "step": 1}
    labels: list[Any] = [rng.choice([*names, counted])]
    columns = [{"name": name, "field_name": name, "pandas_type": "unicode"} for name in names]
    return json.dumps({"index_columns": labels, "columns": columns, "column_indexes": []}).encode()


# Damage ------------------------------------------------------------------------------------------------------


@cache
def _folder(pid: int) -> Path:
    """A folder of this process, for its files."""
    return Path(tempfile.mkdtemp(prefix=f"sijoint-fuzz-{pid}-"))


def damaged_file(rng: Random) -> pa.Table:
    """What the command reads of a file whose bytes were changed."""
    suffix = rng.choice([".parquet", ".arrow", ".feather"])
    stream = io.BytesIO()
    if suffix == ".parquet":
        parquet.write_table(sound(rng), stream, compression=rng.choice(["snappy", "none"]))
    else:
        table = sound(rng)
        feather.write_feather(table, stream, compression=rng.choice([compression_for(table), "uncompressed"]))
    path = _folder(os.getpid()) / f"table{suffix}"
    path.write_bytes(changed(rng, stream.getvalue()))
    return read_file(path)


def changed(rng: Random, content: bytes) -> bytes:
    """Some bytes set, turned, taken out, or the end cut off."""
    octets = bytearray(content)
    for _ in range(rng.choice([1, 1, 2, 4, 16])):
        place = rng.randrange(len(octets) or 1)
        match rng.randrange(5):
            case 0:
                octets[place : place + 1] = bytes([rng.choice([0, 1, 127, 128, 255])])
            case 1 if octets:
                octets[place] ^= 1 << rng.randrange(8)
            case 2:
                octets[place : place + 4] = rng.choice([b"\xff" * 4, b"\0" * 4, b"\xff\xff\xff\x7f", rng.randbytes(4)])
            case 3:
                del octets[place : place + rng.randint(1, 9)]
            case _ if rng.random() < 0.3:
                del octets[place:]
    return bytes(octets)


def damaged_buffers(rng: Random) -> pa.Table:
    """Offsets, indices, validity and texts that Arrow takes without looking at them."""
    rows = rng.randint(1, LARGEST)
    bits = pa.py_buffer(rng.randbytes(rng.choice([0, 1, 2, 2, 2, 2])))
    offsets = np.cumsum([0, *(rng.choice([0, 4, 4, 4, rng.choice([0, 1, -1, 2**30])]) for _ in range(rows))]).astype(np.int32)
    texts = rng.choice([b"both" * 20, b"leftboth" * 8, b"\xff\xfe\xc3" * 20, b"both"])
    lengths = rng.choice([offsets, offsets[:2]])
    valid = rng.choice([None, bits])
    text = pa.Array.from_buffers(pa.string(), rows, [valid, pa.py_buffer(lengths), pa.py_buffer(texts)])
    places = pa.array(
        [rng.choice([0, 0, 1, 1, None, rng.choice([0, 1, 2, -1, 100])]) for _ in range(rows)], rng.choice([pa.int8(), pa.int32()])
    )
    coded = pa.DictionaryArray.from_arrays(places, pa.array(["left", rng.choice(["right", SECRET])]), safe=False)
    flags = pa.Array.from_buffers(
        pa.bool_(), rows, [valid, pa.py_buffer(rng.randbytes(2))], null_count=rng.choice([-1, -1, -1, -1, 0, 3])
    )
    return pa.table({"pain_side": rng.choice([text, coded, coded]), "saddle_numbness": flags})


def damaged_description(rng: Random) -> pa.Table:
    """What pandas says of the rows, changed."""
    table = sound(rng)
    text = description(rng, table.column_names)
    odd = [
        changed(rng, text),
        b"[]",
        b"{}",
        b"[" * 10_000,
        b'{"index_columns": [[]]}',
        b'{"index_columns": ["patient", "patient"]}',
    ]
    return described(table, rng.choice(odd))


def damaged_values(rng: Random) -> dict[str, Any]:
    """Plain sequences and arrays among whose values some may not be there."""
    rows = rng.randint(1, LARGEST)
    odd = [SECRET, "yes", 2, -1, 1.5, float("nan"), float("inf"), 10**400, b"left", [], object(), None, True, "left", 41]
    make = rng.choice([list, list, tuple, pa.array, np.array])
    found: dict[str, Any] = {}
    for name in rng.sample(FINDINGS, rng.randint(1, 3)):
        content = values(rng, name, rows)
        if rng.random() < 0.6:
            content[rng.randrange(rows)] = rng.choice(odd)
        try:
            found[name] = make(content)
        except (ValueError, TypeError, OverflowError):
            found[name] = content
    return found


def damaged_shape(rng: Random) -> Any:
    """Names that are none, lengths that differ, types that do not fit."""
    table = sound(rng)
    odd = ["", "disposition", "fever", "patient", "\ud800", "screen:core", "pain_side\0", "a" * 500, "__index_level_0__"]
    kinds = [pa.float64(), pa.string(), pa.binary(), pa.decimal128(5), pa.null(), pa.list_(pa.int8()), pa.timestamp("ns")]
    columns: dict[str, Any] = dict(zip(table.column_names, table.columns, strict=True))
    for _ in range(rng.randint(1, 2)):
        name = rng.choice([*odd, *FINDINGS])
        columns[name] = pa.nulls(table.num_rows + rng.choice([0, 0, 1]), rng.choice(kinds))
    return columns
