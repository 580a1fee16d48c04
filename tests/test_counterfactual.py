from __future__ import annotations

from collections import Counter

import pytest
from brute import dated, minimal_changes, reads_dates, small, wanting
from hypothesis import given, settings
from hypothesis import strategies as st
from sijoint.engine.case import Case, Recorded
from sijoint.engine.case_reader import read_case
from sijoint.engine.reference import Reference
from sijoint.explain.counterfactual import AskedError, Counterfactuals, counterfactuals
from sijoint.explain.trials import check_counterfactuals
from sijoint.knowledge.language import KnowledgeBase

from sijoint import EngineError

WANTING = wanting().filter(lambda drawn: len(drawn[0].findings) >= 3)
"""Knowledge that may want three answers at once."""


def _meets(knowledge: KnowledgeBase, conclusion: str, to: str, now: str | None):
    grades = knowledge.conclusion_by_id[conclusion].grades

    def meets(reference: Reference) -> bool:
        rank = reference.rank(conclusion)
        grade = grades[rank] if rank >= 0 else None
        return {"holds": rank >= 0, "fails": rank < 0, "changes": grade != now}.get(to, grade == to)

    return meets


@given(st.one_of(small(), WANTING), st.integers(0, 3))
@settings(max_examples=120)
def test_finds_the_same_minimal_sets_as_brute_force(drawn: tuple[KnowledgeBase, Case], which: int) -> None:
    knowledge, case = drawn
    for item in knowledge.conclusions:
        if not knowledge.rules_for[item.id]:
            continue
        to = ["fails" if Reference(knowledge, case).rank(item.id) >= 0 else "holds", "changes", *item.grades]
        _compare(knowledge, case, counterfactuals(knowledge, case, item.id, to[which % len(to)]))


def test_finds_pairs_and_triples_over_chained_rules() -> None:
    """The strategy draws enough of them: a guard against a comparison that compares nothing."""
    sizes: Counter[int] = Counter()

    @given(WANTING)
    @settings(max_examples=40)
    def count(drawn: tuple[KnowledgeBase, Case]) -> None:
        knowledge, case = drawn
        for item in knowledge.conclusions:
            sizes.update(len(found.changes) for found in counterfactuals(knowledge, case, item.id, "changes").sets)

    count()
    assert min(sizes[1], sizes[2], sizes[3]) >= 10, sizes


@given(st.data(), st.one_of(small(later=True), dated()))
@settings(max_examples=80)
def test_finds_the_same_minimal_sets_where_dates_are_read(data: st.DataObject, drawn: tuple[KnowledgeBase, Case]) -> None:
    knowledge, case = drawn
    to = data.draw(st.sampled_from(["holds", "fails"]))
    for item in knowledge.conclusions:
        if knowledge.rules_for[item.id]:
            _compare(knowledge, case, counterfactuals(knowledge, case, item.id, to))


def _compare(knowledge: KnowledgeBase, case: Case, found: Counterfactuals) -> None:
    expected = minimal_changes(knowledge, case, _meets(knowledge, found.conclusion, found.to, found.now))
    plain = [item for item in found.sets if not any(change.signed for change in item.changes)]
    assert all(
        any(change.finding in reads_dates(knowledge) for change in item.changes) for item in found.sets if item not in plain
    )
    covered = set()
    for brute in expected:
        wanted = dict(brute)
        meeting = [item for item in plain if {change.finding for change in item.changes} == set(wanted)
                   and all(change.covers(wanted[change.finding]) for change in item.changes)]  # fmt: skip
        assert len(meeting) == 1, (brute, plain)
        covered.add(plain.index(meeting[0]))
    assert covered == set(range(len(plain)))
    assert all(knowledge.finding_by_id[change.finding].past is change.re_ask for item in found.sets for change in item.changes)


@given(small(), st.integers(0, 2))
@settings(max_examples=15)
def test_fewer_changes_are_the_smaller_sets_of_more(drawn: tuple[KnowledgeBase, Case], most: int) -> None:
    knowledge, case = drawn
    for item in knowledge.conclusions:
        every = counterfactuals(knowledge, case, item.id, "changes").sets
        assert counterfactuals(knowledge, case, item.id, "changes", most=most).sets == tuple(
            s for s in every if len(s.changes) <= most
        )


def test_changes_only_what_may_change(knowledge: KnowledgeBase) -> None:
    case = read_case({"findings": {}}, knowledge)
    found = counterfactuals(knowledge, case, "disposition", "emergency", may_change=["saddle_numbness"])
    assert {change.finding for item in found.sets for change in item.changes} == {"saddle_numbness"}
    assert "age" in " ".join(found.kept)
    everywhere = counterfactuals(knowledge, case, "disposition", "emergency")
    fixed = {item.id for item in knowledge.findings if item.fixed}
    assert fixed
    assert not fixed & {change.finding for item in everywhere.sets for change in item.changes}


def test_marks_what_lowers_the_urgency_as_something_to_examine_again(knowledge: KnowledgeBase) -> None:
    case = read_case({"findings": {"saddle_numbness": True}}, knowledge)
    found = counterfactuals(knowledge, case, "disposition", "fails", most=1)
    assert found.sets
    assert all(item.re_examine for item in found.sets)
    raising = counterfactuals(knowledge, read_case({"findings": {}}, knowledge), "disposition", "holds", most=1)
    assert not any(item.re_examine for item in raising.sets)


def test_refuses_what_is_not_declared(knowledge: KnowledgeBase) -> None:
    case = read_case({"findings": {}}, knowledge)
    with pytest.raises(AskedError, match="did you mean disposition"):
        counterfactuals(knowledge, case, "dispositon")
    with pytest.raises(AskedError, match="choose from holds, fails, changes, "):
        counterfactuals(knowledge, case, "disposition", "high")


def test_says_so_when_the_goal_is_met_already(knowledge: KnowledgeBase) -> None:
    found = counterfactuals(knowledge, read_case({"findings": {}}, knowledge), "disposition", "fails")
    assert found.met
    assert found.sets == ()


def _answered_no(knowledge: KnowledgeBase) -> Case:
    yes_no = sorted((item for item in knowledge.findings if item.type == "yes_no"), key=lambda item: item.id)
    return Case(findings=tuple(Recorded(finding=item.id, value=False) for item in yes_no))


@pytest.mark.parametrize("answered", [False, True])
def test_tries_pairs_in_one_pass_and_triples_in_one_pass_for_each_answer(
    knowledge: KnowledgeBase, answered: bool, passes: list[int]
) -> None:
    """Passes and cases tried, against the number of findings; what is tried is pruned, not every set of changes."""
    case = _answered_no(knowledge) if answered else read_case({"findings": {}}, knowledge)
    count = len(knowledge.findings)
    for most, calls, tried in ((1, 8, 4 * count), (2, 10, count**2), (3, 2 * count, count**3 // 8)):
        passes.clear()
        counterfactuals(knowledge, case, "disposition", "changes", most=most)
        assert 0 < len(passes) <= calls
        assert 0 < sum(passes) <= tried


@pytest.fixture(scope="module")
def claimed(knowledge: KnowledgeBase) -> tuple[Case, Counterfactuals]:
    case = read_case({"findings": {"one_sided_pain": True, "dimple_pain": True}}, knowledge)
    return case, counterfactuals(knowledge, case, "disposition", "changes")


@pytest.mark.parametrize(
    "corruption", ["drop", "add", "value", "fixed", "before", "grade", "urgency", "examine", "twice", "constraint"]
)
def test_the_checker_refuses_a_corrupted_set(
    knowledge: KnowledgeBase, claimed: tuple[Case, Counterfactuals], corruption: str
) -> None:
    case, result = claimed
    chosen = max(result.sets, key=lambda item: len(item.changes))
    change = chosen.changes[0]
    other = next(item.changes[0] for item in result.sets if item.changes[0].finding not in {c.finding for c in chosen.changes})
    fixed = next(item.id for item in knowledge.findings if item.fixed)
    wrong = {
        "drop": {"changes": chosen.changes[1:]},
        "add": {"changes": (*chosen.changes, other)},
        "value": {"changes": (change.model_copy(update={"value": change.value is False}), *chosen.changes[1:])},
        "fixed": {"changes": (change.model_copy(update={"finding": fixed}), *chosen.changes[1:])},
        "before": {"changes": (change.model_copy(update={"before": "left"}), *chosen.changes[1:])},
        "grade": {"grade": "possible"},
        "urgency": {"disposition": None if chosen.disposition else "urgent"},
        "examine": {"re_examine": not chosen.re_examine},
        "constraint": {"contradicts": ("another",)},
    }
    bad = (chosen, chosen) if corruption == "twice" else (chosen.model_copy(update=wrong.get(corruption, {})),)
    check_counterfactuals(knowledge, case, result.model_copy(update={"sets": (chosen,)}))
    with pytest.raises(EngineError, match="failed its own check"):
        check_counterfactuals(knowledge, case, result.model_copy(update={"sets": bad}))
