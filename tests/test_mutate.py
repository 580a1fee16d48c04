"""Mutation testing: known survivors are found, killing cases kill, equivalence is exact, and lanes agree with single runs."""

from __future__ import annotations

from pathlib import Path

from hypothesis import HealthCheck, given, settings
from sijoint.engine import reference
from sijoint.knowledge.language import KnowledgeBase
from small_pack import load, parts
from strategies import knowledge_bases
from test_prove import everyone

from sijoint.verify.lanes import suite_lanes
from sijoint.verify.mutants import mutants_of
from sijoint.verify.mutate import Difference, killing_cases, mutate, with_mutant
from sijoint.verify.schemata import Schemata


def test_a_case_taken_away_lets_a_mutant_survive(tmp_path: Path) -> None:
    whole = mutate(load(tmp_path / "whole", parts()))
    pack = parts()
    pack["rules.cases.yaml"] = [item for item in pack["rules.cases.yaml"] if item["case"] != "aged"]
    pack["rules.cases.yaml"].append({"case": "aged", "findings": {"numb": False, "sore": True, "age": 80}, "fires": ["two_alarm"],
                                     "near_misses": [{"age": 20}]})  # fmt: skip
    fewer = mutate(load(tmp_path / "fewer", pack))
    moved = {fate.mutant.what for fate in fewer.survivors} - {fate.mutant.what for fate in whole.survivors}
    assert "age over 50 -> 49" in moved
    assert str(fewer).startswith(f"killed {fewer.killed} of {fewer.counted} mutants (")


def test_survivors_are_shown_with_a_case_that_kills_them(tmp_path: Path) -> None:
    pack = parts()
    pack["rules.cases.yaml"] = pack["rules.cases.yaml"][:1]
    pack["invariants.yaml"] = []
    knowledge = load(tmp_path / "few", pack)
    score = mutate(knowledge)
    assert score.survivors
    for fate in score.survivors:
        if fate.case:
            was, becomes = (reference.evaluate(base, fate.case) for base in (knowledge, with_mutant(knowledge, fate.mutant)))
            assert was != becomes
    pack["faults.cases.yaml"] = [case for _, case in killing_cases(knowledge, score)]
    assert mutate(load(tmp_path / "all", pack)).percent == 100


def test_lanes_agree_with_single_runs(tmp_path: Path) -> None:
    knowledge = load(tmp_path, parts())
    mutants, lanes = list(mutants_of(knowledge)), suite_lanes(knowledge)
    killed = Schemata(knowledge, lanes).killed(mutants)
    for mutant, by in zip(mutants, killed, strict=True):
        changed = with_mutant(knowledge, mutant)
        noticed = False
        for lane in lanes:
            outcome = reference.evaluate(changed, lane.case)
            noticed |= not set(lane.fires) <= outcome.fired or bool(set(lane.silent) & outcome.fired)
            noticed |= any(outcome.grade.get(name) != grade for name, grade in lane.then.items())
            noticed |= any(name in outcome.grade for name in lane.never)
        assert noticed <= (by is not None), str(mutant)
        assert noticed or by is None or by.by.startswith("invariant ")


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(knowledge_bases(max_rules=4, max_findings=3, later=False, screens=False))
def test_equivalence_is_what_brute_force_says(knowledge: KnowledgeBase) -> None:
    difference = Difference(knowledge)
    for mutant in list(mutants_of(knowledge))[:40]:
        changed = with_mutant(knowledge, mutant)
        both = difference.knowledge.with_items(rules=(*knowledge.rules, *changed.rules))
        shown = any(reference.evaluate(knowledge, case) != reference.evaluate(changed, case) for case in everyone(both))
        assert difference.differs(mutant) is shown, str(mutant)
