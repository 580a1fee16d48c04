"""The knowledge language as frozen models: what each item of a pack may hold.

In: plain values from YAML. Out: models. Items that hold conditions are read in two steps: `RuleItem` is the rule as written,
`Rule` the rule with ids, sides, parameters and gates resolved. docs/knowledge-language.md is the page for authors.
"""

from __future__ import annotations

from datetime import date
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from .claims import Accepted, Card, Invariant
from .conditions import FROZEN, Condition, NotDerived
from .items import ONLY_GRADE, Id, Item, Label, Line, ReferenceId, Side, SidedId, Text
from .words import Wording


class Kind(BaseModel):
    """A kind of conclusion; an actionable kind is blocked by every conclusion of `unless`."""

    model_config = FROZEN
    actionable: bool = False
    candidates: bool = False
    headline: bool = False
    unless: tuple[Id, ...] = ()


class Override(BaseModel):
    """A parameter as a local policy sets it."""

    model_config = FROZEN
    parameter: Id
    value: int | float
    source: Line
    because: Line


class Pack(Item):
    """`pack.yaml`: who speaks, about what, resting on which other packs."""

    pack: Id
    title: Line
    version: Annotated[str, StringConstraints(pattern=r"^\d+\.\d+\.\d+$")]
    kind: Literal["domain", "local_policy"] = "domain"
    authority: Text
    requires: tuple[Id, ...] = ()
    intended_use: Text
    misuse: Text
    kinds: dict[Id, Kind] = Field(default_factory=dict)
    overrides: tuple[Override, ...] = ()


class Finding(Item):
    """An observation about the patient that a case may give."""

    id: SidedId
    type: Literal["yes_no", "number", "choice"]
    obtained_by: Literal["history", "examination", "record"]
    unit: Line | None = None
    range: tuple[int | float, int | float] | None = None
    whole: bool = False
    choices: tuple[Id, ...] = ()
    per: Literal["side"] | None = None
    side: Side | None = None
    fixed: bool = False
    past: bool = False
    codes: dict[Id, Line] = Field(default_factory=dict)
    source: tuple[ReferenceId, ...] = Field(min_length=1)

    @property
    def base(self) -> str:
        """The id without its side."""
        return self.id.partition(".")[0]


class Conclusion(Item):
    """A derived fact that a pack declares as an outcome; grades run from weakest to strongest."""

    id: SidedId
    kind: Id
    grades: tuple[Id, ...] = Field(default=(ONLY_GRADE,), min_length=1)
    shared: bool = False
    within: Id | None = None
    per: Literal["side"] | None = None
    side: Side | None = None
    codes: dict[Id, Line] = Field(default_factory=dict)
    source: tuple[ReferenceId, ...] = Field(min_length=1)

    @property
    def base(self) -> str:
        """The id without its side."""
        return self.id.partition(".")[0]

    def rank(self, grade: str) -> int:
        """Position of a grade, 0 for the weakest."""
        return self.grades.index(grade)


class Parameter(Item):
    """A named number that rules use in place of a bare one."""

    id: Id
    value: int | float
    unit: Line
    range: tuple[int | float, int | float]
    source: tuple[ReferenceId, ...] = Field(min_length=1)
    interpretation: Text | None = None
    checked: date
    overridden_by: str | None = None
    declared_value: int | float | None = None


class Reference(Item):
    """Something a rule may cite: a statement of a document, a row of evidence, a publication or an opinion."""

    id: ReferenceId
    kind: Literal["statement", "evidence", "paper", "guideline", "page", "opinion", "design"]
    document: Line | None = None
    lines: Line | None = None
    claim: Text | None = None
    strength: Line | None = None
    citation: Text | None = None
    doi: Line | None = None
    url: Line | None = None
    certainty: tuple[Label, ...] = ()
    cites: tuple[ReferenceId, ...] = ()
    checked: date | None = None
    review_by: date | None = None


class RuleItem(Item):
    """A rule as its author wrote it; `when` is still plain YAML."""

    id: Id
    title: Line
    for_: Literal["side"] | None = Field(default=None, alias="for")
    when: Any
    unless: tuple[SidedId | dict[SidedId, Id], ...] = ()
    then: SidedId | tuple[SidedId, ...] | dict[SidedId, Id] = Field(min_length=1)
    source: tuple[ReferenceId, ...] = Field(min_length=1)
    interpretation: Text | None = None
    because: Text | None = None
    certainty: tuple[Label, ...] = ()

    model_config = ConfigDict(**FROZEN, serialize_by_alias=True)


class Consequence(BaseModel):
    """What a rule concludes, at which grade."""

    model_config = FROZEN
    conclusion: SidedId
    grade: Id


class Rule(Item):
    """A rule ready to be carried out: fires when `when` holds and no item of `unless` was derived.

    `gates` are the items that the kinds of its conclusions add; they block exactly as `unless` does.
    """

    id: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*/[a-z][a-z0-9_]*(\.(left|right))?$")]
    title: Line
    side: Side | None = None
    when: Condition
    unless: tuple[NotDerived, ...] = ()
    gates: tuple[NotDerived, ...] = ()
    then: tuple[Consequence, ...] = Field(min_length=1)
    source: tuple[ReferenceId, ...]
    interpretation: Text | None = None
    because: Text | None = None
    certainty: tuple[Label, ...] = ()

    @property
    def blockers(self) -> tuple[NotDerived, ...]:
        """Every item that must not have been derived, the author's first."""
        return (*self.unless, *(gate for gate in self.gates if gate not in self.unless))


class ConstraintItem(Item):
    """Answers that cannot all hold, as written."""

    id: Id
    never: tuple[Any, ...] = Field(min_length=2)
    because: Line


class Constraint(Item):
    """Tests of findings that cannot all hold in one patient."""

    id: Id
    never: tuple[Condition, ...]
    because: Line


class Screen(Item):
    """A screen: open while one of `ask` is unknown, or while the answers missing could still reach a grade."""

    id: Id
    title: Line
    ask: tuple[SidedId, ...] = ()
    reach: dict[Id, Id] = Field(default_factory=dict)
    open: Id
    source: tuple[ReferenceId, ...] = Field(min_length=1)
    interpretation: Text | None = None


class Difference(Item):
    """Where a publication and another source differ, agree, or nothing was studied."""

    id: Id
    about: tuple[SidedId, ...] = Field(min_length=1)
    verdict: Literal["differs", "agrees", "not_studied"]
    says: Text
    says_source: tuple[ReferenceId, ...] = Field(min_length=1)
    published: Text
    published_source: tuple[ReferenceId, ...] = ()
    certainty: tuple[Label, ...] = Field(min_length=1)
    wording: Line


class Variant(BaseModel):
    """One published likelihood ratio: an interval and, where given, its point."""

    model_config = FROZEN
    label: Line
    likelihood_ratio: tuple[float, float]
    point: float | None = None
    source: tuple[ReferenceId, ...] = Field(min_length=1)


class Estimate(Item):
    """Arithmetic on published figures, shown beside a conclusion and never read by a rule."""

    id: Id
    title: Line
    formula: Literal["post_test_probability"]
    shown_with: SidedId
    pre_test: tuple[float, float]
    variants: tuple[Variant, ...] = Field(min_length=1)
    assumptions: Text


class NotEncoded(Item):
    """A row of evidence that is in no rule, and why."""

    id: ReferenceId
    reason: Text


class NearMiss(BaseModel):
    """One changed finding after which the rules named stay silent; written `{finding: value}` when it silences every rule
    of `fires`.
    """

    model_config = FROZEN
    change: dict[str, Any] = Field(min_length=1)
    silent: tuple[SidedId, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, raw: Any) -> Any:
        return raw if isinstance(raw, dict) and "change" in raw else {"change": raw}


class PackCase(Item):
    """A case beside the rules and what is expected of it; `contradicts` lists every constraint that its answers break."""

    case: Id
    as_of: date | None = None
    findings: dict[str, Any] = Field(default_factory=dict)
    steps: tuple[Any, ...] = ()
    fires: tuple[SidedId, ...] = ()
    silent: tuple[SidedId, ...] = ()
    then: dict[SidedId, Id] = Field(default_factory=dict)
    never: tuple[SidedId, ...] = ()
    contradicts: tuple[Id, ...] | None = None
    near_misses: tuple[NearMiss, ...] = ()
    note: Text | None = None


class KnowledgeBase(BaseModel):
    """Every loaded pack, resolved and checked; what the engine infers with. Order is that of the files, required packs
    first.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", ignored_types=(cached_property,))
    packs: tuple[Pack, ...]
    kinds: tuple[tuple[Id, Kind], ...]
    findings: tuple[Finding, ...]
    conclusions: tuple[Conclusion, ...]
    parameters: tuple[Parameter, ...]
    references: tuple[Reference, ...]
    rules: tuple[Rule, ...]
    constraints: tuple[Constraint, ...] = ()
    screens: tuple[Screen, ...] = ()
    differences: tuple[Difference, ...] = ()
    estimates: tuple[Estimate, ...] = ()
    not_encoded: tuple[NotEncoded, ...] = ()
    wording: tuple[Wording, ...] = ()
    cases: tuple[PackCase, ...] = ()
    invariants: tuple[Invariant, ...] = ()
    accepted: tuple[Accepted, ...] = ()
    cards: tuple[Card, ...] = ()
    fingerprint: str = ""

    def __hash__(self) -> int:
        return hash(self.fingerprint)

    @cached_property
    def finding_by_id(self) -> dict[str, Finding]:
        """Findings by id; sided ones by their sided ids."""
        return {item.id: item for item in self.findings}

    @cached_property
    def conclusion_by_id(self) -> dict[str, Conclusion]:
        """Conclusions by id; sided ones by their sided ids."""
        return {item.id: item for item in self.conclusions}

    @cached_property
    def rule_by_id(self) -> dict[str, Rule]:
        """Rules by `pack/rule`, sided ones with their side."""
        return {item.id: item for item in self.rules}

    @cached_property
    def reference_by_id(self) -> dict[str, Reference]:
        """References by id."""
        return {item.id: item for item in self.references}

    @cached_property
    def parameter_by_id(self) -> dict[str, Parameter]:
        """Parameters by id, as any local policy sets them."""
        return {item.id: item for item in self.parameters}

    @cached_property
    def kind_by_id(self) -> dict[str, Kind]:
        """Kinds by id, in the order of display."""
        return dict(self.kinds)

    @cached_property
    def rules_for(self) -> dict[str, tuple[Rule, ...]]:
        """The rules that may conclude a conclusion, in order."""
        found: dict[str, list[Rule]] = {item.id: [] for item in self.conclusions}
        for rule in self.rules:
            for consequence in rule.then:
                found[consequence.conclusion].append(rule)
        return {key: tuple(value) for key, value in found.items()}
