"""Explainable, safety-first clinical rules: `assess` a patient's findings and ask the result why.

    >>> import sijoint
    >>> assessment = sijoint.assess({"findings": {"one_sided_pain": True, "saddle_numbness": True}})
    >>> assessment.disposition
    'emergency'

Nothing heavy is imported until it is used; importing starts no thread. Assessments may be made from any thread.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .engine.case import Case
    from .engine.columns import Batch
    from .engine.infer import Engine, default_evaluators
    from .explain.arguments import Ledger
    from .explain.assessment import Assessment
    from .explain.contrast import Contrast
    from .explain.counterfactual import AskedError, Counterfactuals
    from .explain.document import AssessmentDocument, Concluded
    from .explain.justification import Justification, NotDerivedError
    from .explain.questions import QuestionGroup
    from .explain.session import Session
    from .explain.settled import Settled
    from .explain.what_if import Shifts
    from .explain.why_not import WhyNot
    from .front import assess, read_case
    from .knowledge.errors import CaseError, EngineError, EvaluatorDisagreement, KnowledgeError, Problem, SijointError
    from .knowledge.language import KnowledgeBase
    from .knowledge.loader import load_knowledge
    from .many import assess_columns, assess_many, assess_row
    from .verify.certificate import matching_certificate

_HOME = {
    "AskedError": "explain.counterfactual",
    "Assessment": "explain.assessment",
    "AssessmentDocument": "explain.document",
    "Batch": "engine.columns",
    "Case": "engine.case",
    "CaseError": "knowledge.errors",
    "Concluded": "explain.document",
    "Contrast": "explain.contrast",
    "Counterfactuals": "explain.counterfactual",
    "Engine": "engine.infer",
    "EngineError": "knowledge.errors",
    "EvaluatorDisagreement": "knowledge.errors",
    "Justification": "explain.justification",
    "KnowledgeBase": "knowledge.language",
    "KnowledgeError": "knowledge.errors",
    "Ledger": "explain.arguments",
    "NotDerivedError": "explain.justification",
    "Problem": "knowledge.errors",
    "QuestionGroup": "explain.questions",
    "Session": "explain.session",
    "Settled": "explain.settled",
    "Shifts": "explain.what_if",
    "SijointError": "knowledge.errors",
    "WhyNot": "explain.why_not",
    "assess": "front",
    "assess_columns": "many",
    "assess_many": "many",
    "assess_row": "many",
    "default_evaluators": "engine.infer",
    "load_knowledge": "knowledge.loader",
    "matching_certificate": "verify.certificate",
    "read_case": "front",
}

__all__ = [
    "AskedError",
    "Assessment",
    "AssessmentDocument",
    "Batch",
    "Case",
    "CaseError",
    "Concluded",
    "Contrast",
    "Counterfactuals",
    "Engine",
    "EngineError",
    "EvaluatorDisagreement",
    "Justification",
    "KnowledgeBase",
    "KnowledgeError",
    "Ledger",
    "NotDerivedError",
    "Problem",
    "QuestionGroup",
    "Session",
    "Settled",
    "Shifts",
    "SijointError",
    "WhyNot",
    "assess",
    "assess_columns",
    "assess_many",
    "assess_row",
    "default_evaluators",
    "load_knowledge",
    "matching_certificate",
    "read_case",
]


def __getattr__(name: str) -> Any:
    """Import a public name from its home the first time it is used."""
    if name not in _HOME:
        raise AttributeError(f"module 'sijoint' has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f".{_HOME[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
