"""What cannot change and what is past: the marks by which a counterfactual leaves a fact alone, or only asks again."""

from __future__ import annotations

from sijoint.knowledge.language import KnowledgeBase

FIXED = {
    "age_years",
    "sex",
}
PAST = {
    "bacteraemia_or_endocarditis",
    "cancer_history",
    "days_since_fall",
    "days_since_heavy_lifting",
    "major_trauma",
    "minor_injury",
    "pain_began_early_in_pregnancy",
    "pelvic_imaging_or_block_for_pgp",
    "pelvic_radiotherapy",
    "pregnant_before",
    "previous_fragility_fracture",
    "previous_low_back_pain",
    "previous_pelvic_trauma",
    "previous_stress_fracture",
    "recent_fall",
    "recent_heavy_lifting",
    "recent_procedure_or_infection",
    "recent_spinal_anaesthesia",
    "spinal_fusion",
    "told_bone_out_of_place",
}


def test_what_cannot_change_is_marked(knowledge: KnowledgeBase) -> None:
    """Each stated once more: a mark that is lost, or given to another finding, is a promise changed."""
    assert {item.base for item in knowledge.findings if item.fixed} == FIXED


def test_what_is_past_is_marked(knowledge: KnowledgeBase) -> None:
    assert {item.base for item in knowledge.findings if item.past} == PAST
