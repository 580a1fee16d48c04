"""An assessment as a document: the published shape `sijoint.assessment/1`. Within /1 keys are only added.

In: what was inferred. Out: `AssessmentDocument`, whose JSON is byte-identical for the same case and knowledge.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from ..engine.case import Case, Recorded, Value
from ..engine.moments import day_of, lapsed_in
from ..engine.trace import Blocked, Checked, Contradiction, Firing, Trace, holding_unknowns, keeping_open
from ..engine.unshown import Unshown
from ..knowledge.frozen import FrozenDict, FrozenMapping
from ..knowledge.items import NO_FLAG, NO_OPEN_FLAG, NOT_DETERMINED, URGENCY, Label
from ..knowledge.language import Conclusion, Difference, KnowledgeBase
from .estimates import EstimateResult
from .flags import FlagState

SCHEMA: Literal["sijoint.assessment/1"] = "sijoint.assessment/1"
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


class GivenFinding(Unshown):
    """A finding as it was given."""

    model_config = FROZEN
    shown = ("finding",)
    finding: str
    value: Value
    recorded_by: str | None = None
    recorded_on: str | None = None
    method: str | None = None
    note: str | None = None
    moved_from: int | float | None = None
    given_on: date | None = None


class GivenCase(Unshown):
    """The case that was assessed."""

    model_config = FROZEN
    id: str
    as_of: date | None = None
    findings: tuple[GivenFinding, ...]


class StepResult(Unshown):
    """What one step of a case changed."""

    model_config = FROZEN
    shown = ("step",)
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


class AssessmentDocument(Unshown):
    """One assessment, whole."""

    model_config = ConfigDict(frozen=True, extra="forbid", title="sijoint.assessment/1", serialize_by_alias=True)
    schema_: Literal["sijoint.assessment/1"] = Field(default=SCHEMA, alias="schema")
    case: GivenCase
    disposition: str
    contradictions: tuple[Contradiction, ...]
    flags: tuple[FlagState, ...] = ()
    lapsed: tuple[GivenFinding, ...] = ()
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
    """The derived conclusions in order of kind, then of declaration; without those that stand for parts of a screen."""
    order = {name: number for number, name in enumerate(knowledge.kind_by_id)}
    derived = [item for item in knowledge.declared if item.id in grades]
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
    """The highest tier that holds; without one, whether every screen was completed and a flag was raised. Never "none"."""
    if URGENCY in grades:
        return grades[URGENCY]
    complete = knowledge.screens and not any(screen.open in grades for screen in knowledge.screens)
    if not complete:
        return NOT_DETERMINED
    return NO_OPEN_FLAG if any(flag.raised in grades for flag in knowledge.flags) else NO_FLAG


def given(case: Case) -> GivenCase:
    """The case as it stands, as part of the document."""
    return GivenCase(id=case.case, as_of=case.as_of, findings=tuple(_given(item) for item in case.findings))


def lapsed_answers(case: Case) -> tuple[GivenFinding, ...]:
    """The answers that time made unknown, as they were given."""
    return tuple(map(_given, lapsed_in(case)))


def _given(item: Recorded) -> GivenFinding:
    content: dict[str, Any] = {key: getattr(item, key) for key in ("finding", "value", "recorded_by", "method", "note")}
    if item.moved_from is not None:
        content |= {"moved_from": item.moved_from, "given_on": day_of(item.dated) if item.dated else None}
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
    fired = {item.rule: item for item in trace.firings}
    for screen in knowledge.screens:
        rule = next(rule for rule in knowledge.rules_for[screen.open] if rule.id == f"{screen.pack}/{screen.open}")
        firing = fired.get(rule.id)
        asked = knowledge.asked_by(screen)
        missing = tuple(name for name in asked if name not in case.values) if firing else ()
        if firing and not screen.ask:
            still = set(holding_unknowns(rule, knowledge, lambda item: fired[item.id].when))
            missing = tuple(name for name in missing if name in still)
        answered = sum(name in case.values for name in asked)
        found.append(ScreenState(id=screen.id, open=bool(firing), asked=len(asked), answered=answered, unanswered=missing))
    return tuple(found)


def recorded_firings(knowledge: KnowledgeBase, trace: Trace) -> tuple[Firing, ...]:
    """The firings as the document records them: of an open screen every test that keeps it open, each once."""
    fired = {item.rule: item for item in trace.firings}
    parts = {rule.id for rule in knowledge.part_by_id.values()}
    found: list[Firing] = []
    for firing in (item for item in trace.firings if item.rule not in parts):
        if firing.rule in knowledge.screening:
            rule = knowledge.rule_by_id[firing.rule]
            held = tuple(keeping_open(rule, knowledge, lambda item: fired[item.id].when))
            firing = firing.model_copy(update={"when": Checked(test="any", holds=True, of=held)})
        found.append(firing.model_copy(update={"order": len(found) + 1}))
    return tuple(found)
