"""Two evaluators answer every case and must agree; the light record rebuilds the full trace, or refuses."""

from __future__ import annotations

import pickle
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sijoint.engine import reference
from sijoint.engine.bitplane import Bitplane
from sijoint.engine.case import Case, Recorded
from sijoint.engine.program import Program, compile_program
from sijoint.engine.rete import available
from sijoint.knowledge.conditions import Absent, Present, Unknown
from sijoint.knowledge.language import Conclusion, Consequence, Finding, Kind, Rule
from strategies import bases_and_cases, cases, knowledge_bases, mapping_of

from sijoint import CaseError, Engine, EngineError, EvaluatorDisagreement, KnowledgeBase, assess, default_evaluators, read_case

PAIRS = [("reference", "compiled"), ("compiled", "reference"), *([("durable", "compiled")] if available() else [])]
CASE = {
    "case": "patient",
    "as_of": "2026-03-09",
    "findings": {"fever": True, "fall": {"value": True, "recorded_by": "Dr A", "recorded_on": "2026-03-01"}},
}


@pytest.fixture
def small() -> KnowledgeBase:
    """Two findings, one rule each."""
    place: dict[str, Any] = {"source": ("R",), "pack": "base", "file": "base/x.yaml", "line": 1}
    findings = tuple(Finding(id=name, type="yes_no", obtained_by="history", **place) for name in ("fever", "fall"))
    conclusion = Conclusion(id="worry", kind="plain", grades=("low", "high"), **place)
    rules = tuple(
        Rule(
            id=f"base/{name}",
            title=name,
            when=Present(finding=name),
            then=(Consequence(conclusion="worry", grade=grade),),
            **place,
        )
        for name, grade in (("fever", "high"), ("fall", "low"))
    )
    knowledge = KnowledgeBase(
        packs=(),
        kinds=(("plain", Kind()),),
        findings=findings,
        conclusions=(conclusion,),
        parameters=(),
        references=(),
        rules=rules,
    )
    return knowledge.with_items()


def worrying(grade: str) -> Consequence:
    return Consequence(conclusion="worry", grade=grade)


def with_rule(knowledge: KnowledgeBase, **change: Any) -> Program:
    """The program of the knowledge with its first rule changed."""
    rules = (knowledge.rules[0].model_copy(update=change), *knowledge.rules[1:])
    return compile_program(knowledge.model_copy(update={"rules": rules}))


WRONG_RULES: list[dict[str, Any]] = [
    {"when": Absent(finding="fever")},
    {"then": (worrying("low"),)},
]


@pytest.mark.parametrize("wrong", WRONG_RULES)
@pytest.mark.parametrize("pair", PAIRS)
def test_a_wrong_rule_in_the_compiled_evaluator_is_caught(
    small: KnowledgeBase, pair: tuple[str, str], wrong: dict[str, Any]
) -> None:
    engine = Engine(small, pair)
    broken = Bitplane(with_rule(small, **wrong))
    vars(engine)["_evaluate"] = tuple(
        (name, broken.evaluate if name == "compiled" else evaluate) for name, evaluate in engine._evaluate
    )
    check_disagreement(engine, pair)


@pytest.mark.skipif(not available(), reason="durable-rules cannot be imported here")
@pytest.mark.parametrize("wrong", WRONG_RULES)
def test_a_wrong_rule_in_the_durable_evaluator_is_caught(small: KnowledgeBase, wrong: dict[str, Any]) -> None:
    from sijoint.engine.rete import Rete

    engine = Engine(small, ("durable", "compiled"))
    broken = Rete(with_rule(small, **wrong))
    vars(engine)["_evaluate"] = (("durable", broken.evaluate), engine._evaluate[1])
    check_disagreement(engine, ("durable", "compiled"))


def check_disagreement(engine: Engine, pair: tuple[str, str]) -> None:
    """There is no answer; both results and a case that reproduces it are in the error, and no value is in its message."""
    case = read_case(CASE, engine.knowledge)
    with pytest.raises(EvaluatorDisagreement) as caught:
        assess(case, engine=engine)
    error = caught.value
    assert set(error.results) == set(pair)
    assert error.results[pair[0]] != error.results[pair[1]]
    assert reference.evaluate(engine.knowledge, case) in error.results.values()
    assert "fever" not in str(error)
    assert "Dr A" not in str(error)


@pytest.mark.parametrize("suffix", [".yaml", ".json"])
def test_the_case_file_of_a_disagreement_reproduces_it(small: KnowledgeBase, tmp_path: Path, suffix: str) -> None:
    engine = Engine(small, ("reference", "compiled"))
    vars(engine)["_evaluate"] = (
        engine._evaluate[0],
        ("compiled", Bitplane(with_rule(small, when=Unknown(finding="fever"))).evaluate),
    )
    with pytest.raises(EvaluatorDisagreement) as caught:
        assess(CASE, engine=engine)
    path = tmp_path / f"case{suffix}"
    path.write_text(caught.value.case_yaml, encoding="utf-8")
    assert read_case(path, small) == read_case(CASE, small)
    with pytest.raises(EvaluatorDisagreement) as again:
        assess(path, engine=engine)
    assert again.value.results == caught.value.results
    assert again.value.case_yaml == caught.value.case_yaml


def test_a_disagreement_survives_pickling(small: KnowledgeBase) -> None:
    error = EvaluatorDisagreement({"a": 1, "b": 2}, "case")
    copied = pickle.loads(pickle.dumps(error))
    assert (copied.results, copied.case_yaml, str(copied)) == (error.results, error.case_yaml, str(error))


@given(bases_and_cases(3))
def test_two_evaluators_agree_and_the_record_says_which_ran(drawn: tuple[KnowledgeBase, list[Case]]) -> None:
    knowledge, given_cases = drawn
    engine = Engine(knowledge, ("reference", "compiled"))
    for case in given_cases:
        record = engine.infer(case)
        assert record.outcome == reference.evaluate(knowledge, case)
        assert record.evaluators == ("reference", "compiled")
        assert record.fingerprint == knowledge.fingerprint


def test_one_evaluator_can_be_selected(small: KnowledgeBase) -> None:
    assert assess(CASE, engine=Engine(small, ("compiled",))).inference.evaluators == ("compiled",)
    with pytest.raises(EngineError, match="unknown evaluators quick; choose from durable, compiled, reference"):
        Engine(small, ("quick",))


def test_the_reference_takes_the_place_of_an_absent_durable_rules(small: KnowledgeBase, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] in ("durable", "durable_rules_engine")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "durable", None)
    assert default_evaluators() == ("reference", "compiled")
    assessment = assess(CASE, engine=Engine(small))
    assert assessment.inference.evaluators == ("reference", "compiled")
    assert assessment.fired == ("base/fever", "base/fall")
    with pytest.raises(EngineError, match="durable-rules cannot be imported here"):
        Engine(small, ("durable",))


@given(bases_and_cases(2))
def test_the_trace_is_rebuilt_the_same_each_time(drawn: tuple[KnowledgeBase, list[Case]]) -> None:
    knowledge, given_cases = drawn
    engine, other = Engine(knowledge, ("compiled",)), Engine(knowledge, ("compiled",))
    for case in given_cases:
        record = pickle.loads(pickle.dumps(engine.infer(case)))
        first = engine.trace(record).model_dump_json()
        assert first == engine.trace(engine.infer(case)).model_dump_json()
        assert first == other.trace(record).model_dump_json()


def test_a_record_under_other_knowledge_is_refused(small: KnowledgeBase) -> None:
    changed = small.with_items(rules=small.rules[:1])
    record = Engine(small, ("compiled",)).infer(read_case(CASE, small))
    assert changed.fingerprint != small.fingerprint
    with pytest.raises(EngineError, match="made under other knowledge"):
        Engine(changed, ("compiled",)).trace(record)


@given(st.data())
def test_the_order_of_findings_is_irrelevant(data: st.DataObject) -> None:
    knowledge = data.draw(knowledge_bases())
    case = data.draw(cases(knowledge))
    order = data.draw(st.permutations(range(len(case.findings))))
    engine = Engine(knowledge, ("compiled",))
    first, second = (assess(mapping_of(case, some), engine=engine) for some in (None, order))
    assert first.trace.model_dump_json() == second.trace.model_dump_json()


@given(bases_and_cases(2))
def test_a_finding_that_no_rule_mentions_changes_nothing(drawn: tuple[KnowledgeBase, list[Case]]) -> None:
    knowledge, given_cases = drawn
    extra = knowledge.findings[0].model_copy(update={"id": "zz_unrelated", "type": "yes_no", "side": None, "per": None})
    wider = knowledge.with_items(findings=(*knowledge.findings, extra))
    engine = Engine(wider, ("reference", "compiled"))
    for case in given_cases:
        more = case.with_findings([Recorded(finding="zz_unrelated", value=True)])
        assert engine.infer(case).outcome == engine.infer(more).outcome


@pytest.mark.parametrize("pair", PAIRS)
def test_unknown_and_absent_differ(small: KnowledgeBase, pair: tuple[str, str]) -> None:
    program = with_rule(small, when=Absent(finding="fever")).strata[0][0]
    knowledge = small.with_items(rules=(program,))
    engine = Engine(knowledge, pair)
    assert assess({"findings": {"fever": False}}, engine=engine).fired == ("base/fever",)
    assert assess({"findings": {}}, engine=engine).fired == ()
    assert assess({"findings": {"fever": None}}, engine=engine).fired == ()


@settings(max_examples=30)
@given(bases_and_cases(2))
def test_a_checked_case_is_not_taken_for_one_that_was_changed(drawn: tuple[KnowledgeBase, list[Case]]) -> None:
    knowledge, given_cases = drawn
    for case in given_cases:
        checked = read_case(case, knowledge)
        assert read_case(checked, knowledge) is checked == case
        assert read_case(case.model_copy(), knowledge) == case
        wrong = case.model_copy(update={"findings": (Recorded(finding="no_such_finding", value=True),)})
        assert wrong.values == {"no_such_finding": True}
        with pytest.raises(CaseError, match="no_such_finding"):
            read_case(wrong, knowledge)
