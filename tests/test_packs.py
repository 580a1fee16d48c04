"""The shipped packs: cases beside the rules on every evaluator, a firing case and a near miss per rule, every statement."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sijoint.engine import rete
from sijoint.engine.infer import EVALUATORS, engine_for
from sijoint.engine.suite import run_suite
from sijoint.explain.catalogue import render_coverage
from sijoint.knowledge.coverage import coverage_of
from sijoint.knowledge.language import PackCase

from sijoint import Engine, KnowledgeBase, load_knowledge

PACKS = Path(__file__).parents[1] / "knowledge" / "packs"
CLINIC = Path(__file__).parent / "packs" / "clinic"


@pytest.mark.parametrize("evaluator", EVALUATORS)
def test_every_case_beside_the_rules_does_what_it_says(knowledge: KnowledgeBase, evaluator: str) -> None:
    if evaluator == "durable" and not rete.available():
        pytest.skip("durable-rules is not for this Python")
    suite = run_suite(knowledge, engine_for(knowledge, (evaluator,)))
    assert [str(problem) for problem in suite.problems] == []


def test_every_rule_has_a_case_in_which_it_fires_and_a_near_miss(knowledge: KnowledgeBase, engine: Engine) -> None:
    suite = run_suite(knowledge, engine)
    assert [problem.item for problem in suite.problems if problem.code == "K021"] == []
    bases = {rule.id.partition(".")[0] for rule in knowledge.shown_rules}
    assert bases == {rule.partition(".")[0] for rule in suite.fired} & {rule.partition(".")[0] for rule in suite.missed}


def test_a_rule_without_firing_case_or_near_miss_is_reported() -> None:
    clinic = load_knowledge(CLINIC)
    bare = clinic.model_copy(update={"cases": ()})
    missing = {(problem.item, problem.what) for problem in run_suite(bare, Engine(bare, ("compiled",))).problems}
    assert missing == {
        *((f"rule {rule.id}", what) for rule in clinic.rules for what in ("no case in which it fires", "no near miss")),
        *(
            (f"constraint {item.id}", what)
            for item in clinic.constraints
            for what in ("no case that breaks it", "no near miss that keeps it")
        ),
    }


def changed(case: PackCase, **change: Any) -> PackCase:
    return PackCase.model_validate({**case.model_dump(), **change})


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"findings": {}}, "clinic/strain_likely stays silent, expected to fire"),
        ({"silent": ("strain_likely",)}, "clinic/strain_likely fires, expected to stay silent"),
        ({"then": {"strain": "possible"}}, "strain is likely, expected possible"),
        ({"never": ("strain",)}, "strain is derived, expected not to be"),
        ({"fires": ("strain_likly",)}, "unknown rule strain_likly"),
        ({"then": {"strian": "likely"}}, "unknown conclusion strian"),
        ({"findings": {"no_such": True}}, "no_such: unknown finding no_such"),
        ({"near_misses": ({"change": {"days": 12}},)}, "clinic/strain_likely still fires in near miss 1"),
        ({"near_misses": ({"change": {"days": 1, "lifted": False}},)}, "near miss 1 changes 2 findings"),
    ],
)
def test_a_case_that_does_not_do_what_it_says_is_reported(change: dict[str, Any], what: str) -> None:
    clinic = load_knowledge(CLINIC)
    case = next(item for item in clinic.cases if item.case == "lifted_ten_days_ago")
    wrong = clinic.model_copy(update={"cases": (changed(case, **change),)})
    problems = run_suite(wrong, Engine(wrong, ("compiled",))).problems
    assert what in {problem.what for problem in problems if problem.code == "K020"}


def test_every_statement_of_the_document_is_covered(knowledge: KnowledgeBase) -> None:
    rows = [row for row in coverage_of(knowledge) if row.kind == "statement"]
    assert len(rows) == 80
    assert [row.reference for row in rows if not row.used] == []


def test_coverage_ends_with_the_line_that_says_so(knowledge: KnowledgeBase) -> None:
    text, complete = render_coverage(knowledge)
    assert complete
    assert text.endswith("80 of 80 statements covered\n")


def test_a_statement_that_nothing_cites_is_not_covered(knowledge: KnowledgeBase) -> None:
    """Without the rules, findings, conclusions and differences that cite it, a statement counts as open."""
    bare = knowledge.model_copy(update={"rules": (), "findings": (), "conclusions": (), "differences": ()})
    text, complete = render_coverage(bare)
    assert not complete
    assert text.endswith("0 of 80 statements covered\n")


def test_every_actionable_conclusion_is_gated(knowledge: KnowledgeBase) -> None:
    gates = {name for kind in knowledge.kind_by_id.values() if kind.actionable for name in kind.unless}
    assert "treatment_on_hold" in gates
    for rule in knowledge.rules:
        kinds = {knowledge.conclusion_by_id[item.conclusion].kind for item in rule.then}
        wanted = {name for kind in kinds if knowledge.kind_by_id[kind].actionable for name in knowledge.kind_by_id[kind].unless}
        assert wanted <= {gate.conclusion for gate in rule.gates}, rule.id


def test_packs_load_one_after_another_and_alone() -> None:
    flags = load_knowledge(PACKS / "red_flags")
    assert [pack.pack for pack in flags.packs] == ["red_flags"]
    article = load_knowledge(PACKS / "si_joint_article")
    assert [pack.pack for pack in article.packs] == ["red_flags", "si_joint_article"]


def test_the_fingerprint_depends_on_the_knowledge_alone(knowledge: KnowledgeBase) -> None:
    again = load_knowledge(*reversed([PACKS / pack.pack for pack in knowledge.packs]))
    assert again.fingerprint == knowledge.fingerprint
    assert load_knowledge(PACKS / "red_flags").fingerprint != knowledge.fingerprint


def test_no_case_beside_the_rules_is_half_read(knowledge: KnowledgeBase) -> None:
    """A case with a mistake is reported and not run, so that it cannot pass by staying silent."""
    wrong = knowledge.model_copy(
        update={"cases": (knowledge.cases[0].model_copy(update={"findings": {"no_such_finding": True}}),)}
    )
    problems = run_suite(wrong, Engine(wrong, ("compiled",))).problems
    assert any("unknown finding no_such_finding" in problem.what for problem in problems)
