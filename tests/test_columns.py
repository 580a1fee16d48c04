"""Columns of cases: whatever the form of the columns, each row has the answer of its case."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Sequence
from itertools import pairwise
from random import Random
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from conftest import EXAMPLES
from hypothesis import given, settings
from hypothesis import strategies as st
from sijoint.engine import columns as columns_module
from sijoint.engine import reference
from sijoint.engine.bitplane import Bitplane
from sijoint.engine.case import Case, Recorded, Value
from sijoint.engine.case_reader import read_case
from sijoint.engine.column_planes import words_of
from sijoint.engine.columns import Batch, infer_columns
from sijoint.engine.moments import moments_of
from sijoint.engine.program import compile_program
from sijoint.knowledge.language import Finding
from strategies import cases, knowledge_bases

from sijoint import CaseError, Engine, EngineError, EvaluatorDisagreement, KnowledgeBase, assess
from sijoint.many import assess_columns, assess_row

Values = list[Value | None]
Make = Callable[[Values, Finding], Any]


def arrow(values: Values, finding: Finding) -> pa.Array:
    kind = {"yes_no": pa.bool_(), "choice": pa.string(), "number": pa.int16() if finding.whole else pa.float64()}[finding.type]
    return pa.array(values, kind)


def arrow_slice(values: Values, finding: Finding) -> pa.Array:
    """A slice at an odd bit offset, with rubbish on both sides."""
    rubbish = [value for value in values if value is not None][:1] or [None]
    return arrow(rubbish * 3 + values + rubbish * 2, finding).slice(3, len(values))


def arrow_chunks(values: Values, finding: Finding) -> pa.ChunkedArray:
    cuts = [0, len(values) // 3, len(values) // 3 + 1, len(values)]
    parts = [values[start:stop] for start, stop in pairwise(cuts)]
    return pa.chunked_array([arrow_dictionary(part, finding) for part in parts], arrow_dictionary(values, finding).type)


def arrow_dictionary(values: Values, finding: Finding) -> pa.Array:
    found = arrow(values, finding)
    return found.dictionary_encode() if finding.type == "choice" else found


def numpy_masked(values: Values, finding: Finding) -> Any:
    fill: Value = {"yes_no": True, "choice": "", "number": 0}[finding.type]
    mask = [value is None for value in values]
    kind = {"yes_no": np.bool_, "choice": np.str_, "number": np.float64}[finding.type]
    return np.ma.masked_array(np.array([fill if value is None else value for value in values], kind), mask)


def plain(values: Values, finding: Finding) -> Values:
    return values


PATIENT = Finding.model_construct(id="patient", type="choice", choices=("a", "b", "c"), whole=False)
FORMS: list[Make] = [arrow, arrow_slice, arrow_chunks, arrow_dictionary, numpy_masked, plain]
MAKES = st.sampled_from(FORMS)


def undated(case: Case) -> Case:
    """The case as columns hold it."""
    return Case(findings=tuple(Recorded(finding=item.finding, value=item.value) for item in case.findings))


def columns_of(knowledge: KnowledgeBase, rows: Sequence[Case], make: Make) -> dict[str, Any]:
    return {item.id: make([case.values.get(item.id) for case in rows], item) for item in knowledge.findings}


def assert_rows(batch: Batch, rows: Sequence[Case]) -> None:
    assert batch.rows == len(rows)
    for number, case in enumerate(rows):
        assert batch.outcome(number) == reference.evaluate(batch.knowledge, case)


@pytest.fixture
def small_tiles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columns_module, "_tile_rows", lambda bitplane: 64)


@pytest.mark.usefixtures("small_tiles")
@pytest.mark.parametrize("make", FORMS)
@settings(max_examples=40)
@given(data=st.data())
def test_every_row_has_the_answer_of_its_case(make: Make, data: st.DataObject) -> None:
    knowledge = data.draw(knowledge_bases(max_rules=6))
    drawn = [undated(data.draw(cases(knowledge))) for _ in range(5)]
    rows = (drawn * 30)[: data.draw(st.sampled_from([1, 7, 63, 64, 65, 129]))]
    batch = infer_columns(Bitplane(compile_program(knowledge)), knowledge, columns_of(knowledge, rows, make))
    assert_rows(batch, rows)
    for number in (0, len(rows) - 1):
        assert batch.case(number).values == rows[number].values
    for rule, plane in batch.rules.items():
        assert batch.count(rule) == sum(rule in batch.outcome(number).fired for number in range(len(rows)))
        assert int.from_bytes(plane, "little") >> len(rows) == 0


@pytest.mark.parametrize("kind", ["int8", "uint16", "int64", "float16", "float32", "float64"])
def test_every_number_type_is_read(knowledge: KnowledgeBase, kind: str) -> None:
    days = pa.array(np.array([3, 0, 90], kind), mask=np.array([False, True, False]))
    batch = assess_columns({"symptom_days": days}, knowledge=knowledge)
    for row, value in enumerate([3, None, 90]):
        assert batch.case(row).values == ({} if value is None else {"symptom_days": value})
        assert batch.outcome(row) == reference.evaluate(knowledge, batch.case(row))


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int8(), pa.string())])
def test_every_text_type_is_read(knowledge: KnowledgeBase, kind: pa.DataType) -> None:
    finding = next(item for item in knowledge.findings if item.type == "choice")
    values = [finding.choices[0], None, finding.choices[-1]]
    batch = assess_columns({finding.id: pa.array(values, pa.string()).cast(kind)}, knowledge=knowledge)
    assert [batch.case(row).values.get(finding.id) for row in range(3)] == values
    assert_rows(batch, [batch.case(row) for row in range(3)])


def test_a_null_among_the_names_of_a_dictionary_is_unknown(knowledge: KnowledgeBase) -> None:
    finding = next(item for item in knowledge.findings if item.type == "choice")
    column = pa.DictionaryArray.from_arrays(pa.array([0, 1, None, 1], pa.int8()), pa.array([finding.choices[0], None]))
    batch = assess_columns({finding.id: column}, knowledge=knowledge)
    assert [finding.id in batch.case(row).values for row in range(4)] == [True, False, False, False]
    assert_rows(batch, [batch.case(row) for row in range(4)])


def test_nan_is_unknown_in_numpy_and_refused_in_arrow(knowledge: KnowledgeBase) -> None:
    numbers = np.array([5.0, np.nan])
    batch = assess_columns({"symptom_days": numbers}, knowledge=knowledge)
    assert batch.case(1).values == {}
    assert_rows(batch, [batch.case(0), batch.case(1)])
    with pytest.raises(CaseError, match="1 value out of range or not whole, row 1"):
        assess_columns({"symptom_days": pa.array(numbers)}, knowledge=knowledge)


def test_sides_are_columns_of_their_own_and_missing_columns_are_unknown(knowledge: KnowledgeBase) -> None:
    sided = next(item for item in knowledge.findings if item.side == "left")
    batch = assess_columns(pa.table({sided.id: [True, None]}), knowledge=knowledge)
    assert batch.case(0).values == {sided.id: True}
    assert_rows(batch, [batch.case(0), batch.case(1)])


def test_bitmaps_are_used_as_they_are() -> None:
    column = pa.array([True, False] * 500)
    bitmap = column.buffers()[1]
    assert np.shares_memory(words_of(bitmap, 0, 960), np.frombuffer(bitmap, np.uint8))
    sliced = column.slice(64, 128)
    assert np.shares_memory(words_of(sliced.buffers()[1], sliced.offset, 128), np.frombuffer(bitmap, np.uint8))


@pytest.mark.parametrize("offset", [0, 1, 7, 8, 9, 63, 64, 65])
@pytest.mark.parametrize("rows", [1, 63, 64, 65, 200])
def test_words_start_at_any_bit_and_end_anywhere(offset: int, rows: int) -> None:
    octets = np.random.default_rng(offset * rows).integers(0, 256, 40, np.uint8)
    expected = (int.from_bytes(octets.tobytes(), "little") >> offset) & ((1 << rows) - 1)
    words = words_of(octets[: -(-(offset + rows) // 8)].tobytes(), offset, rows)
    assert int.from_bytes(words.tobytes(), "little") & ((1 << rows) - 1) == expected


def test_no_rows_and_no_columns_give_an_empty_batch(knowledge: KnowledgeBase) -> None:
    for columns in ({}, {"fever": []}, {"one_sided_pain": pa.array([], pa.bool_())}, pa.table({})):
        columns = {} if isinstance(columns, dict) and "fever" in columns else columns
        batch = assess_columns(columns, knowledge=knowledge)
        assert batch.rows == 0
        assert batch.to_arrow().num_rows == 0


# What comes out ------------------------------------------------------------


def test_the_table_has_the_documented_columns(knowledge: KnowledgeBase) -> None:
    table = assess_columns({"one_sided_pain": pa.array([True, None, False])}, knowledge=knowledge).to_arrow()
    table.validate(full=True)
    graded = pa.dictionary(pa.int8(), pa.string(), ordered=True)
    first = ["disposition", *(f"screen:{item.id}" for item in knowledge.screens), "contradictions"]
    conclusions = [item.id for item in knowledge.conclusions if item.id != "disposition"]
    assert table.column_names[: len(first) + len(conclusions)] == first + conclusions
    assert sorted(table.column_names[len(first) + len(conclusions) :]) == sorted(rule.id for rule in knowledge.rules)
    for field in table.schema:
        conclusion = knowledge.conclusion_by_id.get(field.name) if field.name in conclusions else None
        kinds = dict.fromkeys([*first, *conclusions], graded) | {"contradictions": pa.list_(pa.string())}
        assert field.type == kinds.get(field.name, pa.bool_())
        assert field.nullable is (conclusion is not None)
        if conclusion:
            assert tuple(table[field.name].chunk(0).dictionary.to_pylist()) == conclusion.grades
    tiers = knowledge.conclusion_by_id["disposition"].grades
    names = table["disposition"].chunk(0).dictionary.to_pylist()
    assert names == ["no_flag_in_answers", "not_determined", *tiers]
    assert table["screen:core"].chunk(0).dictionary.to_pylist() == ["complete", "open"]
    assert table.schema.metadata == {
        b"sijoint.knowledge": knowledge.fingerprint.encode(),
        b"sijoint.schema": b"sijoint.columns/2",
    }


@settings(max_examples=30)
@given(data=st.data())
def test_the_table_says_what_the_rows_say(data: st.DataObject) -> None:
    knowledge = data.draw(knowledge_bases(max_rules=6))
    rows = [undated(data.draw(cases(knowledge))) for _ in range(4)]
    batch = infer_columns(Bitplane(compile_program(knowledge)), knowledge, columns_of(knowledge, rows, arrow))
    table = batch.to_arrow()
    table.validate(full=True)
    for number, row in enumerate(table.to_pylist()):
        outcome = batch.outcome(number)
        assert {name for name, value in row.items() if value is True} == outcome.fired
        assert row.pop("disposition") == batch.disposition(number)
        assert {item.id: row.pop(f"screen:{item.id}") for item in knowledge.screens} == batch.screens(number)
        assert tuple(row.pop("contradictions")) == batch.contradictions(number)
        others = {name: grade for name, grade in outcome.grade.items() if name != "disposition"}
        assert {name: value for name, value in row.items() if isinstance(value, str)} == others


@settings(max_examples=40)
@given(data=st.data())
def test_urgency_screens_and_contradictions_are_those_of_the_assessment(data: st.DataObject) -> None:
    knowledge = data.draw(knowledge_bases(max_rules=6))
    rows = [undated(data.draw(cases(knowledge))) for _ in range(4)]
    batch = infer_columns(Bitplane(compile_program(knowledge)), knowledge, columns_of(knowledge, rows, data.draw(MAKES)))
    engine = Engine(knowledge, ("reference",))
    table = batch.to_arrow().to_pylist()
    for number, case in enumerate(rows):
        assessment = assess(case, engine=engine)
        document = assessment.document()
        assert table[number]["disposition"] == batch.disposition(number) == assessment.disposition
        assert batch.screens(number) == {item.id: "open" if item.open else "complete" for item in document.screens}
        broken = {item.constraint for item in document.contradictions}
        assert set(table[number]["contradictions"]) == set(batch.contradictions(number)) == broken


def shipped_rows(rng: Random, knowledge: KnowledgeBase, rows: int) -> dict[str, Values]:
    """Answers of which few or many are known, most of them no: random patients are emergencies otherwise."""
    known, yes = rng.choice([0.02, 0.3, 1.0]), rng.choice([0.0, 0.05, 0.5])

    def value(item: Finding) -> Value | None:
        if rng.random() >= known:
            return None
        if item.type == "yes_no":
            return rng.random() < yes
        return rng.choice(item.choices) if item.type == "choice" else rng.choice([int(item.range[0]), int(item.range[1])])

    return {item.id: [value(item) for _ in range(rows)] for item in knowledge.findings}


@settings(max_examples=12)
@given(seed=st.integers(0, 10**6), make=MAKES)
def test_random_rows_of_the_shipped_knowledge_have_their_own_answers(engine: Engine, seed: int, make: Make) -> None:
    knowledge = engine.knowledge
    given_values = shipped_rows(Random(seed), knowledge, rows=3)
    columns = {item.id: make(given_values[item.id], item) for item in knowledge.findings}
    columns["patient"] = make(["a", "b", "c"], PATIENT)
    batch = assess_columns(columns, id="patient", knowledge=knowledge)
    for row in range(3):
        alone = assess_row(batch, row, engine=engine)
        assert alone.case.case == "abc"[row]
        assert dict(alone.case.values) == {key: values[row] for key, values in given_values.items() if values[row] is not None}
        assert batch.outcome(row) == alone.inference.outcome
        assert batch.disposition(row) == alone.disposition
        assert set(batch.contradictions(row)) == {item.constraint for item in alone.trace.contradictions}
        states = {item.id: "open" if item.open in alone.grades else "complete" for item in knowledge.screens}
        assert batch.screens(row) == states


def test_the_shipped_examples_have_the_urgency_of_their_assessment(knowledge: KnowledgeBase, engine: Engine) -> None:
    given_cases = [moments_of(read_case(path, knowledge), knowledge)[0] for path in EXAMPLES]
    rows = [undated(case) for case in given_cases]
    columns = columns_of(knowledge, rows, arrow)
    table = assess_columns(columns, knowledge=knowledge).to_arrow()
    answers = [assess(case, engine=engine) for case in rows]
    assert table["disposition"].to_pylist() == [item.disposition for item in answers]
    assert {"no_flag_in_answers", "not_determined", "emergency"} <= set(table["disposition"].to_pylist())
    found = [set(names) for names in table["contradictions"].to_pylist()]
    assert found == [{item.constraint for item in answer.trace.contradictions} for answer in answers]
    assert any(found)


def test_only_the_rules_asked_for_are_kept(knowledge: KnowledgeBase, engine: Engine) -> None:
    wanted = [knowledge.rules[3].id, knowledge.rules[0].id]
    batch = assess_columns({"one_sided_pain": [True]}, rules=wanted, knowledge=knowledge)
    assert set(batch.rules) == set(wanted)
    assert assess_row(batch, 0, engine=engine).inference.outcome.fired >= batch.outcome(0).fired
    with pytest.raises(EngineError, match="no rule nothing"):
        assess_columns({"one_sided_pain": [True]}, rules=["nothing"], knowledge=knowledge)


# Explaining a row ------------------------------------------------------------


def test_any_row_is_explained_in_full(knowledge: KnowledgeBase, engine: Engine) -> None:
    batch = assess_columns({"one_sided_pain": [True, None], "dimple_pain": [True, False]}, knowledge=knowledge)
    assessment = assess_row(batch, 0, engine=engine)
    assert assessment.case.case == "row 0"
    assert str(assessment)
    assert assessment.inference.outcome == batch.outcome(0)
    with pytest.raises(IndexError):
        assess_row(batch, 2, engine=engine)


def test_a_row_that_was_answered_otherwise_is_refused(knowledge: KnowledgeBase, engine: Engine) -> None:
    batch = assess_columns({"one_sided_pain": [True]}, knowledge=knowledge)
    rule = next(iter(batch.rules))
    flipped = bytes([batch.rules[rule][0] ^ 1])
    wrong = Batch(batch.knowledge, batch.bitplane, 1, batch.columns, {**batch.rules, rule: memoryview(flipped)}, batch.grades)
    with pytest.raises(EvaluatorDisagreement) as caught:
        assess_row(wrong, 0, engine=engine)
    assert "columns" in caught.value.results


def test_a_batch_shows_no_value(knowledge: KnowledgeBase) -> None:
    batch = assess_columns({"symptom_days": [12345]}, knowledge=knowledge)
    assert "12345" not in repr(batch)


# What is refused ------------------------------------------------------------

YES = pa.array([True, False])
REFUSED: list[tuple[dict[str, Any], list[str]]] = [
    ({"one_side_pain": YES}, ["column one_side_pain: names no finding", "did you mean one_sided_pain?"]),
    ({"one_sided_pain": pa.array([1, 0])}, ["column one_sided_pain: not a yes/no column"]),
    ({"one_sided_pain": np.array([1, 0])}, ["column one_sided_pain: not a yes/no column"]),
    ({"symptom_days": YES}, ["column symptom_days: not a number column"]),
    ({"symptom_days": pa.array(["1", "2"])}, ["column symptom_days: not a number column"]),
    ({"symptom_days": pa.array([-1, 5, 10**6])}, ["column symptom_days: 2 values out of range or not whole, rows 0, 2;"]),
    ({"symptom_days": pa.array([1.5, None, float("inf")])}, ["column symptom_days: 1 value out of range or not whole, row 2;"]),
    (
        {"symptom_days": [1.5, True, "3", None, float("nan")]},
        ["column symptom_days: 3 values of another type or out of range or not whole, rows 1, 2, 4;"],
    ),
    ({"one_sided_pain": [1, "yes", None]}, ["column one_sided_pain: 2 values of another type or neither yes nor no, rows 0, 1;"]),
    ({"pain_side": pa.array(["left", "up", None])}, ["column pain_side: 1 value not one of its choices, row 1;"]),
    ({"pain_side": np.array(["left", "up"])}, ["column pain_side: 1 value not one of its choices, row 1;"]),
    ({"one_sided_pain": YES, "dimple_pain": pa.array([True])}, ["column dimple_pain: 1 rows, others 2"]),
    ({"one_sided_pain": YES, "dimple_pain": [True, True]}, ["column dimple_pain: a plain sequence among arrays"]),
    ({"one_sided_pain": {True, False}}, ["column one_sided_pain: not a yes/no column"]),
    ({"nothing": YES, "one_sided_pain": pa.array([0])}, ["column nothing", "column one_sided_pain"]),
]


@pytest.mark.parametrize(("columns", "messages"), REFUSED)
def test_columns_that_no_case_may_hold_are_refused(
    knowledge: KnowledgeBase, columns: dict[str, Any], messages: list[str]
) -> None:
    with pytest.raises(CaseError) as caught:
        assess_columns(columns, knowledge=knowledge)
    for message in messages:
        assert message in str(caught.value)


@pytest.mark.parametrize("make", [pa.array, np.array, list])
def test_a_fraction_of_a_whole_number_is_refused(knowledge: KnowledgeBase, make: Callable[[list[float]], Any]) -> None:
    finding = next(item for item in knowledge.findings if item.whole)
    assert finding.range is not None
    low = float(finding.range[0])
    assert assess_columns({finding.id: make([low])}, knowledge=knowledge).case(0).values == {finding.id: low}
    with pytest.raises(CaseError, match=f"column {finding.id}: 1 value .*row 1"):
        assess_columns({finding.id: make([low, low + 0.5])}, knowledge=knowledge)


def test_something_that_is_no_table_is_refused(knowledge: KnowledgeBase) -> None:
    with pytest.raises(CaseError, match="give a mapping of columns or an Arrow table"):
        assess_columns([1, 2], knowledge=knowledge)


def test_a_column_given_twice_is_refused(knowledge: KnowledgeBase) -> None:
    with pytest.raises(CaseError, match="given twice"):
        assess_columns(pa.Table.from_arrays([YES, YES], ["one_sided_pain", "one_sided_pain"]), knowledge=knowledge)


WITHOUT = """
import sys
sys.modules["numpy"] = sys.modules["pyarrow"] = None
import sijoint
from sijoint.many import assess_columns, assess_row
engine = sijoint.Engine(sijoint.load_knowledge(), ("compiled", "reference"))
batch = assess_columns({"one_sided_pain": [True, None, False] * 50, "symptom_days": [5, 100, None] * 50})
for row in (0, 1, 2, 149):
    assert batch.outcome(row) == assess_row(batch, row, engine=engine).inference.outcome
print(batch)
"""


def test_plain_sequences_need_neither_numpy_nor_pyarrow() -> None:
    ran = subprocess.run([sys.executable, "-c", WITHOUT], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith("<Batch: 150 rows")
