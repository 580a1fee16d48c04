"""The knowledge language as frozen models: what each item of a pack may hold.

In: plain values from YAML. Out: models. Items that hold conditions are read in two steps: `RuleItem` is the rule as written,
`Rule` the rule with ids, sides, parameters and gates resolved. docs/knowledge-language.md is the page for authors.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from datetime import date
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from .claims import Accepted, Card, Invariant
from .conditions import FROZEN, ConclusionTest, Condition, Earlier, NotDerived, NotEarlier, leaves, unanswered
from .fingerprint import fingerprint_of, identity_of
from .frozen import FrozenDict, FrozenMapping, FrozenModel, FrozenValues, frozen
from .items import ONLY_GRADE, Id, Item, Label, Line, Number, ReferenceId, Side, SidedId, Text, YesNo
from .words import Wording


class Kind(BaseModel):
    """A kind of conclusion; an actionable kind is blocked by every conclusion of `unless`."""

    model_config = FROZEN
    actionable: YesNo = False
    candidates: YesNo = False
    headline: YesNo = False
    unless: tuple[Id, ...] = ()


class Override(BaseModel):
    """A parameter as a local policy sets it."""

    model_config = FROZEN
    parameter: Id
    value: Number
    source: Line
    because: Line


class Pack(Item):
    """`pack.yaml`: who speaks, about what, resting on which other packs, in which files."""

    pack: Id
    title: Line
    version: Annotated[str, StringConstraints(pattern=r"^\d+\.\d+\.\d+$")]
    kind: Literal["domain", "local_policy"] = "domain"
    authority: Text
    requires: tuple[Id, ...] = ()
    files: tuple[Line, ...] = ()
    intended_use: Text
    misuse: Text
    kinds: FrozenMapping[Id, Kind] = Field(default_factory=FrozenDict)
    overrides: tuple[Override, ...] = ()


Days = Annotated[int, Field(ge=0)] | Annotated[str, StringConstraints(pattern=r"^\$[a-z][a-z0-9_]{0,59}$")]
"""A number of days, or the parameter that holds it."""


class Finding(Item):
    """An observation about the patient that a case may give.

    A number that `elapses` moves on with time; moved past its range it is unknown, and so is the yes/no that it `implies`. A
    no of a finding is `good_for` so many days and unknown after them.
    """

    id: SidedId
    type: Literal["yes_no", "number", "choice"]
    obtained_by: Literal["history", "examination", "record"]
    unit: Line | None = None
    range: tuple[Number, Number] | None = None
    whole: YesNo = False
    choices: tuple[Id, ...] = ()
    per: Literal["side"] | None = None
    side: Side | None = None
    fixed: YesNo = False
    past: YesNo = False
    elapses: Literal["days", "weeks", "months", "years"] | None = None
    good_for: Days | None = None
    implies: Id | None = None
    codes: FrozenMapping[Id, Line] = Field(default_factory=FrozenDict)
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
    shared: YesNo = False
    within: Id | None = None
    per: Literal["side"] | None = None
    side: Side | None = None
    codes: FrozenMapping[Id, Line] = Field(default_factory=FrozenDict)
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
    value: Number
    unit: Line
    range: tuple[Number, Number]
    source: tuple[ReferenceId, ...] = Field(min_length=1)
    interpretation: Text | None = None
    checked: date
    overridden_by: str | None = None
    declared_value: Number | None = None


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
    """A screen: open while one of `ask` is unknown, or while the answers missing could still reach a grade.

    A no to one of its questions is `good_for` so many days; `fixed` findings keep their answer.
    """

    id: Id
    title: Line
    ask: tuple[SidedId, ...] = ()
    reach: FrozenMapping[Id, Id] = Field(default_factory=FrozenDict)
    open: Id
    good_for: Days | None = None
    source: tuple[ReferenceId, ...] = Field(min_length=1)
    interpretation: Text | None = None


class Flag(Item):
    """A flag: once `raised` at a moment it stays so at all later ones, until its work-up has `resolved` it.

    `open` is the conclusion that holds while it is raised and not resolved, at the same grade.
    """

    id: Id
    title: Line
    raised: Id
    resolved: Id
    open: Id
    work_up: Id
    source: tuple[ReferenceId, ...] = Field(min_length=1)
    interpretation: Text | None = None

    def staying(self, grade: str) -> str:
        """The id of the rule by which the flag stays raised at a grade."""
        return f"{self.pack}/{self.id}_stays_{grade}"


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
    change: FrozenValues = Field(min_length=1)
    silent: tuple[SidedId, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, raw: Any) -> Any:
        return raw if isinstance(raw, dict) and "change" in raw else {"change": raw}


class PackCase(Item):
    """A case beside the rules and what is expected of it; `contradicts` lists every constraint that its answers break."""

    case: Id
    as_of: date | None = None
    findings: FrozenValues = Field(default_factory=FrozenDict)
    steps: Annotated[tuple[Any, ...], AfterValidator(frozen)] = ()
    fires: tuple[SidedId, ...] = ()
    silent: tuple[SidedId, ...] = ()
    then: FrozenMapping[SidedId, Id] = Field(default_factory=FrozenDict)
    never: tuple[SidedId, ...] = ()
    contradicts: tuple[Id, ...] | None = None
    near_misses: tuple[NearMiss, ...] = ()
    note: Text | None = None


class KnowledgeBase(FrozenModel):
    """Every loaded pack, resolved and checked; what the engine infers with. Order is that of the files, required packs
    first. `not_shipped` names packs that bear the name of a shipped pack and are another.
    """

    model_config = ConfigDict(ignored_types=(cached_property,))
    packs: tuple[Pack, ...]
    kinds: tuple[tuple[Id, Kind], ...]
    findings: tuple[Finding, ...]
    conclusions: tuple[Conclusion, ...]
    parameters: tuple[Parameter, ...]
    references: tuple[Reference, ...]
    rules: tuple[Rule, ...]
    constraints: tuple[Constraint, ...] = ()
    screens: tuple[Screen, ...] = ()
    flags: tuple[Flag, ...] = ()
    differences: tuple[Difference, ...] = ()
    estimates: tuple[Estimate, ...] = ()
    not_encoded: tuple[NotEncoded, ...] = ()
    wording: tuple[Wording, ...] = ()
    cases: tuple[PackCase, ...] = ()
    invariants: tuple[Invariant, ...] = ()
    accepted: tuple[Accepted, ...] = ()
    cards: tuple[Card, ...] = ()
    screen_parts: tuple[Id, ...] = ()
    not_shipped: tuple[Id, ...] = ()
    fingerprint: str = ""

    def __hash__(self) -> int:
        return hash(self.fingerprint)

    def __repr__(self) -> str:
        return f"KnowledgeBase({len(self.packs)} packs, {len(self.rules)} rules, {self.fingerprint[:12]})"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        """Whether everything is equal, from digests that each base computes once."""
        if self is other or not isinstance(other, KnowledgeBase):
            return self is other
        return self.identity == other.identity and self.cases == other.cases

    def with_items(self, **parts: tuple[Any, ...]) -> KnowledgeBase:
        """The same knowledge with some items replaced, under the fingerprint of what it then holds.

        `with_items(rules=(*knowledge.rules, more))`; items are taken as they are, resolved and checked by the caller.
        """
        held = {name: getattr(self, name) for name in type(self).model_fields}
        made = self.model_construct(**{**held, **parts})
        sealed = self.model_construct(**{**held, **parts, "fingerprint": made.content})
        sealed.__dict__["content"] = made.content
        return sealed

    @cached_property
    def content(self) -> str:
        """The fingerprint of what this base holds, whatever it says in `fingerprint`."""
        return fingerprint_of(self)

    @cached_property
    def identity(self) -> str:
        """A digest of everything but the cases beside the rules, files, lines and claims included."""
        return identity_of(self)

    @cached_property
    def finding_by_id(self) -> Mapping[str, Finding]:
        """Findings by id; sided ones by their sided ids."""
        return FrozenDict((item.id, item) for item in self.findings)

    @cached_property
    def conclusion_by_id(self) -> Mapping[str, Conclusion]:
        """Conclusions by id; sided ones by their sided ids."""
        return FrozenDict((item.id, item) for item in self.conclusions)

    @cached_property
    def rule_by_id(self) -> Mapping[str, Rule]:
        """Rules by `pack/rule`, sided ones with their side."""
        return FrozenDict((item.id, item) for item in self.rules)

    @cached_property
    def reference_by_id(self) -> Mapping[str, Reference]:
        """References by id."""
        return FrozenDict((item.id, item) for item in self.references)

    @cached_property
    def parameter_by_id(self) -> Mapping[str, Parameter]:
        """Parameters by id, as any local policy sets them."""
        return FrozenDict((item.id, item) for item in self.parameters)

    @cached_property
    def ageing(self) -> frozenset[str]:
        """The findings whose answers change with time alone: numbers that move, and a no that is good for some days."""
        moving = {item.id for item in self.findings if item.elapses}
        return frozenset(moving | set(self.good_for))

    @cached_property
    def good_for(self) -> Mapping[str, int]:
        """For how many days a no counts, by finding: the least that the finding or a screen that asks it says."""
        found: dict[str, int] = {}
        said = [(item.id, item.good_for) for item in self.findings]
        said += [(name, screen.good_for) for screen in self.screens for name in self.asked_by(screen)]
        for name, days in said:
            if days is not None and not self.finding_by_id[name].fixed:
                found[name] = min(self.days(days), found.get(name, self.days(days)))
        return FrozenDict(found)

    def days(self, written: int | str) -> int:
        """A number of days as written: the number, or the value of `$parameter`."""
        return int(self.parameter_by_id[written[1:]].value) if isinstance(written, str) else written

    def asked_by(self, screen: Screen) -> tuple[str, ...]:
        """The questions of a screen: those it lists, or all that its rule waits for."""
        rule = self.rule_by_id.get(f"{screen.pack}/{screen.open}")
        return screen.ask or (unanswered(rule.when, self.part_by_id) if rule else ())

    @cached_property
    def remembered(self) -> Mapping[str, tuple[str, ...]]:
        """The grades of each conclusion that some rule asks earlier moments for."""
        read = (leaf.conclusion for rule in self.rules for leaf in leaves(rule.when) if isinstance(leaf, Earlier | NotEarlier))
        return FrozenDict((name, self.conclusion_by_id[name].grades) for name in dict.fromkeys(read))

    @cached_property
    def kind_by_id(self) -> Mapping[str, Kind]:
        """Kinds by id, in the order of display."""
        return FrozenDict(self.kinds)

    @cached_property
    def rests_on(self) -> Mapping[str, tuple[str, ...]]:
        """For each conclusion those that its rules test, in order and once each."""
        found: dict[str, tuple[str, ...]] = {}
        for name, rules in self.rules_for.items():
            tests = (test for rule in rules for test in (*leaves(rule.when), *rule.blockers))
            found[name] = tuple(dict.fromkeys(test.conclusion for test in tests if isinstance(test, ConclusionTest)))
        return FrozenDict(found)

    @cached_property
    def part_by_id(self) -> Mapping[str, Rule]:
        """The generated conclusions that stand for parts of the condition of a screen, each with its rule."""
        made = set(self.screen_parts)
        return FrozenDict((part.conclusion, rule) for rule in self.rules for part in rule.then if part.conclusion in made)

    @cached_property
    def declared(self) -> tuple[Conclusion, ...]:
        """The conclusions that packs declare: all but those that stand for parts of a screen."""
        return tuple(item for item in self.conclusions if item.id not in self.part_by_id)

    @cached_property
    def shown_rules(self) -> tuple[Rule, ...]:
        """The rules that are listed: those an author wrote, and one for each screen."""
        parts = {rule.id for rule in self.part_by_id.values()}
        return tuple(rule for rule in self.rules if rule.id not in parts)

    @cached_property
    def generated(self) -> frozenset[str]:
        """Ids of the rules that no author wrote: those of screens, and those by which flags stay raised."""
        staying = (flag.staying(grade) for flag in self.flags for grade in self.conclusion_by_id[flag.raised].grades)
        return self.screening.union(staying)

    @cached_property
    def screening(self) -> frozenset[str]:
        """Ids of the rules of the screens and of their parts."""
        return frozenset((*(f"{item.pack}/{item.open}" for item in self.screens), *(r.id for r in self.part_by_id.values())))

    @cached_property
    def rules_for(self) -> Mapping[str, tuple[Rule, ...]]:
        """The rules that may conclude a conclusion, in order."""
        found: dict[str, list[Rule]] = {item.id: [] for item in self.conclusions}
        for rule in self.rules:
            for consequence in rule.then:
                found[consequence.conclusion].append(rule)
        return FrozenDict((key, tuple(value)) for key, value in found.items())


def in_order(conclusion: str, rests_on: Mapping[str, Iterable[str]], decided: Container[str]) -> Iterator[str]:
    """A conclusion after all that it rests on and that was not decided yet; each is to be decided before the next is asked for.

    >>> decided = []
    >>> for name in in_order("c", {"c": ["b", "a"], "b": ["a"], "a": []}, decided):
    ...     decided.append(name)
    >>> decided
    ['a', 'b', 'c']
    """
    waiting = [conclusion]
    while waiting:
        below = [] if waiting[-1] in decided else [name for name in rests_on[waiting[-1]] if name not in decided]
        if below:
            waiting += below
        elif (name := waiting.pop()) not in decided:
            yield name
