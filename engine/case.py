"""A case: the findings of one patient at one moment, validated against the knowledge.

In: a mapping, a path, or a `Case`. Out: a frozen `Case`, or one `CaseError` that lists every problem with its place. Published as
`sijoint.case/1`. What is not listed is unknown; `null` says so explicitly.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from functools import cached_property
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from ..knowledge.frozen import FrozenDict, FrozenModel

SCHEMA: Literal["sijoint.case/1"] = "sijoint.case/1"

CaseId = Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]
Note = Annotated[str, StringConstraints(max_length=10_000)]
Value = bool | int | float | str


class Recorded(BaseModel):
    """One value and, where given, who recorded it, when and how."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
    finding: str
    value: Value
    recorded_by: Note | None = None
    recorded_on: datetime | date | None = None
    method: Note | None = None
    note: Note | None = None

    def __repr__(self) -> str:
        return f"Recorded({self.finding})"

    __str__ = __repr__


class Step(BaseModel):
    """What changed later: findings recorded, and findings withdrawn (unknown again)."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    as_of: date | None = None
    title: Note | None = None
    findings: tuple[Recorded, ...] = ()
    withdrawn: tuple[str, ...] = ()


class Case(FrozenModel):
    """The findings of one patient, sorted by id. Its repr names no value."""

    model_config = ConfigDict(ignored_types=(cached_property,))
    case: CaseId = "case"
    as_of: date | None = None
    findings: tuple[Recorded, ...] = ()
    steps: tuple[Step, ...] = ()

    @cached_property
    def recorded(self) -> Mapping[str, Recorded]:
        """What was recorded, by finding id."""
        return FrozenDict((item.finding, item) for item in self.findings)

    @cached_property
    def values(self) -> Mapping[str, Value]:
        """The value of every known finding, by id."""
        return FrozenDict((item.finding, item.value) for item in self.findings)

    def moments(self) -> tuple[Case, ...]:
        """The case as it stood at first and after each step, each without steps; the last is the one to act on."""
        if not self.steps:
            return (self,)
        moment = Case.model_construct(case=self.case, as_of=self.as_of, findings=self.findings, steps=())
        found = [moment]
        for step in self.steps:
            moment = moment.after(step)
            found.append(moment)
        return tuple(found)

    def after(self, step: Step) -> Case:
        """This case with one step taken: later values replace earlier ones."""
        kept = {key: item for key, item in self.recorded.items() if key not in step.withdrawn}
        kept |= {item.finding: item for item in step.findings}
        findings = tuple(kept[key] for key in sorted(kept))
        return Case.model_construct(case=self.case, as_of=step.as_of or self.as_of, findings=findings, steps=())

    def __repr__(self) -> str:
        return f"Case({len(self.findings)} findings, {len(self.steps)} steps)"

    __str__ = __repr__


class CaseDocument(BaseModel):
    """The published shape of a case file; `sijoint.case/1` as JSON Schema is made from it."""

    model_config = ConfigDict(extra="forbid", title="sijoint.case/1")
    schema_: Literal["sijoint.case/1"] = Field(default=SCHEMA, alias="schema")
    case: CaseId = "case"
    as_of: date | None = None
    findings: dict[str, FindingEntry] = Field(default_factory=dict)
    steps: list[StepEntry] = Field(default_factory=list, max_length=200)


class ValueEntry(BaseModel):
    """A value with who recorded it, when and how."""

    model_config = ConfigDict(extra="forbid")
    value: Value | None
    recorded_by: Note | None = None
    recorded_on: datetime | date | None = None
    method: Note | None = None
    note: Note | None = None


class SidesEntry(BaseModel):
    """The values of a finding that has sides."""

    model_config = ConfigDict(extra="forbid")
    left: Value | ValueEntry | None = None
    right: Value | ValueEntry | None = None


FindingEntry = Value | ValueEntry | SidesEntry | None


class StepEntry(BaseModel):
    """What changed later, in order; `null` withdraws a finding."""

    model_config = ConfigDict(extra="forbid")
    as_of: date | None = None
    title: Note | None = None
    findings: dict[str, FindingEntry] = Field(default_factory=dict)


CaseDocument.model_rebuild()
