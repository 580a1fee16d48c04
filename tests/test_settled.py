from __future__ import annotations

from datetime import date
from itertools import islice

import pytest
from brute import completions, dated, dated_answers, holds, plain_answers, recorded, small, wanting
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sijoint.engine.case import Case, Recorded
from sijoint.engine.case_reader import read_case
from sijoint.explain.counterfactual import AskedError
from sijoint.explain.settled import settled
from sijoint.knowledge.conditions import All, Later, Present
from sijoint.knowledge.language import KnowledgeBase


def _state(outcomes: set[bool]) -> str:
    return "open" if len(outcomes) == 2 else "always" if True in outcomes else "never"


@given(st.data(), st.one_of(small(), wanting()))
@settings(max_examples=100)
def test_agrees_with_all_completions(data: st.DataObject, drawn: tuple[KnowledgeBase, Case]) -> None:
    knowledge, case = drawn
    item = data.draw(st.sampled_from(knowledge.conclusions))
    grade = data.draw(st.sampled_from(item.grades))
    outcome = {_key(full, knowledge, case): holds(knowledge, full, item.id, grade) for full in completions(knowledge, case)}
    found = settled(knowledge, case, item.id, grade)
    assert found.exact
    assert found.state == _state(set(outcome.values()))
    assert found.holds is holds(knowledge, case, item.id, grade)
    assert set(found.unknowns) == _deciding(knowledge, case, outcome)


def _key(full: Case, knowledge: KnowledgeBase, case: Case) -> tuple[object, ...]:
    return tuple(full.values.get(item.id) for item in knowledge.findings if item.id not in case.values)


def _deciding(knowledge: KnowledgeBase, case: Case, outcome: dict[tuple[object, ...], bool]) -> set[str]:
    """The unknowns of which another answer alone changes the result in some completion."""
    unknown = [item.id for item in knowledge.findings if item.id not in case.values]
    found = set()
    for place, name in enumerate(unknown):
        groups: dict[tuple[object, ...], set[bool]] = {}
        for key, result in outcome.items():
            groups.setdefault((*key[:place], *key[place + 1 :]), set()).add(result)
        if any(len(results) == 2 for results in groups.values()):
            found.add(name)
    return found


@given(st.data(), small(), st.sampled_from([0, 3, 9]))
@settings(max_examples=80)
def test_beyond_the_limit_it_is_never_settled_wrongly(data: st.DataObject, drawn: tuple[KnowledgeBase, Case], limit: int) -> None:
    knowledge, case = drawn
    item = data.draw(st.sampled_from(knowledge.conclusions))
    truth = _state({holds(knowledge, full, item.id, item.grades[0]) for full in completions(knowledge, case)})
    found = settled(knowledge, case, item.id, exact=limit)
    assert found.state in (truth, "open_not_decided")
    if found.state.startswith("open"):
        exact = settled(knowledge, case, item.id)
        assert set(exact.unknowns) <= set(found.unknowns)


@given(st.data(), st.one_of(small(later=True, findings=3), dated()))
@settings(max_examples=100)
def test_is_never_settled_wrongly_where_dates_are_read(data: st.DataObject, drawn: tuple[KnowledgeBase, Case]) -> None:
    knowledge, case = drawn
    full = list(islice(completions(knowledge, case, dated_answers), 5_001))
    assume(len(full) <= 5_000)
    limit = data.draw(st.sampled_from([0, 2**20]))
    for item in (item for item in knowledge.conclusions if knowledge.rules_for[item.id]):
        found = settled(knowledge, case, item.id, exact=limit)
        if found.state in ("always", "never"):
            assert _state({holds(knowledge, one, item.id, item.grades[0]) for one in full}) == found.state


@given(small())
@settings(max_examples=30)
def test_what_is_settled_stays_when_something_is_answered(drawn: tuple[KnowledgeBase, Case]) -> None:
    knowledge, case = drawn
    unknown = [item for item in knowledge.findings if item.id not in case.values]
    for conclusion in knowledge.conclusions:
        before = settled(knowledge, case, conclusion.id)
        if before.state in ("always", "never"):
            for item in unknown[:2]:
                after = recorded(case, (plain_answers(item, knowledge)[0],))
                assert settled(knowledge, after, conclusion.id).state == before.state


def test_nothing_is_open_once_everything_is_answered(knowledge: KnowledgeBase) -> None:
    case = Case(findings=tuple(_first(item, knowledge) for item in sorted(knowledge.findings, key=lambda item: item.id)))
    for conclusion in knowledge.conclusions:
        found = settled(knowledge, case, conclusion.id)
        assert found.state == ("always" if found.holds else "never")
        assert found.unknowns == ()


def _first(item: object, knowledge: KnowledgeBase) -> Recorded:
    return plain_answers(item, knowledge)[0]  # type: ignore[arg-type]


def test_a_red_flag_that_was_raised_can_still_be_resolved(knowledge: KnowledgeBase) -> None:
    found = settled(knowledge, read_case({"findings": {"saddle_numbness": True}}, knowledge), "disposition")
    assert found.holds
    assert found.state in ("open", "open_not_decided", "always")


def test_settles_in_a_few_passes(knowledge: KnowledgeBase, passes: list[int]) -> None:
    for case in (read_case({"findings": {}}, knowledge), read_case({"findings": {"saddle_numbness": True}}, knowledge)):
        for name in ("disposition", "instability"):
            passes.clear()
            settled(knowledge, case, name)
            assert 0 < len(passes) <= 5
            assert sum(passes) <= len(knowledge.findings) ** 2


def test_refuses_what_is_not_declared(knowledge: KnowledgeBase) -> None:
    case = read_case({"findings": {}}, knowledge)
    with pytest.raises(AskedError, match="unknown conclusion nothing"):
        settled(knowledge, case, "nothing")
    with pytest.raises(AskedError, match="has no grade high"):
        settled(knowledge, case, "disposition", "high")


def test_a_symptom_that_may_have_come_before_the_work_up_leaves_it_open(knowledge: KnowledgeBase) -> None:
    """The work-up is signed; the symptom, once answered, may be dated before or after it."""
    later, symptom = Later(finding="recent_fall", than=(Present(finding="sharp_pain"),)), Present(finding="sharp_pain")
    rule = knowledge.rules_for["instability"][0].model_copy(update={"when": All(of=(later, symptom)), "unless": (), "gates": ()})
    small_base = knowledge.with_items(rules=(rule,))
    signed = Recorded(finding="recent_fall", value=True, recorded_by="Dr A", recorded_on=date(2026, 1, 5))
    found = settled(small_base, Case(findings=(signed,)), "instability")
    assert (found.state, found.exact, found.unknowns) == ("open", True, ("sharp_pain",))
