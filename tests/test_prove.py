"""Proofs: planted faults are refuted, the solver agrees with the evaluators and with brute force, and a small limit is honest."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sijoint.engine import reference
from sijoint.engine.case import Case, Recorded
from sijoint.engine.case_reader import read_case
from sijoint.engine.moments import moments_of
from sijoint.knowledge.claims import Invariant
from sijoint.knowledge.conditions import Derived
from sijoint.knowledge.errors import KnowledgeError
from sijoint.knowledge.language import KnowledgeBase
from sijoint.knowledge.loader import load_knowledge
from sijoint.knowledge.regions import regions
from small_pack import changed_rule, load, parts, rule
from strategies import cases, knowledge_bases

from sijoint.verify.case_files import case_file
from sijoint.verify.formula import Formula, ask
from sijoint.verify.prove import Prover, counted, prove
from sijoint.verify.report import render_proof
from sijoint.verify.second import disagreements

SLOW = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))


def verdicts(knowledge: KnowledgeBase) -> dict[str, str]:
    return {proof.invariant.id: proof.verdict for proof in prove(knowledge)}


def test_proves_every_invariant_of_sound_knowledge(tmp_path: Path) -> None:
    assert set(verdicts(load(tmp_path, parts())).values()) == {"proved"}


def without_gate(pack: dict[str, Any]) -> dict[str, Any]:
    kinds = {"flag": {}, "exercise": {}}
    return {**pack, "pack.yaml": {**pack["pack.yaml"], "kinds": kinds}}


FAULTS = {
    "gate removed": (without_gate(parts()), "nothing_while_held"),
    "grade lowered": (changed_rule(parts(), "numb_alarms", then={"alarm": "soon"}), "numb_is_now"),
    "exclusion added": (changed_rule(parts(), "two_alarm", when={"all": ["weak", {"not": "sore"}]}), "numb_never_lowers"),
    "unknown excludes": (changed_rule(parts(), "walking", when={"all": ["sore", {"unknown": "weak"}]}), "unknown_asks"),
    "rule made unreachable": (changed_rule(parts(), "walking", when={"all": ["sore", "held"]}), "all_fire"),
    "conclusion made unreachable": (changed_rule(parts(), "walking", when={"all": ["sore", "held"]}), "all_reached"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_refutes_a_planted_fault(fault: str, tmp_path: Path) -> None:
    pack, invariant = FAULTS[fault]
    assert verdicts(load(tmp_path, pack))[invariant] == "refuted"


def test_counterexample_is_a_case_that_runs(tmp_path: Path) -> None:
    knowledge = load(tmp_path, FAULTS["gate removed"][0])
    proof = next(proof for proof in prove(knowledge) if proof.invariant.id == "nothing_while_held")
    assert proof.case
    path = tmp_path / "case.yaml"
    path.write_text(case_file(proof.case), encoding="utf-8")
    grades = reference.evaluate(knowledge, read_case(path, knowledge)).grade
    assert {"held", "walk"} <= set(grades)
    assert "because for this patient it holds that" in render_proof(proof, knowledge)


def test_counterexample_of_a_change_is_one_step(tmp_path: Path) -> None:
    knowledge = load(tmp_path, FAULTS["exclusion added"][0])
    proof = next(proof for proof in prove(knowledge) if proof.invariant.id == "numb_never_lowers")
    assert proof.case
    assert len(proof.case.steps) == 1
    assert "alarm: soon -> not derived" in render_proof(proof, knowledge)


def test_unknown_is_honest_at_limit_one(tmp_path: Path) -> None:
    proofs = prove(load(tmp_path, FAULTS["gate removed"][0]), limit=1)
    assert "unknown" in {proof.verdict for proof in proofs}
    assert counted(proofs) != f"{len(proofs)} of {len(proofs)} invariants proved"


def test_shipped_knowledge_is_unknown_at_limit_one() -> None:
    prover = Prover(load_knowledge(), limit=1)
    held = next(item for item in prover.knowledge.invariants if item.id == "nothing_given_on_hold")
    assert prover.never(held).verdict == "unknown"


def test_shipped_invariants_about_patients_are_proved() -> None:
    prover = Prover(load_knowledge())
    for invariant in prover.knowledge.invariants:
        if invariant.form == "never":
            assert prover.never(invariant).verdict == "proved", invariant.id
        if invariant.form == "change":
            assert prover.change(invariant).verdict == "proved", invariant.id


def test_second_solver_agrees(tmp_path: Path) -> None:
    pytest.importorskip("cvc5")
    assert disagreements(prove(load(tmp_path, parts()))) == []


def test_same_limit_gives_the_same_proofs(tmp_path: Path) -> None:
    knowledge = load(tmp_path, FAULTS["gate removed"][0])
    first, second = ([render_proof(proof, knowledge) for proof in prove(knowledge)] for _ in range(2))
    assert first == second


def test_refuses_an_invariant_of_two_forms(tmp_path: Path) -> None:
    pack = parts()
    pack["invariants.yaml"] = [{"id": "both", "says": "x", "never": "numb", "always": "numb"}]
    with pytest.raises(KnowledgeError, match="K007"):
        load(tmp_path, pack)


def test_refuses_an_unknown_kind_in_an_invariant(tmp_path: Path) -> None:
    pack = parts()
    pack["invariants.yaml"] = [{"id": "one", "says": "x", "never": {"kind": "exercises"}}]
    with pytest.raises(KnowledgeError, match="did you mean exercise"):
        load(tmp_path, pack)


def test_refuses_a_circle(tmp_path: Path) -> None:
    pack = parts()
    pack["rules.yaml"] = [*pack["rules.yaml"], rule("circle", {"all": ["held"]}, {"alarm": "soon"})]
    with pytest.raises(KnowledgeError, match="K010"):
        load(tmp_path, pack)


@SLOW
@given(st.data())
def test_solver_and_evaluators_agree(data: st.DataObject) -> None:
    knowledge = data.draw(knowledge_bases())
    formula = Formula(knowledge)
    planes = formula.planes
    gates = [*planes.rules.values(), *planes.grades.values()]
    solver = formula.solver([])
    solver.add(*formula.circuit.cone([*gates, *formula.patient.tests.values()]))
    for case in data.draw(st.lists(cases(knowledge), min_size=5, max_size=5)):
        moment = moments_of(case, knowledge)[-1]
        outcome = formula.bitplane.evaluate(moment)
        assert outcome == reference.evaluate(knowledge, moment)
        atoms = [_fixed(formula, number, moment) for number in range(len(formula.program.atoms))]
        expected = [gate if name in outcome.fired else ~gate for name, gate in planes.rules.items()]
        assert ask(solver, *(gate.term for gate in (*atoms, *expected))) is True
        other = ~formula.circuit.any_of([]) & formula.circuit.any_of(~gate for gate in expected)
        solver.add(*formula.circuit.cone([other]))
        assert ask(solver, *(gate.term for gate in (*atoms, other))) is False


def _fixed(formula: Formula, number: int, case: Case) -> Any:
    from sijoint.engine.atoms import decide

    atom = formula.program.atoms[number]
    gate = formula.patient.atom(atom)
    return gate if decide(atom, case) else ~gate


@SLOW
@given(st.data())
def test_brute_force_agrees_with_every_verdict(data: st.DataObject) -> None:
    knowledge = data.draw(knowledge_bases(max_findings=4, later=False))
    names = [(item.id, item.grades[0]) for item in knowledge.conclusions]
    outcomes = [reference.evaluate(knowledge, case).grade for case in everyone(knowledge)]
    invariants = tuple(
        Invariant(id=f"never_{number}", says="x", form="never", violation=Derived(conclusion=name, grade=grade))
        for number, (name, grade) in enumerate(names)
    )
    knowledge = knowledge.with_items(invariants=invariants)
    for (name, _), proof in zip(names, prove(knowledge), strict=True):
        assert proof.verdict == ("refuted" if any(name in grades for grades in outcomes) else "proved")
    fired = {rule for case in everyone(knowledge) for rule in reference.evaluate(knowledge, case).fired}
    formula = Formula(knowledge)
    for item in knowledge.rules:
        assert ask(formula.solver([formula.planes.rules[item.id]])) is (item.id in fired)


def everyone(knowledge: KnowledgeBase) -> list[Case]:
    """Every patient that the rules can tell apart; at most some thousands."""
    read = regions(knowledge)
    names = sorted(read)
    found = []
    for values in product(*(read[name] for name in names)):
        given_values = [
            Recorded(finding=name, value=value) for name, value in zip(names, values, strict=True) if value is not None
        ]
        found.append(Case(findings=tuple(given_values)))
        if len(found) > 20_000:
            break
    return found


STATED = {
    "answering_no_never_raises",
    "answers_that_are_an_emergency",
    "article_never_lowers_urgency",
    "causes_partition",
    "cluster_not_read_under_a_flag",
    "core_question_keeps_open",
    "disc_not_waved_away",
    "emergency_flag_is_an_emergency",
    "every_conclusion_reachable",
    "every_rule_can_fire",
    "evidence_never_lowers_urgency",
    "final_means_complete",
    "left_cluster_positive_or_negative",
    "left_support_excludes_against",
    "massage_never_the_only_plan",
    "mobility_needs_stiffness",
    "mobility_trial_needs_stiffness",
    "no_cause_without_presentation",
    "nothing_given_before_the_core_screen",
    "nothing_given_on_hold",
    "nothing_given_under_a_flag",
    "nothing_of_the_article_without_presentation",
    "nothing_resolves_without_a_flag",
    "one_state_of_the_plan",
    "raised_emergency_stays_until_resolved",
    "raised_soon_stays_until_resolved",
    "raised_urgent_stays_until_resolved",
    "red_flag_answer_never_lowers",
    "restoring_needs_likely_stiffness",
    "right_cluster_positive_or_negative",
    "right_support_excludes_against",
    "sciatica_not_waved_away",
    "screen_states_exclude",
    "si_tests_never_lower_urgency",
    "si_tests_never_raise_urgency",
    "sit_ups_never_advised",
    "something_for_everyone",
    "stabilising_needs_instability",
    "stabilising_trial_needs_instability",
    "support_needs_the_core_screen",
    "trials_exclude_each_other",
    "unknown_only_asks",
    "weak_reassurance_never_lowers",
    "work_up_resolves_its_own_flag",
}
"""What is promised about every patient; an invariant that goes missing is a promise withdrawn."""


def test_no_invariant_goes_missing() -> None:
    assert {item.id for item in load_knowledge().invariants} >= STATED
