from __future__ import annotations

import pytest
from brute import minimal_changes, small
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sijoint.engine.case import Case
from sijoint.engine.case_reader import read_case
from sijoint.engine.reference import Reference
from sijoint.explain.contrast import Contrast, Side, contrast
from sijoint.explain.counterfactual import AskedError
from sijoint.explain.trials import check_contrast
from sijoint.knowledge.conditions import Condition, Derived, NotDerived, leaves
from sijoint.knowledge.language import KnowledgeBase

from sijoint import EngineError


def _tests(knowledge: KnowledgeBase, conclusion: str) -> set[Condition]:
    """What the rules for a conclusion read of findings, through every conclusion that they test."""
    found: set[Condition] = set()
    for rule in knowledge.rules_for[conclusion]:
        for leaf in leaves(rule.when):
            if isinstance(leaf, Derived):
                found |= _tests(knowledge, leaf.conclusion)
            elif not isinstance(leaf, NotDerived):
                found.add(leaf)
    return found


@given(st.data(), small())
@settings(max_examples=60)
def test_agrees_with_brute_force(data: st.DataObject, drawn: tuple[KnowledgeBase, Case]) -> None:
    knowledge, case = drawn
    names = [item.id for item in knowledge.conclusions]
    assume(len(names) > 1)
    a, b = data.draw(st.lists(st.sampled_from(names), min_size=2, max_size=2, unique=True))
    found = contrast(knowledge, case, a, b)
    reference = Reference(knowledge, case)
    for side, other in ((found.a, found.b), (found.b, found.a)):
        alone = _tests(knowledge, side.conclusion) - _tests(knowledge, other.conclusion)
        assert {item.leaf for item in side.holds} == {test for test in alone if reference.holds(test)}
        assert {item.leaf for item in side.fails} == {test for test in alone if not reference.holds(test)}
    expected = minimal_changes(knowledge, case, lambda tried: tried.rank(b) >= 0 > tried.rank(a))
    for brute in expected:
        wanted = dict(brute)
        meeting = [item for item in found.turned_by if {change.finding for change in item.changes} == set(wanted)
                   and all(change.covers(wanted[change.finding]) for change in item.changes)]  # fmt: skip
        assert len(meeting) == 1
    findings = {frozenset(name for name, _ in brute) for brute in expected}
    assert {frozenset(change.finding for change in item.changes) for item in found.turned_by} == findings


def test_only_what_decides_is_named(knowledge: KnowledgeBase) -> None:
    findings = {
        "one_sided_pain": True,
        "dimple_pain": True,
        "recent_fall": True,
        "sharp_pain": True,
        "worse_rolling_in_bed": True,
    }
    found = contrast(knowledge, read_case({"findings": findings}, knowledge), "instability", "force_transfer")
    assert found.a.grade is not None
    assert found.b.grade is None
    assert "recent_fall" in {item.leaf.finding for item in found.a.holds}
    assert "one_sided_pain" not in {item.leaf.finding for item in found.a.holds}
    assert found.common
    assert found.b.fails


def test_the_checker_refuses_a_corrupted_contrast(knowledge: KnowledgeBase) -> None:
    findings = {"one_sided_pain": True, "dimple_pain": True, "recent_fall": True, "worse_rolling_in_bed": True}
    case = read_case({"findings": findings}, knowledge)
    found = contrast(knowledge, case, "instability", "force_transfer")
    check_contrast(knowledge, case, found)
    for bad in _corrupted(found):
        with pytest.raises(EngineError, match="failed its own check"):
            check_contrast(knowledge, case, bad)


def _corrupted(found: Contrast) -> list[Contrast]:
    def changed(side: Side, **update: object) -> Contrast:
        return found.model_copy(update={"a": side.model_copy(update=update)})

    a = found.a
    return [
        changed(a, grade=None),
        changed(a, holds=a.holds[1:]),
        changed(a, holds=(*a.holds, *found.b.fails[:1])),
        changed(a, holds=(a.holds[0].model_copy(update={"value": "left"}), *a.holds[1:])),
        changed(a, fails=(*a.fails, *a.fails[:1])),
    ]


def test_refuses_what_is_not_declared(knowledge: KnowledgeBase) -> None:
    with pytest.raises(AskedError):
        contrast(knowledge, read_case({"findings": {}}, knowledge), "instability", "nothing")
