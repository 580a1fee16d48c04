"""An assessment as a document: the published shape `sijoint.assessment/1`. Within /1 keys are only added.

In: what was inferred. Out: `AssessmentDocument`, whose JSON is byte-identical for the same case and knowledge.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from ..engine.case import Case, Recorded, Value
from ..engine.trace import Blocked, Checked, Contradiction, Firing, Trace, holding_leaves
from ..knowledge.conditions import Unknown
from ..knowledge.frozen import FrozenDict, FrozenMapping
from ..knowledge.items import URGENCY, Label
from ..knowledge.language import Conclusion, Difference, KnowledgeBase
from ..knowledge.screens import unanswered
from .estimates import EstimateResult

SCHEMA: Literal["sijoint.assessment/1"] = "sijoint.assessment/1"
NOT_DETERMINED = "not_determined"
NO_FLAG = "no_flag_in_answers"

FROZEN = ConfigDict(frozen=True, extra="forbid")


class Concluded(BaseModel):
    """One derived conclusion: its grade, kind and owner, and the rules that fired for it."""

    model_config = FROZEN
    id: str
    grade: str
    kind: str
    pack: str
    rules: tuple[str, ...] = ()


class ScreenState(BaseModel):
    """How far a screen has come: open while a question that can still matter is unanswered."""

    model_config = FROZEN
    id: str
    open: bool
    asked: int
    answered: int
    unanswered: tuple[str, ...]


class GivenFinding(BaseModel):
    """A finding as it was given."""

    model_config = FROZEN
    finding: str
    value: Value
    recorded_by: str | None = None
    recorded_on: str | None = None
    method: str | None = None
    note: str | None = None


class GivenCase(BaseModel):
    """The case that was assessed."""

    model_config = FROZEN
    id: str
    as_of: date | None = None
    findings: tuple[GivenFinding, ...]


class StepResult(BaseModel):
    """What one step of a case changed."""

    model_config = FROZEN
    step: int
    as_of: date | None = None
    title: str | None = None
    disposition: str
    gained: tuple[str, ...]
    lost: tuple[str, ...]


class PackVersion(BaseModel):
    """A pack that took part."""

    model_config = FROZEN
    pack: str
    version: str


class KnowledgeRecord(BaseModel):
    """Which knowledge answered: its fingerprint and pack versions, and the parameters that a local policy set.

    `not_shipped` names packs that bear the name of a shipped pack and are another.
    """

    model_config = FROZEN
    fingerprint: str
    packs: tuple[PackVersion, ...]
    overrides: FrozenMapping[str, str] = Field(default_factory=FrozenDict)
    certificate: str | None = None
    not_shipped: tuple[str, ...] | None = None

    @property
    def named_packs(self) -> str:
        """Every pack with its version, and whether it only bears the name of a shipped one."""
        other = self.not_shipped or ()
        return ", ".join(f"{it.pack} {it.version}{', not the shipped one' if it.pack in other else ''}" for it in self.packs)


class SoftwareRecord(BaseModel):
    """Which software answered."""

    model_config = FROZEN
    name: str
    version: str


class AssessmentDocument(BaseModel):
    """One assessment, whole."""

    model_config = ConfigDict(frozen=True, extra="forbid", title="sijoint.assessment/1", serialize_by_alias=True)
    schema_: Literal["sijoint.assessment/1"] = Field(default=SCHEMA, alias="schema")
    case: GivenCase
    disposition: str
    contradictions: tuple[Contradiction, ...]
    screens: tuple[ScreenState, ...]
    conclusions: tuple[Concluded, ...]
    withheld: tuple[Blocked, ...]
    firings: tuple[Firing, ...]
    steps: tuple[StepResult, ...]
    weakest_links: FrozenMapping[str, Label] = Field(default_factory=FrozenDict)
    differences: tuple[Difference, ...] = ()
    estimates: tuple[EstimateResult, ...] = ()
    knowledge: KnowledgeRecord
    software: SoftwareRecord
    evaluators: tuple[str, ...]


def conclude(knowledge: KnowledgeBase, grades: Mapping[str, str], fired: frozenset[str]) -> tuple[Concluded, ...]:
    """The derived conclusions in order of kind, then of declaration."""
    order = {name: number for number, name in enumerate(knowledge.kind_by_id)}
    derived = [item for item in knowledge.conclusions if item.id in grades]
    return tuple(
        Concluded(
            id=item.id,
            grade=grades[item.id],
            kind=item.kind,
            pack=item.pack,
            rules=tuple(rule.id for rule in knowledge.rules_for[item.id] if rule.id in fired),
        )
        for item in sorted(derived, key=lambda item: order[item.kind])
    )


def disposition_of(knowledge: KnowledgeBase, grades: Mapping[str, str]) -> str:
    """The highest tier that holds; without one, whether every screen was completed. Never "none"."""
    if URGENCY in grades:
        return grades[URGENCY]
    complete = knowledge.screens and not any(screen.open in grades for screen in knowledge.screens)
    return NO_FLAG if complete else NOT_DETERMINED


def given(case: Case) -> GivenCase:
    """The case as part of the document."""
    return GivenCase(id=case.case, as_of=case.as_of, findings=tuple(_given(item) for item in case.findings))


def _given(item: Recorded) -> GivenFinding:
    content: dict[str, Any] = {key: getattr(item, key) for key in ("finding", "value", "recorded_by", "method", "note")}
    return GivenFinding(**content, recorded_on=item.recorded_on.isoformat() if item.recorded_on else None)


def knowledge_record(knowledge: KnowledgeBase, certificate: str | None = None) -> KnowledgeRecord:
    """Which knowledge answered, and the certificate that matches it."""
    overridden = (item for item in knowledge.parameters if item.overridden_by)
    return KnowledgeRecord(
        fingerprint=knowledge.fingerprint,
        not_shipped=knowledge.not_shipped or None,
        packs=tuple(PackVersion(pack=item.pack, version=item.version) for item in knowledge.packs),
        overrides={item.id: f"{item.value} {item.unit}, set by {item.overridden_by}" for item in overridden},
        certificate=certificate,
    )


def actionable(knowledge: KnowledgeBase, conclusion: Conclusion | Concluded) -> bool:
    """Whether a conclusion is advice that a gate may hold back."""
    return knowledge.kind_by_id[conclusion.kind].actionable


def screen_states(knowledge: KnowledgeBase, trace: Trace, case: Case) -> tuple[ScreenState, ...]:
    """How far each screen has come, with the questions that keep it open."""
    found = []
    for screen in knowledge.screens:
        rule = next(rule for rule in knowledge.rules_for[screen.open] if rule.id == f"{screen.pack}/{screen.open}")
        firing = next((item for item in trace.firings if item.rule == rule.id), None)
        asked = screen.ask or unanswered(rule.when)
        missing = tuple(name for name in asked if name not in case.values) if firing else ()
        if firing and not screen.ask:
            still = set(_holding_unknowns(firing))
            missing = tuple(name for name in missing if name in still)
        answered = sum(name in case.values for name in asked)
        found.append(ScreenState(id=screen.id, open=bool(firing), asked=len(asked), answered=answered, unanswered=missing))
    return tuple(found)


def _holding_unknowns(firing: Firing) -> list[str]:
    return [leaf.finding for leaf in holding_leaves(firing.when) if isinstance(leaf, Unknown)]


def recorded_firings(knowledge: KnowledgeBase, trace: Trace) -> tuple[Firing, ...]:
    """The firings as the document records them: of an open screen only what keeps it open, each condition once."""
    screens = {f"{screen.pack}/{screen.open}" for screen in knowledge.screens}
    return tuple(
        firing.model_copy(update={"when": _holding(firing.when)}) if firing.rule in screens else firing
        for firing in trace.firings
    )


def _holding(check: Checked) -> Checked:
    """A condition with those of its members that hold, each once."""
    if check.leaf is not None:
        return check
    kept = dict.fromkeys(_holding(member) for member in check.of if member.holds)
    return check.model_copy(update={"of": tuple(kept)})
