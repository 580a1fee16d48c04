"""What conditions mean, evaluator by evaluator; properties of every answer; screens by brute force; the cross-check."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sijoint.engine import reference, rete
from sijoint.engine.atoms import decide
from sijoint.engine.bitplane import Bitplane
from sijoint.engine.case import Recorded
from sijoint.engine.infer import EVALUATORS, engine_for
from sijoint.engine.program import Outcome, Program, compile_program
from sijoint.engine.trace import find_contradictions
from sijoint.knowledge.conditions import (
    FINDING_TESTS,
    Absent,
    AnyOf,
    AtLeast,
    Known,
    Later,
    NotDerived,
    NumberTest,
    Present,
    Unknown,
    findings_of,
    leaves,
)
from sijoint.knowledge.language import Conclusion, Consequence, Finding, Rule
from strategies import bases_and_cases, completions, mapping_of, moments, values_of

from sijoint import Case, Engine, EngineError, EvaluatorDisagreement, KnowledgeBase, read_case

RUNNABLE = [name for name in EVALUATORS if name != "durable" or rete.available()]


@settings(max_examples=25)
@given(st.data())
def test_evaluators_agree_on_the_shipped_packs(knowledge: KnowledgeBase, data: st.DataObject) -> None:
    engine = engine_for(knowledge, tuple(RUNNABLE))
    engine.infer(data.draw(moments(knowledge)))


# What a condition means, evaluator by evaluator ------------------------------------------------------------------------------


def base_of(*rules: Rule, grades: tuple[str, ...] = ("possible", "likely")) -> KnowledgeBase:
    names = dict.fromkeys(name for rule in rules for leaf in leaves(rule.when) for name in findings_of(leaf))
    numbers = {leaf.finding for rule in rules for leaf in leaves(rule.when) if isinstance(leaf, NumberTest)}
    place: dict[str, Any] = {"obtained_by": "history", "source": ("S",)}
    findings = [
        Finding(id=name, type="number", unit="days", range=(0, 9), **place)
        if name in numbers
        else Finding(id=name, type="yes_no", **place)
        for name in (*names, "unrelated")
    ]
    knowledge = KnowledgeBase(
        packs=(),
        kinds=(),
        findings=tuple(findings),
        conclusions=(
            Conclusion(id="c", kind="k", grades=grades, source=("S",)),
            Conclusion(id="gate", kind="k", source=("S",)),
        ),
        parameters=(),
        references=(),
        rules=rules,
    )
    return knowledge.with_items()


def rule(name: str, when: Any, grade: str = "possible") -> Rule:
    return Rule(id=f"p/{name}", title=name, when=when, then=(Consequence(conclusion="c", grade=grade),), source=("S",))


def fired(evaluator: str, knowledge: KnowledgeBase, **values: Any) -> set[str]:
    case = read_case({"as_of": "2026-03-09", "findings": values}, knowledge)
    return {name.removeprefix("p/") for name in Engine(knowledge, (evaluator,)).infer(case).outcome.fired}


@pytest.mark.parametrize("evaluator", RUNNABLE)
@pytest.mark.parametrize(
    ("recorded", "holding"),
    [({}, {"unknown"}), ({"a": None}, {"unknown"}), ({"a": False}, {"absent", "known"}), ({"a": True}, {"present", "known"})],
    ids=["nothing", "null", "no", "yes"],
)
def test_unknown_absent_and_present_are_three(evaluator: str, recorded: dict[str, Any], holding: set[str]) -> None:
    knowledge = base_of(
        rule("present", Present(finding="a")),
        rule("absent", Absent(finding="a")),
        rule("unknown", Unknown(finding="a")),
        rule("known", Known(finding="a")),
    )
    assert fired(evaluator, knowledge, **recorded) == holding


@pytest.mark.parametrize("evaluator", RUNNABLE)
@pytest.mark.parametrize(
    ("value", "holding"),
    [(2, {"under", "at_most"}), (2.5, {"at_most", "at_least", "exactly"}), (3, {"over", "at_least"}), (None, set())],
)
def test_a_number_is_compared_exactly_at_its_bound(evaluator: str, value: float | None, holding: set[str]) -> None:
    comparisons: Any = ("over", "at_least", "under", "at_most", "exactly")
    knowledge = base_of(*(rule(key, NumberTest(finding="a", comparison=key, value=2.5)) for key in comparisons))
    assert fired(evaluator, knowledge, a=value) == holding


@pytest.mark.parametrize("evaluator", RUNNABLE)
@pytest.mark.parametrize("met", range(5))
def test_a_count_holds_from_k_on(evaluator: str, met: int) -> None:
    members = tuple(Present(finding=name) for name in "abcd")
    knowledge = base_of(*(rule(f"least{k}", AtLeast(k=k, of=members)) for k in range(1, 5)))
    assert fired(evaluator, knowledge, **dict.fromkeys("abcd"[:met], True)) == {f"least{k}" for k in range(1, met + 1)}


@pytest.mark.parametrize("evaluator", RUNNABLE)
def test_the_strongest_rule_sets_the_grade(evaluator: str) -> None:
    knowledge = base_of(rule("weak", Present(finding="a")), rule("strong", Present(finding="b"), "likely"))
    engine = Engine(knowledge, (evaluator,))
    for values, grade in (({"a": True}, "possible"), ({"b": True}, "likely"), ({"a": True, "b": True}, "likely")):
        assert engine.infer(read_case({"findings": values}, knowledge)).outcome.grades == (("c", grade),)


@pytest.mark.parametrize("evaluator", RUNNABLE)
@pytest.mark.parametrize(
    ("work_up", "symptom", "holds"),
    [
        ({"recorded_by": "Dr A", "recorded_on": "2026-03-05"}, None, True),
        ({"recorded_by": "Dr A", "recorded_on": "2026-03-05"}, {"value": False}, True),
        ({"recorded_by": "Dr A", "recorded_on": "2026-03-05"}, {"value": True, "recorded_on": "2026-03-02"}, True),
        ({"recorded_by": "Dr A", "recorded_on": "2026-03-05"}, {"value": True, "recorded_on": "2026-03-03"}, False),
        ({"recorded_by": "Dr A", "recorded_on": "2026-03-05"}, {"value": True, "recorded_on": "2026-03-05"}, False),
        ({"recorded_by": "Dr A", "recorded_on": "2026-03-05"}, {"value": True, "recorded_on": "2026-03-06"}, False),
        ({"recorded_by": "Dr A", "recorded_on": "2026-03-05"}, {"value": True}, False),
        ({"recorded_by": "Dr A"}, {"value": True, "recorded_on": "2026-03-01"}, False),
        ({"recorded_on": "2026-03-05"}, {"value": True, "recorded_on": "2026-03-01"}, False),
        ({"recorded_by": "Dr A", "recorded_on": "2026-03-02T09:00Z"}, {"value": True, "recorded_on": "2026-03-02T08:59Z"}, True),
        ({"recorded_by": "Dr A", "recorded_on": "2026-03-02T09:00Z"}, {"value": True, "recorded_on": "2026-03-02T09:00Z"}, False),
        ({"recorded_by": "Dr A", "recorded_on": "2026-03-02T08:00Z"}, {"value": True, "recorded_on": "2026-03-02T09:00Z"}, False),
        (
            {"recorded_by": "Dr A", "recorded_on": "2026-03-02T10:00+05:00"},
            {"value": True, "recorded_on": "2026-03-02T09:00Z"},
            False,
        ),
        (
            {"recorded_by": "Dr A", "recorded_on": "2026-03-02T09:00-05:00"},
            {"value": True, "recorded_on": "2026-03-02T10:00Z"},
            True,
        ),
        ({"recorded_by": "Dr A", "recorded_on": "2026-03-02T09:00"}, {"value": True, "recorded_on": "2026-03-02T08:00"}, False),
        ({"recorded_by": "Dr A", "recorded_on": "2026-03-03T11:00"}, {"value": True, "recorded_on": "2026-03-02T08:00"}, True),
        ({"recorded_by": "Dr A", "recorded_on": "2026-03-02T23:00"}, {"value": True, "recorded_on": "2026-03-02"}, False),
    ],
)
def test_a_work_up_counts_when_signed_dated_and_later(
    evaluator: str, work_up: dict[str, Any], symptom: dict[str, Any] | None, holds: bool
) -> None:
    knowledge = base_of(rule("later", Later(finding="a", than=(Present(finding="b"),))))
    assert fired(evaluator, knowledge, a={"value": True, **work_up}, b=symptom) == ({"later"} if holds else set())
    assert fired(evaluator, knowledge, a={"value": False, **work_up}, b=symptom) == set()


@pytest.mark.parametrize("evaluator", RUNNABLE)
@pytest.mark.parametrize("held", [(), (0, 1), (598, 599), (0, 599), (300, 301), range(600)])
def test_an_any_of_hundreds_of_tests_is_one_rule(evaluator: str, held: Iterable[int]) -> None:
    """A screen may read more answers than durable-rules holds in one fact."""
    pairs = tuple(AtLeast(k=2, of=(Present(finding=f"x{n}"), Present(finding=f"x{n + 1}"))) for n in range(0, 600, 2))
    gate = NotDerived(conclusion="gate", grade="given")
    knowledge = base_of(
        rule("whole", AnyOf(of=pairs)),
        rule("gated", AnyOf(of=pairs)).model_copy(update={"gates": (gate,)}),
        rule("hold", Absent(finding="stop")).model_copy(update={"then": (Consequence(conclusion="gate", grade="given"),)}),
    )
    answers: dict[str, Any] = {f"x{n}": True for n in held}
    met = {"whole", "gated"} if any({n, n + 1} <= set(held) for n in range(0, 600, 2)) else set()
    assert fired(evaluator, knowledge, **answers) == met
    assert fired(evaluator, knowledge, stop=False, **answers) == met - {"gated"} | {"hold"}


# Properties -------------------------------------------------------------------------------------------------------------------


@given(bases_and_cases(most_cases=2), st.randoms(use_true_random=False))
def test_the_order_of_findings_is_irrelevant(drawn: tuple[KnowledgeBase, list[Case]], random: Any) -> None:
    knowledge, made = drawn
    engine = Engine(knowledge, ("compiled", "reference"))
    for case in made:
        order = list(range(len(case.findings)))
        random.shuffle(order)
        again = case.model_copy(update={"findings": tuple(case.findings[number] for number in order)})
        assert engine.trace(engine.infer(again)) == engine.trace(engine.infer(case))


@given(bases_and_cases(most_cases=3), st.sampled_from([True, False]))
def test_a_finding_that_no_rule_mentions_changes_nothing(drawn: tuple[KnowledgeBase, list[Case]], value: bool) -> None:
    knowledge, made = drawn
    unrelated = Finding(id="zz", type="yes_no", obtained_by="history", source=("R1",))
    wider = knowledge.with_items(findings=(*knowledge.findings, unrelated))
    engine = Engine(wider, ("compiled", "reference"))
    for case in made:
        more = case.model_copy(update={"findings": (*case.findings, Recorded(finding="zz", value=value))})
        assert engine.infer(more).outcome == engine.infer(case).outcome


@given(bases_and_cases(most_cases=3))
def test_a_rule_fires_only_where_nothing_blocks_it_and_grades_come_from_rules(drawn: tuple[KnowledgeBase, list[Case]]) -> None:
    """Re-checked from the outcome alone: every grade is given by a fired rule, and no fired rule is blocked."""
    knowledge, made = drawn
    engine = Engine(knowledge, ("compiled",))
    for case in made:
        outcome = engine.infer(case).outcome
        given_grades = {(item.conclusion, item.grade) for name in outcome.fired for item in knowledge.rule_by_id[name].then}
        assert set(outcome.grades) <= given_grades
        for name in outcome.fired:
            for item in knowledge.rule_by_id[name].blockers:
                conclusion = knowledge.conclusion_by_id[item.conclusion]
                grade = outcome.grade.get(item.conclusion)
                assert grade is None or conclusion.rank(grade) < conclusion.rank(item.grade)


# Screens ----------------------------------------------------------------------------------------------------------------------


def reaches(knowledge: KnowledgeBase, outcome: Outcome) -> bool:
    """Whether an outcome has what the first screen guards."""
    ((name, grade),) = knowledge.screens[0].reach.items()
    item = knowledge.conclusion_by_id[name]
    return name in outcome.grade and item.rank(outcome.grade[name]) >= item.rank(grade)


def possible(knowledge: KnowledgeBase, case: Case) -> Iterable[Case]:
    """Completions in which no answers contradict one another, as far as they can be listed."""
    listed = list(completions(knowledge, case, limit=1000))
    return [item for item in listed if not list(find_contradictions(knowledge, item))] if len(listed) < 1000 else []


guarded = bases_and_cases(most_cases=4, max_findings=4, screens="reach").filter(
    lambda drawn: any(screen.reach for screen in drawn[0].screens)
)


@settings(max_examples=100)
@given(guarded)
def test_a_closed_screen_means_that_no_answer_can_raise_what_it_guards(drawn: tuple[KnowledgeBase, list[Case]]) -> None:
    knowledge, made = drawn
    bitplane = Bitplane(compile_program(knowledge))
    for case in made:
        before = bitplane.evaluate(case)
        if knowledge.screens[0].open in before.grade or reaches(knowledge, before):
            continue
        for completed in possible(knowledge, case):
            assert not reaches(knowledge, bitplane.evaluate(completed)), mapping_of(completed)


def can_be_met(knowledge: KnowledgeBase, test: Any) -> bool:
    """Whether some value meets a test: no number is over the top of its range."""
    values = values_of(knowledge.finding_by_id[test.finding], knowledge)
    return any(decide(test, Case(findings=(Recorded(finding=test.finding, value=value),))) for value in values)


def reads_each_finding_once(knowledge: KnowledgeBase) -> bool:
    """Whether the rules read each finding in one place only and nothing blocks a rule: then a screen is exact."""
    rules = [item for item in knowledge.rules if item.id not in knowledge.generated]
    tests = [leaf for item in rules for leaf in leaves(item.when) if isinstance(leaf, FINDING_TESTS)]
    names = [name for leaf in tests for name in findings_of(leaf)]
    plain = not any(isinstance(leaf, Later | Unknown) for leaf in tests) and all(can_be_met(knowledge, leaf) for leaf in tests)
    return plain and len(set(names)) == len(names) and not any(item.blockers for item in rules)


plain = bases_and_cases(
    most_cases=4, max_rules=2, max_leaves=2, screens="reach", later=False, sides=False, gates=False, constraints=False
)


@settings(max_examples=50)
@given(plain.filter(lambda drawn: bool(drawn[0].screens) and reads_each_finding_once(drawn[0])))
def test_a_screen_is_open_only_while_some_answer_can_raise_what_it_guards(drawn: tuple[KnowledgeBase, list[Case]]) -> None:
    knowledge, made = drawn
    bitplane = Bitplane(compile_program(knowledge))
    for case in made:
        if knowledge.screens[0].open in bitplane.evaluate(case).grade:
            assert any(reaches(knowledge, bitplane.evaluate(item)) for item in completions(knowledge, case))


# The cross-check --------------------------------------------------------------------------------------------------------------


def with_wrong_rule(knowledge: KnowledgeBase, number: int) -> Program:
    """The program of the same knowledge in which one rule never fires."""
    wrong = knowledge.rules[number].model_copy(update={"when": Present(finding="never_given")})
    rules = (*knowledge.rules[:number], wrong, *knowledge.rules[number + 1 :])
    return compile_program(knowledge.model_copy(update={"rules": rules}))


@pytest.mark.parametrize("pair", [("reference", "compiled"), ("durable", "compiled"), ("durable", "reference")])
@pytest.mark.parametrize("wrong_one", [0, 1])
@given(bases_and_cases(most_cases=2))
@settings(max_examples=20)
def test_a_wrong_rule_in_one_evaluator_is_caught(
    pair: tuple[str, str], wrong_one: int, drawn: tuple[KnowledgeBase, list[Case]]
) -> None:
    if "durable" in pair and not rete.available():
        pytest.skip("durable-rules is not for this Python")
    knowledge, made = drawn
    for case in made:
        for name in sorted(reference.evaluate(knowledge, case).fired):
            engine = Engine(knowledge, pair)
            program = with_wrong_rule(knowledge, [item.id for item in knowledge.rules].index(name))
            evaluators = list(engine._evaluate)
            evaluators[wrong_one] = (pair[wrong_one], Bitplane(program).evaluate)
            vars(engine)["_evaluate"] = tuple(evaluators)
            with pytest.raises(EvaluatorDisagreement) as caught:
                engine.infer(case)
            assert set(caught.value.results) == set(pair)
            assert str(caught.value).endswith("no answer is given (both results are in .results)")


def test_a_disagreement_comes_with_a_case_that_reproduces_it(knowledge: KnowledgeBase, tmp_path: Any) -> None:
    raw = {
        "case": "both",
        "as_of": "2026-03-01",
        "findings": {"saddle_numbness": {"value": True, "recorded_by": "Dr A"}, "symptom_days": 3},
    }
    engine = Engine(knowledge, ("reference", "compiled"))
    vars(engine)["_evaluate"] = (engine._evaluate[0], ("compiled", lambda case: Outcome(frozenset(), ())))
    with pytest.raises(EvaluatorDisagreement) as caught:
        engine.infer(read_case(raw, knowledge))
    path = tmp_path / "case.yaml"
    path.write_text(caught.value.case_yaml)
    assert read_case(path, knowledge) == read_case(raw, knowledge)
    with pytest.raises(EvaluatorDisagreement):
        engine.infer(read_case(path, knowledge))


def test_refuses_an_unknown_evaluator(knowledge: KnowledgeBase) -> None:
    with pytest.raises(EngineError, match="unknown evaluators clips; choose from durable, compiled, reference"):
        Engine(knowledge, ("clips",))


def test_a_trace_is_rebuilt_only_under_the_same_knowledge(knowledge: KnowledgeBase, engine: Engine) -> None:
    other = Engine(base_of(rule("r", Present(finding="a"))), ("compiled",))
    with pytest.raises(EngineError, match="made under other knowledge"):
        other.trace(engine.infer(Case()))


def test_without_durable_rules_the_reference_takes_its_place() -> None:
    code = """
import sys
sys.modules["durable"] = None
import sijoint
assessment = sijoint.assess({"findings": {"saddle_numbness": True}})
print(sijoint.default_evaluators(), assessment.inference.evaluators, assessment.disposition)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "('reference', 'compiled') ('reference', 'compiled') emergency\n"
