"""Tables as they come: damaged ones are refused with their place, ids and labels stay beside their own answers."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from fuzz import tables as fuzz
from pyarrow import feather, parquet
from sijoint.engine.column_frame import described_for, open_frame
from sijoint.engine.columns import Batch, answer_names, constraint_program
from sijoint.knowledge.language import Conclusion
from typer.testing import CliRunner

from sijoint import CaseError, Engine, EngineError, EvaluatorDisagreement, KnowledgeBase
from sijoint.cli import app
from sijoint.commands.tables import read_file
from sijoint.many import assess_columns, assess_row

FLAG = "saddle_numbness"


def refusal(columns: Any, knowledge: KnowledgeBase, **more: Any) -> str:
    """The message of the refusal, which must come."""
    with pytest.raises(CaseError) as caught:
        assess_columns(columns, knowledge=knowledge, **more)
    return str(caught.value)


# Damage ------------------------------------------------------------


def dictionary(places: list[int | None], names: list[str]) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.array(places, pa.int8()), pa.array(names), safe=False)


def texts(offsets: list[int], content: bytes) -> pa.Array:
    lengths = pa.py_buffer(np.array(offsets, np.int32))
    return pa.Array.from_buffers(pa.string(), len(offsets) - 1, [None, lengths, pa.py_buffer(content)])


DAMAGED: list[tuple[pa.Array | pa.ChunkedArray, str]] = [
    (dictionary([0, 1, 7, 0], ["left", "right"]), ", first in row 2;"),
    (dictionary([0, -1, 7], ["left", "right"]), ", first in row 1;"),
    (pa.chunked_array([dictionary([0, 1], ["left", "right"]), dictionary([0, 2], ["left", "right"])]), ", first in row 3;"),
    (texts([0, 4, 6, 10], b"left\xff\xfeleft"), ", first in row 1;"),
    (texts([0, 4, 2**30, 8], b"leftleft"), ", first in row 1;"),
    (texts([0, 4, 2, 8], b"leftleft"), ", first in row 1;"),
    (pa.DictionaryArray.from_arrays(pa.array([0], pa.int8()), texts([0, 2], b"\xff\xfe")), "that cannot be;"),
]


@pytest.mark.parametrize(("column", "place"), DAMAGED)
def test_a_damaged_column_is_refused_with_its_row(knowledge: KnowledgeBase, column: Any, place: str) -> None:
    message = refusal({"pain_side": column}, knowledge)
    assert "column pain_side: damaged" in message
    assert place in message


def test_a_damaged_column_that_is_only_kept_is_refused_too(knowledge: KnowledgeBase) -> None:
    table = pa.table({"patient": texts([0, 2, 4], b"ab\xff\xfe"), FLAG: [True, False]})
    assert "column patient: damaged" in refusal(table, knowledge, keep=["patient"])


def test_rows_that_validity_does_not_cover_are_refused(knowledge: KnowledgeBase) -> None:
    wrong_count = pa.Array.from_buffers(pa.bool_(), 8, [pa.py_buffer(b"\x0f"), pa.py_buffer(b"\xff")], null_count=1)
    assert f"column {FLAG}: damaged" in refusal({FLAG: wrong_count}, knowledge)


@pytest.mark.parametrize("seed", range(12))
def test_a_slice_of_the_fuzzing_of_damaged_tables(seed: int) -> None:
    for number in range(25):
        fuzz.attempt(random.Random(f"{seed} {number}"))


def test_the_fuzzing_would_notice_an_answer_that_is_not_the_row_s(knowledge: KnowledgeBase, engine: Engine) -> None:
    table = pa.table({FLAG: [True, None]})
    batch = assess_columns(table, rules=[], knowledge=knowledge)
    fuzz.assert_answered(table, batch, batch.to_arrow())
    with pytest.raises(AssertionError):
        fuzz.assert_answered(table.slice(1), batch, batch.to_arrow())
    with pytest.raises(AssertionError):
        fuzz.assert_answered(pa.table({FLAG: [None, True]}), batch, batch.to_arrow())


@pytest.mark.parametrize("suffix", [".parquet", ".arrow", ".feather"])
def test_a_cut_file_is_refused_by_its_name(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"in{suffix}"
    write = parquet.write_table if suffix == ".parquet" else feather.write_feather
    write(pa.table({FLAG: [True] * 100}), path)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(CaseError, match=f"^1 problem in the case:\n  in{suffix}: file: cannot be read: "):
        read_file(path)


def test_a_file_that_is_no_regular_file_is_refused_without_reading(tmp_path: Path) -> None:
    path = tmp_path / "pipe.arrow"
    os.mkfifo(path)
    with pytest.raises(CaseError, match="neither a file nor a folder of files"):
        read_file(path)


# Types ------------------------------------------------------------

ODD: list[tuple[pa.Array, str]] = [
    (pa.array([b"a", None]), "binary"),
    (pa.array([1, None]).cast(pa.decimal128(20)), "decimal128"),
    (pa.RunEndEncodedArray.from_arrays([2], [True]), "run_end_encoded"),
    (pa.array([[True], None]), "list"),
    (pa.array([{"a": True}, None]), "struct"),
    (pa.array([1, 2], pa.timestamp("ns")), "timestamp"),
    (pa.array(["yes", "no"]).dictionary_encode(), "dictionary"),
]


@pytest.mark.parametrize(("column", "named"), ODD)
def test_a_type_that_no_finding_has_is_named_and_refused(knowledge: KnowledgeBase, column: pa.Array, named: str) -> None:
    message = refusal({FLAG: column}, knowledge)
    assert f"column {FLAG}: not a yes/no column but {named}" in message
    assert "give bool" in message
    kept = assess_columns({FLAG: column.is_null(), "other": column}, keep=["other"], knowledge=knowledge).to_arrow()
    assert kept["other"].combine_chunks().equals(column) or kept["other"].to_pylist() == column.to_pylist()


def test_wrong_types_and_wrong_values_are_reported_together(knowledge: KnowledgeBase) -> None:
    message = refusal({FLAG: pa.array([1]), "symptom_days": pa.array([-1]), "pain_side": pa.array(["up"])}, knowledge)
    assert message.startswith("3 problems")
    assert "up" not in message.replace("up to", "")
    assert "-1" not in message


def test_the_first_rows_of_bad_values_are_named_and_the_rest_counted(knowledge: KnowledgeBase) -> None:
    days = [1, -1, None, *[-1] * 7]
    for column in (days, pa.array(days), np.ma.masked_array([day or 0 for day in days], [day is None for day in days])):
        message = refusal({"symptom_days": column}, knowledge)
        assert "8 values" in message
        assert "rows 1, 3, 4, 5, 6 and 3 more;" in message


def test_bad_values_are_counted_over_the_whole_table(knowledge: KnowledgeBase, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sijoint.engine.column_reading.CHECKED_ROWS", 64)
    days = np.zeros(200, np.int64)
    days[[3, 70, 199]] = -1
    assert "3 values out of range or not whole, rows 3, 70, 199;" in refusal({"symptom_days": pa.array(days)}, knowledge)


@pytest.mark.parametrize("empty", [0, 1, 2])
def test_empty_chunks_beside_other_chunks_are_read(knowledge: KnowledgeBase, empty: int) -> None:
    parts = [[True, None], [False]]
    parts.insert(empty, [])
    kept = pa.chunked_array([["a"], ["b", "c"]])
    days = pa.chunked_array([[1], [], [2], [3]], pa.int8())
    side = pa.chunked_array([dictionary([0], ["left", "right"]), dictionary([0, None], ["right", "left"])])
    table = pa.table({FLAG: pa.chunked_array(parts, pa.bool_()), "patient": kept, "symptom_days": days, "pain_side": side})
    answers = assess_columns(table, keep=["patient"], knowledge=knowledge)
    assert answers.to_arrow()["disposition"].to_pylist() == ["emergency", "not_determined", "not_determined"]
    found = [dict(answers.case(row).values) for row in range(3)]
    assert found == [
        {FLAG: True, "symptom_days": 1, "pain_side": "left"},
        {"symptom_days": 2, "pain_side": "right"},
        {FLAG: False, "symptom_days": 3},
    ]


def test_a_table_that_cannot_be_exported_is_refused(knowledge: KnowledgeBase) -> None:
    class Broken:
        columns = (FLAG, "age_years")

        def __getitem__(self, names: list[str]) -> Any:
            return pa.table({"age_years": [1]}) if names == ["age_years"] else Broken()

        def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
            raise pa.ArrowTypeError("tried to convert Zx9Qv to boolean")

    message = refusal(Broken(), knowledge)
    assert message.startswith(f"1 problem in the case:\n  columns: column {FLAG}: cannot be read as Arrow")
    assert "Zx9Qv" not in message


def test_a_name_that_is_no_text_is_refused(knowledge: KnowledgeBase) -> None:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, pa.schema([("nameQQQQ", pa.bool_())])) as writer:
        writer.write_batch(pa.record_batch({"nameQQQQ": [True]}))
    octets = sink.getvalue().to_pybytes().replace(b"QQQQ", b"\xff\xfe\xff\xfe")
    assert "not UTF-8" in refusal(pa.ipc.open_stream(octets).read_all(), knowledge)


# What is kept ------------------------------------------------------------


def test_what_is_kept_stands_beside_its_own_answer(knowledge: KnowledgeBase) -> None:
    names = ["c", "a", "b"]
    for keep in (pa.array(names), names, np.array(names)):
        flags: Any = [True, None, False] if isinstance(keep, list) else pa.array([True, None, False])
        batch = assess_columns({FLAG: flags, "patient": keep}, keep="patient", knowledge=knowledge)
        table = batch.to_arrow()
        assert table.column_names[:2] == ["patient", "disposition"]
        found = dict(zip(table["patient"].to_pylist(), table["disposition"].to_pylist(), strict=True))
        assert found == {"c": "emergency", "a": "not_determined", "b": "not_determined"}
        assert batch.case(0).case == "row 0"


def test_the_id_names_a_row_that_is_assessed_in_full(knowledge: KnowledgeBase, engine: Engine) -> None:
    table = pa.table({"patient": [17, 4, None], FLAG: [True, False, None]})
    batch = assess_columns(table, id="patient", knowledge=knowledge)
    assert [assess_row(batch, row, engine=engine).case.case for row in range(3)] == ["17", "4", "row 2"]
    assert batch.to_arrow()["patient"].to_pylist() == [17, 4, None]


@pytest.mark.parametrize("name", ["", "   ", "x" * 201])
def test_an_id_that_no_case_may_have_leaves_the_number_of_the_row(knowledge: KnowledgeBase, name: str) -> None:
    assert assess_columns({FLAG: [True], "patient": [name]}, id="patient", knowledge=knowledge).case(0).case == "row 0"


def test_a_kept_column_that_is_a_finding_is_answered_too(knowledge: KnowledgeBase) -> None:
    table = assess_columns(pa.table({FLAG: [True, False]}), keep=[FLAG], knowledge=knowledge).to_arrow()
    assert table.column_names[:2] == [FLAG, "disposition"]
    assert table["disposition"].to_pylist() == ["emergency", "not_determined"]


KEPT: list[tuple[dict[str, Any], list[str]]] = [
    ({"keep": ["disposition"]}, ["column disposition: to be kept, but an answer has this name"]),
    ({"keep": ["screen:core"]}, ["column screen:core: to be kept, but an answer has this name"]),
    ({"keep": ["contradictions"]}, ["column contradictions: to be kept, but an answer has this name"]),
    ({"keep": ["patient", "patient"]}, ["column patient: kept twice"]),
    ({"keep": ["patient"], "id": "patient"}, ["column patient: kept twice"]),
    ({"keep": ["patients"]}, ["column patients: to be kept, but not in the table", "did you mean patient?"]),
    ({"id": "weight"}, ["column weight: an id that is neither text nor whole numbers"]),
    ({"keep": ["nowhere", "disposition", "disposition"]}, ["column nowhere", "column disposition: kept twice", "an answer has"]),
]


@pytest.mark.parametrize(("asked", "messages"), KEPT)
def test_what_cannot_be_kept_is_refused_by_name(knowledge: KnowledgeBase, asked: dict[str, Any], messages: list[str]) -> None:
    names = ["disposition", "screen:core", "contradictions", "patient"]
    table = pa.table({FLAG: [True], **{key: ["a"] for key in names}, "weight": [1.5]})
    message = refusal(table, knowledge, **asked)
    for part in messages:
        assert part in message


def test_kept_columns_have_the_length_of_the_others(knowledge: KnowledgeBase) -> None:
    assert "column patient: 1 rows, others 2" in refusal({FLAG: [True, None], "patient": ["a"]}, knowledge, keep=["patient"])
    assert "others 2" in refusal({FLAG: pa.array([True]), "patient": pa.array(["a", "b"])}, knowledge, keep=["patient"])


def test_a_table_of_kept_columns_alone_has_a_row_for_each(knowledge: KnowledgeBase) -> None:
    table = assess_columns(pa.table({"patient": ["a", "b"]}), keep=["patient"], knowledge=knowledge).to_arrow()
    assert table["disposition"].to_pylist() == ["not_determined"] * 2


def test_kept_values_of_no_one_type_are_refused(knowledge: KnowledgeBase) -> None:
    batch = assess_columns({FLAG: [True, None], "note": ["a", 1]}, keep=["note"], knowledge=knowledge)
    with pytest.raises(CaseError, match="column note: values of no one type"):
        batch.to_arrow()


def test_a_conclusion_with_the_name_of_another_column_is_no_answer(knowledge: KnowledgeBase) -> None:
    clash = Conclusion.model_construct(**{**dict(knowledge.conclusions[0]), "id": "contradictions"})
    with pytest.raises(EngineError, match="rename the conclusion"):
        answer_names(knowledge.model_construct(conclusions=(clash,), screens=()), ())


# The labels of a frame ------------------------------------------------------------


def labelled(labels: list[Any], **columns: Any) -> pa.Table:
    """A table as pandas exports a frame: its labels as columns, or as a range, described in the metadata."""
    described = [
        {"name": None if name.startswith("__") else name, "field_name": name, "pandas_type": "unicode", "numpy_type": "object"}
        for name in columns
    ]
    about = {"index_columns": labels, "column_indexes": [{"name": None}], "columns": described, "pandas_version": "3.0.0"}
    return pa.table(columns).replace_schema_metadata({b"pandas": json.dumps(about).encode()})


def labels_of(table: pa.Table) -> Any:
    return json.loads(table.schema.metadata[b"pandas"])["index_columns"]


def test_the_labels_of_a_sorted_frame_stay_with_their_answers(knowledge: KnowledgeBase) -> None:
    level = "__index_level_0__"
    frame = labelled([level], **{FLAG: [True, False, None], level: [2, 0, 1]})
    batch = assess_columns(frame, knowledge=knowledge)
    table = batch.to_arrow()
    assert labels_of(table) == [level]
    assert dict(zip(table[level].to_pylist(), table["disposition"].to_pylist(), strict=True)) == {
        2: "emergency",
        0: "not_determined",
        1: "not_determined",
    }
    described = json.loads(table.schema.metadata[b"pandas"])["columns"]
    assert [item["field_name"] for item in described] == [level]
    assert [batch.case(row).case for row in range(3)] == ["2", "0", "1"]


def test_every_level_of_the_labels_is_kept(knowledge: KnowledgeBase) -> None:
    frame = labelled(["clinic", "patient"], **{FLAG: [True, False], "clinic": ["x", "y"], "patient": ["b", "a"]})
    batch = assess_columns(frame, knowledge=knowledge)
    table = batch.to_arrow()
    assert table.column_names[:3] == ["clinic", "patient", "disposition"]
    assert labels_of(table) == ["clinic", "patient"]
    assert batch.case(0).case == "row 0"


@pytest.mark.parametrize(("stop", "kept"), [(7, True), (6, False)])
def test_labels_that_count_are_kept_where_they_fit_the_rows(knowledge: KnowledgeBase, stop: int, kept: bool) -> None:
    counted = {"kind": "range", "name": None, "start": 5, "stop": stop, "step": 1}
    table = assess_columns(labelled([counted], **{FLAG: [True, False]}), knowledge=knowledge).to_arrow()
    assert (b"pandas" in table.schema.metadata) is kept
    assert not kept or labels_of(table) == [counted]


def test_labels_that_became_a_column_are_refused_until_they_are_kept(knowledge: KnowledgeBase) -> None:
    reset = labelled([], **{"index": [2, 0], FLAG: [True, False]})
    assert "column index: names no finding" in refusal(reset, knowledge)
    assert "keep it or leave it out" in refusal(reset, knowledge)
    table = assess_columns(reset, keep=["index"], knowledge=knowledge).to_arrow()
    assert table.select(["index", "disposition"]).to_pylist()[0] == {"index": 2, "disposition": "emergency"}


def test_labels_that_are_a_finding_are_refused_and_not_passed_over(knowledge: KnowledgeBase) -> None:
    message = refusal(labelled([FLAG], **{FLAG: [True], "age_years": [40]}), knowledge)
    assert f"column {FLAG}: labels the rows, and is a finding as well" in message
    assert "reset_index()" in message


def test_labels_with_the_name_of_an_answer_are_refused(knowledge: KnowledgeBase) -> None:
    message = refusal(labelled(["disposition"], **{FLAG: [True], "disposition": ["a"]}), knowledge)
    assert "column disposition: to be kept, but an answer has this name" in message


UNREADABLE = [
    b"",
    b"{",
    b"[]",
    b"\xff",
    b"[" * 100_000,
    b'{"index_columns": 3}',
    b'{"index_columns": [["a"]]}',
    b'{"index_columns": [{"kind": "range", "start": 0, "stop": 2, "step": 0}]}',
    b'{"index_columns": ["a", "a"]}',
    b'{"columns": [1]}',
]


@pytest.mark.parametrize("text", UNREADABLE, ids=range(len(UNREADABLE)))
def test_a_description_of_labels_that_cannot_be_read_is_refused(knowledge: KnowledgeBase, text: bytes) -> None:
    table = pa.table({FLAG: [True]}).replace_schema_metadata({b"pandas": text})
    assert "take it away with table.replace_schema_metadata(None)" in refusal(table, knowledge)


def test_a_description_of_labels_that_are_gone_is_passed_over() -> None:
    frame = open_frame(labelled(["gone"], **{FLAG: [True]}))
    assert frame.labels == ()
    assert described_for(frame, [], 1) is None


class Labels(tuple[Any, ...]):
    """Row labels as pandas compares them."""

    def equals(self, other: Labels) -> bool:
        return tuple(self) == tuple(other)


class Series:
    """A labelled column as pandas has it, and a frame made of such columns."""

    def __init__(self, values: list[Any], labels: tuple[Any, ...]) -> None:
        self.array, self.index = values, Labels(labels)
        self.made: dict[str, list[Any]] = {}

    def to_frame(self, name: str) -> Series:
        self.made[name] = self.array
        return self

    def __setitem__(self, name: str, values: list[Any]) -> None:
        self.made[name] = values

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        table = labelled(["__index_level_0__"], **self.made, __index_level_0__=list(self.index))
        return table.__arrow_c_stream__(requested_schema)


def test_columns_labelled_alike_keep_their_labels(knowledge: KnowledgeBase) -> None:
    columns = {FLAG: Series([True, None], ("b", "a")), "age_years": Series([40, 50], ("b", "a"))}
    batch = assess_columns(columns, knowledge=knowledge)
    assert batch.to_arrow()["__index_level_0__"].to_pylist() == ["b", "a"]
    assert [dict(batch.case(row).values) for row in (0, 1)] == [{FLAG: True, "age_years": 40}, {"age_years": 50}]


def test_columns_labelled_otherwise_are_refused_and_not_mixed(knowledge: KnowledgeBase) -> None:
    columns = {FLAG: Series([True, None], ("b", "a")), "age_years": Series([40, 50], ("a", "b"))}
    assert f"column age_years: rows labelled otherwise than those of {FLAG}" in refusal(columns, knowledge)
    mixed = {FLAG: Series([True, None], ("b", "a")), "age_years": [40, 50]}
    assert "column age_years: without the row labels that other columns have" in refusal(mixed, knowledge)


# Answers that cannot be changed or doubted ------------------------------------------------------------


@pytest.mark.parametrize("make", [list, pa.array])
def test_the_answers_of_a_batch_cannot_be_changed(knowledge: KnowledgeBase, make: Any) -> None:
    batch = assess_columns({FLAG: make([True, False])}, knowledge=knowledge)
    for planes in (batch.rules, batch.grades, batch.constraints):
        name, plane = next(iter(planes.items()))  # type: ignore[attr-defined]
        with pytest.raises(TypeError):
            plane[0] = 1
        with pytest.raises(TypeError):
            planes[name] = plane  # type: ignore[index]


def test_a_plain_list_may_be_changed_after_it_was_given(knowledge: KnowledgeBase, engine: Engine) -> None:
    flags = [True]
    batch = assess_columns({FLAG: flags}, knowledge=knowledge)
    flags[0] = False
    assert assess_row(batch, 0, engine=engine).disposition == "emergency"


def test_a_row_whose_contradictions_differ_is_refused(knowledge: KnowledgeBase, engine: Engine) -> None:
    batch = assess_columns({FLAG: [True]}, knowledge=knowledge)
    wrong = dict.fromkeys(batch.constraints, memoryview(b"\x01"))
    doubted = Batch(batch.knowledge, batch.bitplane, 1, batch.columns, batch.rules, batch.grades, wrong, batch.given)
    with pytest.raises(EvaluatorDisagreement):
        assess_row(doubted, 0, engine=engine)


@pytest.mark.parametrize("row", [-1, 2])
def test_there_are_no_answers_beyond_the_rows(knowledge: KnowledgeBase, row: int) -> None:
    batch = assess_columns({FLAG: [True, False]}, knowledge=knowledge)
    for ask in (batch.case, batch.outcome, batch.disposition, batch.screens, batch.contradictions):
        with pytest.raises(IndexError):
            ask(row)


def test_without_constraints_no_row_contradicts_itself() -> None:
    assert constraint_program(()).run([], 1).rules == ()


WITHOUT = """
import sys
sys.modules["{missing}"] = None
import sijoint
for call in (lambda: sijoint.assess_columns(Table()), lambda: sijoint.assess_columns({{"saddle_numbness": Table()}}),
             lambda: sijoint.assess_columns({{"saddle_numbness": [True]}}).to_arrow()):
    try:
        call()
    except sijoint.EngineError as error:
        print(error)
"""


@pytest.mark.parametrize("missing", ["pyarrow", "numpy"])
def test_without_the_extra_the_message_says_what_to_install(missing: str) -> None:
    text = WITHOUT.format(missing=missing).replace(
        "import sijoint\n", "import sijoint\nclass Table:\n    __arrow_c_stream__ = 1\n", 1
    )
    ran = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.splitlines() == ["Arrow columns need pyarrow and NumPy, which come with sijoint[columns]"] * 3


# The command ------------------------------------------------------------


def command(*arguments: object) -> Any:
    return CliRunner().invoke(app, ["columns", *map(str, arguments)])


def test_the_command_keeps_labels_and_what_it_is_told_to(tmp_path: Path) -> None:
    source, target = tmp_path / "in.parquet", tmp_path / "out.feather"
    frame = labelled(["patient"], **{FLAG: [None, True], "patient": ["b", "a"], "ward": [1, 2]})
    parquet.write_table(frame, source)
    ran = command(source, target, "--keep", "ward")
    assert ran.exit_code == 0, ran.output
    table = feather.read_table(target)
    assert table.column_names[:3] == ["patient", "ward", "disposition"]
    assert table["disposition"].to_pylist() == ["not_determined", "emergency"]
    assert labels_of(table) == ["patient"]


@pytest.mark.parametrize("suffix", [".parquet", ".arrow"])
def test_a_kept_text_is_written_in_whatever_form_it_came(tmp_path: Path, suffix: str) -> None:
    source, target = tmp_path / "in.arrow", tmp_path / f"out{suffix}"
    names = pa.array(["a", None, "c" * 40])
    kinds = {"text": names, "large": names.cast(pa.large_string())}
    if suffix == ".arrow":  # not every Arrow writes views to Parquet
        kinds["view"] = names.cast(pa.string_view())
    coded = names.dictionary_encode()
    feather.write_feather(pa.table({**kinds, "coded": coded, FLAG: [True] * 3}), source, compression="uncompressed")
    ran = command(source, target, *(part for name in (*kinds, "coded") for part in ("--keep", name)))
    assert ran.exit_code == 0, ran.output
    table = read_file(target)
    assert [table[name].to_pylist() for name in (*kinds, "coded")] == [["a", None, "c" * 40]] * (len(kinds) + 1)


@pytest.mark.parametrize("kept", [["nothing"], ["disposition"], ["patient", "patient"]])
def test_the_command_refuses_what_cannot_be_kept_and_writes_nothing(tmp_path: Path, kept: list[str]) -> None:
    source, target = tmp_path / "in.parquet", tmp_path / "out.parquet"
    parquet.write_table(pa.table({FLAG: [True], "disposition": ["x"], "patient": ["a"]}), source)
    ran = command(source, target, *(part for name in kept for part in ("--keep", name)))
    assert ran.exit_code == 2
    assert f"column {kept[0]}" in ran.stderr
    assert sorted(tmp_path.iterdir()) == [source]


@pytest.mark.parametrize("fault", [KeyboardInterrupt, OSError("disk full"), pa.ArrowNotImplementedError("no such type")])
def test_a_table_that_cannot_be_written_whole_leaves_the_one_that_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: Any
) -> None:
    source, target = tmp_path / "in.arrow", tmp_path / "out.arrow"
    feather.write_feather(pa.table({FLAG: [True]}), source)
    target.write_bytes(b"what was there")

    def half(table: pa.Table, sink: Any, compression: str) -> None:
        sink.write(b"ARROW1")
        raise fault

    monkeypatch.setattr(feather, "write_feather", half)
    ran = command(source, target)
    assert ran.exit_code != 0
    assert ran.stdout == ""
    assert target.read_bytes() == b"what was there"
    assert sorted(tmp_path.iterdir()) == [source, target]


def test_a_target_that_has_no_folder_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    target = tmp_path / "nowhere" / "out.arrow"
    ran = command(tmp_path / "missing.arrow", target)
    assert (ran.exit_code, ran.stdout) == (2, "")
    assert ran.stderr.startswith(f"{target}: cannot be written: ")
    assert "missing.arrow" not in ran.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_kept_type_that_the_file_cannot_hold_is_refused(tmp_path: Path) -> None:
    source, target = tmp_path / "in.arrow", tmp_path / "out.parquet"
    feather.write_feather(pa.table({FLAG: [True], "odd": pa.RunEndEncodedArray.from_arrays([1], [1])}), source)
    ran = command(source, target, "--keep", "odd")
    assert ran.exit_code == 2
    assert "out.parquet: cannot be written" in ran.stderr
    assert not target.exists()
