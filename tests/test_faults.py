"""Faults in what is not a rule: noticed on the shipped knowledge, and not noticed where the cases are taken away."""

from __future__ import annotations

import pytest
from sijoint.knowledge.language import KnowledgeBase

from sijoint.verify.faults import Noticed, notice


@pytest.fixture(scope="module")
def noticed(knowledge: KnowledgeBase) -> Noticed:
    return notice(knowledge)


NOTICED_ALL = {
    "constraint dropped",
    "constraint too wide",
    "constraint: choice dropped",
    "constraint: condition negated",
    "constraint: threshold moved",
    "heading lost",
    "patient words deleted",
    "promise added",
    "range narrowed",
    "reason hidden",
    "tiers swapped",
    "unit changed",
}
MOSTLY = {"question flipped", "questions swapped"}
"""Where the name itself is a negation, or two names share every word, no comparison with the name can tell."""


def test_every_kind_of_fault_is_planted(noticed: Noticed) -> None:
    assert {fault.kind for fault, _ in noticed.faults} == NOTICED_ALL | MOSTLY


@pytest.mark.parametrize("kind", sorted(NOTICED_ALL))
def test_notices_every_fault_of_a_kind(noticed: Noticed, kind: str) -> None:
    assert [str(fault) for fault in noticed.survivors if fault.kind == kind] == []


@pytest.mark.parametrize("kind", sorted(MOSTLY))
def test_notices_nearly_every_question_that_was_turned_or_swapped(noticed: Noticed, kind: str) -> None:
    planted = [fault for fault, _ in noticed.faults if fault.kind == kind]
    assert sum(fault.kind == kind for fault in noticed.survivors) <= 0.08 * len(planted)


def test_without_its_cases_a_fault_in_a_constraint_or_a_range_is_not_noticed(knowledge: KnowledgeBase) -> None:
    files = ("constraints.cases.yaml", "ranges.cases.yaml")
    fewer = knowledge.with_items(cases=tuple(item for item in knowledge.cases if not item.file.endswith(files)))
    kinds = {fault.kind for fault in notice(fewer).survivors}
    assert {"constraint dropped", "constraint too wide", "range narrowed"} <= kinds
