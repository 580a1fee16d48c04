from __future__ import annotations

from brute import small
from hypothesis import given, settings
from sijoint.engine.case import Case
from sijoint.engine.case_reader import read_case
from sijoint.engine.infer import Engine
from sijoint.engine.reference import Reference
from sijoint.explain.arguments import arguments
from sijoint.explain.assessment import Assessment
from sijoint.knowledge.language import Kind, KnowledgeBase


def _with_candidates(knowledge: KnowledgeBase) -> KnowledgeBase:
    return knowledge.with_items(kinds=tuple((name, Kind(candidates=True)) for name, _ in knowledge.kinds))


@given(small())
@settings(max_examples=60)
def test_each_item_stands_on_the_side_of_its_value(drawn: tuple[KnowledgeBase, Case]) -> None:
    knowledge, case = _with_candidates(drawn[0]), drawn[1]
    reference = Reference(knowledge, case)
    ledgers = arguments(knowledge, case, {})
    assert [ledger.conclusion for ledger in ledgers] == [item.id for item in knowledge.declared]
    for ledger in ledgers:
        assert all(item.finding not in case.values for item in ledger.unconfirmed)
        assert all(item.finding in case.values for item in ledger.against)
        assert all(reference.holds(test) for item in ledger.supports for test in item.tests)
        for item in (*ledger.supports, *ledger.against, *ledger.unconfirmed):
            assert item.rules
            assert item.value == case.values.get(item.finding)
        sides = [{item.finding for item in part} for part in (ledger.supports, ledger.unconfirmed)]
        assert not sides[0] & sides[1]


def test_the_ledger_of_a_cause(engine: Engine) -> None:
    findings = {"one_sided_pain": True, "dimple_pain": True, "recent_fall": True, "sharp_pain": False}
    assessment = Assessment(engine, read_case({"findings": findings}, engine.knowledge))
    ledger = next(item for item in assessment.arguments() if item.conclusion == "instability")
    assert {"recent_fall", "one_sided_pain"} <= {item.finding for item in ledger.supports}
    assert "sharp_pain" in {item.finding for item in ledger.against}
    assert "burning_pain" in {item.finding for item in ledger.unconfirmed}
    candidates = {name for name, kind in engine.knowledge.kinds if kind.candidates}
    assert {item.conclusion for item in assessment.arguments()} == {
        item.id for item in engine.knowledge.conclusions if item.kind in candidates
    }
