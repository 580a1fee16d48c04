from __future__ import annotations

from brute import small
from hypothesis import given, settings
from sijoint.engine.case import Case
from sijoint.engine.case_reader import read_case
from sijoint.engine.infer import Engine
from sijoint.explain.assessment import Assessment
from sijoint.explain.document import screen_states
from sijoint.explain.questions import LEVELS, next_questions, rank_unknowns
from sijoint.knowledge.language import KnowledgeBase


def _findings(assessment: Assessment, n: int) -> list[str]:
    return [item.finding for group in assessment.next_questions(n) for item in group.questions]


def test_the_screen_comes_first_in_its_own_order(engine: Engine) -> None:
    assessment = Assessment(engine, read_case({"findings": {}}, engine.knowledge))
    core = next(screen for screen in engine.knowledge.screens if screen.ask)
    assert _findings(assessment, len(core.ask)) == list(core.ask)
    answered = dict.fromkeys(core.ask[:2], False)
    later = Assessment(engine, read_case({"findings": answered}, engine.knowledge))
    assert _findings(later, 1) == [core.ask[2]]


def test_each_answer_was_really_assessed(engine: Engine) -> None:
    case = read_case({"findings": {}}, engine.knowledge)
    first = Assessment(engine, case).next_questions(1)[0].questions[0]
    assert [effect.answer.value for effect in first.effects] == [True, False]
    for effect in first.effects:
        told = Assessment(engine, read_case({"findings": {first.finding: effect.answer.value}}, engine.knowledge))
        assert effect.shifts.disposition_after == told.disposition
        assert {item.conclusion for item in effect.shifts.gained} == set(told.grades) - set(Assessment(engine, case).grades)


@given(small())
@settings(max_examples=60)
def test_asks_only_what_is_unknown_each_once_and_by_level(drawn: tuple[KnowledgeBase, Case]) -> None:
    knowledge, case = drawn
    engine = Engine(knowledge, ("compiled", "reference"))
    inference = engine.infer(case)
    ranked = rank_unknowns(engine, inference)
    names = [item.finding for item in ranked]
    assert len(names) == len(set(names))
    assert not set(names) & set(case.values)
    assert [LEVELS.index(item.level) for item in ranked] == sorted(LEVELS.index(item.level) for item in ranked)
    waiting = {name for state in screen_states(knowledge, engine.trace(inference), case) for name in state.unanswered}
    assert {item.finding for item in ranked if item.level == "screen"} == waiting


@given(small())
@settings(max_examples=40)
def test_nothing_that_changes_the_urgency_is_left_out(drawn: tuple[KnowledgeBase, Case]) -> None:
    from brute import plain_answers, recorded
    from sijoint.engine.reference import Reference

    knowledge, case = drawn
    engine = Engine(knowledge, ("compiled", "reference"))
    ranked = {item.finding: item.level for item in rank_unknowns(engine, engine.infer(case))}
    now = Reference(knowledge, case).rank("disposition")
    for item in (item for item in knowledge.findings if item.id not in case.values):
        answers = (recorded(case, (answer,)) for answer in plain_answers(item, knowledge))
        if any(Reference(knowledge, tried).rank("disposition") != now for tried in answers):
            assert ranked[item.id] in ("screen", "disposition")


def test_both_sides_of_a_finding_are_one_group(engine: Engine) -> None:
    core = {item.id: False for item in engine.knowledge.findings if item.type == "yes_no" and item.side is None}
    assessment = Assessment(engine, read_case({"findings": core}, engine.knowledge))
    groups = assessment.next_questions(200)
    assert len({group.finding for group in groups}) == len(groups)
    for group in groups:
        assert all(item.finding.partition(".")[0] == group.finding for item in group.questions)


def test_tries_every_answer_in_one_pass(engine: Engine, passes: list[int]) -> None:
    inference = engine.infer(read_case({"findings": {}}, engine.knowledge))
    passes.clear()
    next_questions(engine, inference, 3)
    assert len(passes) == 1
    assert len(engine.knowledge.findings) < passes[0] <= 4 * len(engine.knowledge.findings)
