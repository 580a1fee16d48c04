"""A case: the findings of one patient at one moment, validated against the knowledge.

In: a mapping, a path, or a `Case`. Out: a frozen `Case`, or one `CaseError` that lists every problem with its place. Published as
`sijoint.case/1`. What is not listed is unknown; `null` says so explicitly.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime
from functools import cached_property
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from ..knowledge.frozen import FrozenDict, FrozenModel
from .unshown import Unshown

SCHEMA: Literal["sijoint.case/1"] = "sijoint.case/1"

CaseId = Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]
Note = Annotated[str, StringConstraints(max_length=10_000)]
Value = bool | int | float | str


class Recorded(BaseModel):
    """One value and, where given, who recorded it, when and how.

    `given_on` is the day of the moment at which it was given; `moved_from` the number as given, where it moved with time
    since; `corrected` says that it replaces a mistake of recording.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
    finding: str
    value: Value
    recorded_by: Note | None = None
    recorded_on: datetime | date | None = None
    method: Note | None = None
    note: Note | None = None
    given_on: date | None = None
    moved_from: int | float | None = None
    corrected: bool = False

    @property
    def dated(self) -> datetime | date | None:
        """When it was recorded: as stated, else the day of its moment."""
        return self.recorded_on or self.given_on

    def __repr__(self) -> str:
        return f"Recorded({self.finding})"

    __str__ = __repr__


class Correction(Unshown):
    """A mistake of recording set right: who, when and why; without a value the answer is unknown."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
    finding: str
    value: Value | None = None
    recorded_by: Note
    recorded_on: datetime | date | None = None
    note: Note


class Step(Unshown):
    """What changed later: findings recorded, findings withdrawn (unknown again), and mistakes of recording corrected."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    as_of: date | None = None
    title: Note | None = None
    findings: tuple[Recorded, ...] = ()
    withdrawn: tuple[str, ...] = ()
    corrections: tuple[Correction, ...] = ()


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

    @property
    def earlier_grades(self) -> Mapping[str, str]:
        """The strongest grade of each conclusion at an earlier moment; none in a case as given."""
        return FrozenDict()

    @property
    def earlier_answers(self) -> Mapping[str, tuple[Recorded, ...]]:
        """The answers of earlier moments that later ones replaced or withdrew, by finding; none in a case as given."""
        return FrozenDict()

    def with_findings(self, changed: Iterable[Recorded], without: Collection[str] = ()) -> Self:
        """The same moment with some findings recorded otherwise, or not at all."""
        kept = {key: item for key, item in self.recorded.items() if key not in without}
        kept |= {item.finding: item for item in changed}
        return self.model_copy(update={"findings": tuple(kept[key] for key in sorted(kept))})

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self.findings)} findings, {len(self.steps)} steps)"

    __str__ = __repr__


class Amended(Unshown):
    """A correction carried out: the answer as it was first given, the moment of the mistake and of its correction.

    Moments are counted from 0. `first` is None where the mistake was a withdrawal.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    moment: int
    at: int
    first: Recorded | None
    correction: Correction


class Moment(Case):
    """A case as it stands at one moment: findings as they count now, and what earlier moments leave behind.

    `history` holds the answers that were replaced or withdrawn since; `lapsed` those that time made unknown; `earlier` the
    strongest grade of each conclusion at an earlier moment; `amended` the corrections made so far in the whole case.
    """

    history: tuple[Recorded, ...] = ()
    lapsed: tuple[Recorded, ...] = ()
    earlier: tuple[tuple[str, str], ...] = ()
    amended: tuple[Amended, ...] = ()

    @cached_property
    def earlier_grades(self) -> Mapping[str, str]:
        """The strongest grade of each conclusion at an earlier moment."""
        return FrozenDict(self.earlier)

    @cached_property
    def earlier_answers(self) -> Mapping[str, tuple[Recorded, ...]]:
        """The answers of earlier moments that later ones replaced or withdrew, by finding, oldest first."""
        found: dict[str, tuple[Recorded, ...]] = {}
        for item in self.history:
            found[item.finding] = (*found.get(item.finding, ()), item)
        return FrozenDict(found)


_WHOLE = Field(gt=-(10**18), lt=10**18)
_TEXT = r"\S"
Name = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=_TEXT)] | Annotated[int, _WHOLE]
Told = Annotated[str, StringConstraints(min_length=1, max_length=10_000, pattern=_TEXT)] | Annotated[int, _WHOLE]
_DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
MomentText = Annotated[
    str,
    StringConstraints(
        pattern=rf"^{_DAY}([T ][0-9]{{2}}:[0-9]{{2}}(:[0-9]{{2}}(\.[0-9]+)?)?(Z|[-+][0-9]{{2}}(:?[0-9]{{2}})?)?)?$",
    ),
]


class CaseDocument(Unshown):
    """The published shape of a case file; `sijoint.case/1` as JSON Schema is made from it."""

    model_config = ConfigDict(extra="forbid", title="sijoint.case/1")
    schema_: Literal["sijoint.case/1"] = Field(default=SCHEMA, alias="schema")
    case: Name | None = "case"
    as_of: MomentText | None = None
    findings: dict[str, FindingEntry] | None = Field(default_factory=dict, max_length=5_000)
    steps: list[StepEntry] | None = Field(default_factory=list, max_length=200)


class ValueEntry(Unshown):
    """A value with who recorded it, when and how; `corrected`, in a step, sets a mistake of recording right."""

    model_config = ConfigDict(extra="forbid")
    value: Value | None
    corrected: bool = False
    recorded_by: Told | None = None
    recorded_on: MomentText | None = None
    method: Told | None = None
    note: Told | None = None


class SidesEntry(Unshown):
    """The values of a finding that has sides."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"minProperties": 1})
    left: Value | ValueEntry | None = None
    right: Value | ValueEntry | None = None


FindingEntry = Value | ValueEntry | SidesEntry | None


class StepEntry(Unshown):
    """What changed later, in order; `null` withdraws a finding."""

    model_config = ConfigDict(extra="forbid")
    as_of: MomentText | None = None
    title: Name | None = None
    findings: dict[str, FindingEntry] | None = Field(default_factory=dict, max_length=5_000)


CaseDocument.model_rebuild()
