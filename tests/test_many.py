"""Many cases: an iterator in, an iterator out, in order, and nothing kept."""

from __future__ import annotations

import gc
import json
import weakref
from collections.abc import Iterator
from itertools import count, islice
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from sijoint import CaseError, Engine, KnowledgeBase, assess
from sijoint.cli import app
from sijoint.many import assess_many

CASES: list[dict[str, Any]] = [
    {"case": f"patient {number}", "findings": {"one_sided_pain": number % 2 == 0, "symptom_days": number}} for number in range(6)
]


def test_assessments_come_in_the_order_of_the_cases(engine: Engine) -> None:
    found = list(assess_many(CASES, engine=engine))
    assert [item.case.case for item in found] == [item["case"] for item in CASES]
    for case, assessment in zip(CASES, found, strict=True):
        assert assessment.inference.outcome == assess(case, engine=engine).inference.outcome


def test_cases_are_taken_one_by_one_from_an_endless_iterator(engine: Engine) -> None:
    taken: list[int] = []

    def endless() -> Iterator[dict[str, Any]]:
        for number in count():
            taken.append(number)
            yield {"case": str(number), "findings": {"symptom_days": number}}

    assert [item.case.case for item in islice(assess_many(endless(), engine=engine), 3)] == ["0", "1", "2"]
    assert taken == [0, 1, 2]


def test_no_assessment_is_kept(engine: Engine) -> None:
    seen: list[weakref.ref[Any]] = []
    for assessment in assess_many(CASES, engine=engine):
        seen.append(weakref.ref(assessment))
    del assessment
    gc.collect()
    assert [item() for item in seen] == [None] * len(CASES)


def test_a_refused_case_raises_in_its_turn_and_the_next_one_follows(engine: Engine) -> None:
    results = assess_many([CASES[0], {"findings": {"no_such_finding": True}}, CASES[1]], engine=engine)
    assert next(results).case.case == "patient 0"
    with pytest.raises(CaseError, match="no_such_finding"):
        next(results)
    assert next(results).case.case == "patient 1"
    assert list(results) == []


def test_an_empty_iterable_gives_nothing(engine: Engine) -> None:
    assert list(assess_many([], engine=engine)) == []


# The commands ------------------------------------------------------------


def lines_of(path: Path, *lines: object) -> Path:
    path.write_text("".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in lines), encoding="utf-8")
    return path


def test_batch_answers_each_line_in_order(tmp_path: Path, knowledge: KnowledgeBase, engine: Engine) -> None:
    source = lines_of(tmp_path / "cases.jsonl", *CASES)
    ran = CliRunner().invoke(app, ["batch", str(source), "--evaluator", "compiled", "--evaluator", "reference"])
    assert ran.exit_code == 0, ran.output
    answers = [json.loads(line) for line in ran.stdout.splitlines()]
    assert [item["case"] for item in answers] == [item["case"] for item in CASES]
    for case, answer in zip(CASES, answers, strict=True):
        assessment = assess(case, engine=engine)
        assert answer["disposition"] == assessment.disposition
        assert answer["conclusions"] == assessment.grades
        assert answer["fired"] == list(assessment.fired)
        assert answer["evaluators"] == ["compiled", "reference"]
        assert answer["knowledge"] == knowledge.fingerprint


def test_batch_goes_on_after_a_refused_case_and_says_so(tmp_path: Path) -> None:
    source = lines_of(tmp_path / "cases.jsonl", CASES[0], '{"findings": {"nothing": true}}', "not json", "", CASES[1])
    ran = CliRunner().invoke(app, ["batch", str(source), "--evaluator", "compiled"])
    assert ran.exit_code == 2
    answers = [json.loads(line) for line in ran.stdout.splitlines()]
    assert [item["line"] for item in answers] == [1, 2, 3, 5]
    assert [item.get("case") for item in answers] == ["patient 0", None, None, "patient 1"]
    assert "nothing" in answers[1]["problems"][0]
    assert "not valid JSON" in answers[2]["problems"][0]
    assert "2 of 4 cases refused" in ran.stderr


def test_batch_refuses_a_file_that_is_not_there(tmp_path: Path) -> None:
    ran = CliRunner().invoke(app, ["batch", str(tmp_path / "missing.jsonl")])
    assert ran.exit_code == 2
    assert ran.stdout == ""


def test_columns_reads_and_writes_tables(tmp_path: Path, engine: Engine) -> None:
    pa = pytest.importorskip("pyarrow")
    from pyarrow import feather, parquet

    table = pa.table({"patient": ["a", "b", "c"], "one_sided_pain": [True, None, False], "symptom_days": [3, 90, None]})
    source, target = tmp_path / "in.parquet", tmp_path / "out.arrow"
    parquet.write_table(table, source)
    ran = CliRunner().invoke(app, ["columns", str(source), str(target), "--keep", "patient"])
    assert ran.exit_code == 0, ran.output
    assert "3 rows" in ran.stderr
    answers = feather.read_table(target).to_pylist()
    assert [row["patient"] for row in answers] == ["a", "b", "c"]
    outcome = assess({"findings": {"one_sided_pain": True, "symptom_days": 3}}, engine=engine).inference.outcome
    assert {name for name, value in answers[0].items() if value is True} == outcome.fired
    others = {name: value for name, value in answers[0].items() if isinstance(value, str) and ":" not in name}
    assert others == {"patient": "a", "disposition": "not_determined", **outcome.grade}


def test_columns_refuses_what_it_cannot_read(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    source = tmp_path / "in.parquet"
    parquet.write_table(pa.table({"nothing": [True]}), source)
    for arguments in (
        [source, tmp_path / "out.parquet"],
        [tmp_path / "in.csv", tmp_path / "out.parquet"],
        [source, tmp_path / "o.xls"],
    ):
        ran = CliRunner().invoke(app, ["columns", *map(str, arguments)])
        assert ran.exit_code == 2, ran.output
        assert ran.stdout == ""
        assert not (tmp_path / "out.parquet").exists()


def test_the_batch_command_refuses_an_unknown_evaluator_as_bad_input(tmp_path: Path) -> None:
    source = tmp_path / "cases.jsonl"
    source.write_text('{"findings": {}}\n')
    ran = CliRunner().invoke(app, ["batch", str(source), "--evaluator", "quick"])
    assert (ran.exit_code, ran.stdout) == (2, "")
    assert ran.stderr == "unknown evaluators quick; choose from durable, compiled, reference\n"
