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
    from .engine.case import Amended, Case, Correction, Moment, Recorded, Step
    from .engine.columns import Batch
    from .engine.infer import Engine, Inference, default_evaluators
    from .engine.program import Outcome
    from .engine.trace import Blocked, Checked, Contradiction, Firing, Trace
    from .explain.answers import Answer
    from .explain.arguments import Argument, Ledger
    from .explain.assessment import Assessment
    from .explain.contrast import Contrast, Deciding, Side
    from .explain.counterfactual import Change, ChangeSet, Counterfactuals
    from .explain.document import (
        AssessmentDocument,
        Concluded,
        GivenCase,
        GivenFinding,
        KnowledgeRecord,
        PackVersion,
        ScreenState,
        SoftwareRecord,
        StepResult,
    )
    from .explain.estimates import EstimateResult, VariantResult
    from .explain.flags import FlagState, Raising, WorkUp
    from .explain.justification import Justification, Reason, RuleProof
    from .explain.questions import Effect, NextQuestion, QuestionGroup
    from .explain.session import Session
    from .explain.settled import Settled
    from .explain.what_if import Shift, Shifts, Told
    from .explain.why_not import RuleDistance, Unmet, WhyNot
    from .front import assess, read_case
    from .knowledge.claims import Accepted, Card, Changing, Invariant
    from .knowledge.conditions import (
        Absent,
        All,
        AnyOf,
        AtLeast,
        ChoiceTest,
        Derived,
        Earlier,
        Known,
        Later,
        NotDerived,
        NotEarlier,
        NumberTest,
        Present,
        Unknown,
    )
    from .knowledge.errors import (
        AskedError,
        CaseError,
        DerivedError,
        EngineError,
        EvaluatorDisagreement,
        KnowledgeError,
        NotDerivedError,
        Problem,
        ProblemsError,
        QuestionError,
        RaisedFlag,
        RowError,
        SijointError,
        UrgentAmongReadable,
    )
    from .knowledge.language import (
        Conclusion,
        Consequence,
        Constraint,
        Difference,
        Estimate,
        Finding,
        Flag,
        Kind,
        KnowledgeBase,
        NearMiss,
        NotEncoded,
        Override,
        Pack,
        PackCase,
        Parameter,
        Reference,
        Rule,
        Screen,
        Variant,
    )
    from .knowledge.loader import load_knowledge
    from .knowledge.words import ConclusionWords, FindingWords, RuleWords, Wording
    from .many import assess_columns, assess_many, assess_row
    from .verify.certificate import CardRecord, Certificate, ProofRecord, matching_certificate

_HOMES = {
    "engine.case": "Amended Case Correction Moment Recorded Step",
    "engine.columns": "Batch",
    "engine.infer": "Engine Inference default_evaluators",
    "engine.program": "Outcome",
    "engine.trace": "Blocked Checked Contradiction Firing Trace",
    "explain.answers": "Answer",
    "explain.arguments": "Argument Ledger",
    "explain.assessment": "Assessment",
    "explain.contrast": "Contrast Deciding Side",
    "explain.counterfactual": "Change ChangeSet Counterfactuals",
    "explain.document": (
        "AssessmentDocument Concluded GivenCase GivenFinding KnowledgeRecord PackVersion ScreenState SoftwareRecord StepResult"
    ),
    "explain.estimates": "EstimateResult VariantResult",
    "explain.flags": "FlagState Raising WorkUp",
    "explain.justification": "Justification Reason RuleProof",
    "explain.questions": "Effect NextQuestion QuestionGroup",
    "explain.session": "Session",
    "explain.settled": "Settled",
    "explain.what_if": "Shift Shifts Told",
    "explain.why_not": "RuleDistance Unmet WhyNot",
    "front": "assess read_case",
    "knowledge.claims": "Accepted Card Changing Invariant",
    "knowledge.conditions": (
        "Absent All AnyOf AtLeast ChoiceTest Derived Earlier Known Later NotDerived NotEarlier NumberTest Present Unknown"
    ),
    "knowledge.errors": (
        "AskedError CaseError DerivedError EngineError EvaluatorDisagreement KnowledgeError NotDerivedError Problem "
        "ProblemsError QuestionError RaisedFlag RowError SijointError UrgentAmongReadable"
    ),
    "knowledge.language": (
        "Conclusion Consequence Constraint Difference Estimate Finding Flag Kind KnowledgeBase NearMiss NotEncoded Override "
        "Pack PackCase Parameter Reference Rule Screen Variant"
    ),
    "knowledge.loader": "load_knowledge",
    "knowledge.words": "ConclusionWords FindingWords RuleWords Wording",
    "many": "assess_columns assess_many assess_row",
    "verify.certificate": "CardRecord Certificate ProofRecord matching_certificate",
}
"""Where the public names live, by module."""
_HOME = {name: home for home, names in _HOMES.items() for name in names.split()}

__all__ = [
    "Absent",
    "Accepted",
    "All",
    "Amended",
    "Answer",
    "AnyOf",
    "Argument",
    "AskedError",
    "Assessment",
    "AssessmentDocument",
    "AtLeast",
    "Batch",
    "Blocked",
    "Card",
    "CardRecord",
    "Case",
    "CaseError",
    "Certificate",
    "Change",
    "ChangeSet",
    "Changing",
    "Checked",
    "ChoiceTest",
    "Concluded",
    "Conclusion",
    "ConclusionWords",
    "Consequence",
    "Constraint",
    "Contradiction",
    "Contrast",
    "Correction",
    "Counterfactuals",
    "Deciding",
    "Derived",
    "DerivedError",
    "Difference",
    "Earlier",
    "Effect",
    "Engine",
    "EngineError",
    "Estimate",
    "EstimateResult",
    "EvaluatorDisagreement",
    "Finding",
    "FindingWords",
    "Firing",
    "Flag",
    "FlagState",
    "GivenCase",
    "GivenFinding",
    "Inference",
    "Invariant",
    "Justification",
    "Kind",
    "KnowledgeBase",
    "KnowledgeError",
    "KnowledgeRecord",
    "Known",
    "Later",
    "Ledger",
    "Moment",
    "NearMiss",
    "NextQuestion",
    "NotDerived",
    "NotDerivedError",
    "NotEarlier",
    "NotEncoded",
    "NumberTest",
    "Outcome",
    "Override",
    "Pack",
    "PackCase",
    "PackVersion",
    "Parameter",
    "Present",
    "Problem",
    "ProblemsError",
    "ProofRecord",
    "QuestionError",
    "QuestionGroup",
    "RaisedFlag",
    "Raising",
    "Reason",
    "Recorded",
    "Reference",
    "RowError",
    "Rule",
    "RuleDistance",
    "RuleProof",
    "RuleWords",
    "Screen",
    "ScreenState",
    "Session",
    "Settled",
    "Shift",
    "Shifts",
    "Side",
    "SijointError",
    "SoftwareRecord",
    "Step",
    "StepResult",
    "Told",
    "Trace",
    "Unknown",
    "Unmet",
    "UrgentAmongReadable",
    "Variant",
    "VariantResult",
    "WhyNot",
    "Wording",
    "WorkUp",
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
