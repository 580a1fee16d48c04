"""Conditions as data: what a rule tests, after ids, sides and parameters are resolved.

In: nothing. Out: frozen models. A leaf tests one finding or one conclusion; a branch combines conditions. `reference.py` gives
them their meaning; `atoms.py` decides the finding leaves once for every other evaluator.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field

FROZEN = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

Comparison = Literal["over", "at_least", "under", "at_most", "exactly"]
OPPOSITE: dict[Comparison, tuple[Comparison, ...]] = {
    "over": ("at_most",),
    "at_least": ("under",),
    "under": ("at_least",),
    "at_most": ("over",),
    "exactly": ("under", "over"),
}
"""The comparisons of which one holds exactly when a known number fails this one."""


class Present(BaseModel):
    """The yes/no finding is known present."""

    model_config = FROZEN
    test: Literal["present"] = "present"
    finding: str


class Absent(BaseModel):
    """The yes/no finding is known absent."""

    model_config = FROZEN
    test: Literal["absent"] = "absent"
    finding: str


class Unknown(BaseModel):
    """Nothing was recorded for the finding."""

    model_config = FROZEN
    test: Literal["unknown"] = "unknown"
    finding: str


class Known(BaseModel):
    """Something was recorded for the finding."""

    model_config = FROZEN
    test: Literal["known"] = "known"
    finding: str


class NumberTest(BaseModel):
    """The number is known and passes one comparison; `parameter` names where the bound came from."""

    model_config = FROZEN
    test: Literal["number"] = "number"
    finding: str
    comparison: Comparison
    value: int | float
    parameter: str | None = None


class ChoiceTest(BaseModel):
    """The choice is known and one of `choices` (sorted as declared)."""

    model_config = FROZEN
    test: Literal["choice"] = "choice"
    finding: str
    choices: tuple[str, ...]


Symptom = Annotated[Present | Known | NumberTest | ChoiceTest, Field(discriminator="test")]
"""What a work-up has to come after: an answer that passes this test, at any moment of the case."""


class Later(BaseModel):
    """The work-up is known present, signed and dated, and later than every answer, of this moment or an earlier one, that
    passes a test of `than`.
    """

    model_config = FROZEN
    test: Literal["later"] = "later"
    finding: str
    than: tuple[Symptom, ...]


class Earlier(BaseModel):
    """The conclusion was derived at one of `grades`, the weakest that counts first, at an earlier moment of the case."""

    model_config = FROZEN
    test: Literal["earlier"] = "earlier"
    conclusion: str
    grades: tuple[str, ...]

    @property
    def grade(self) -> str:
        """The weakest grade that counts."""
        return self.grades[0]


class NotEarlier(BaseModel):
    """The conclusion was derived at one of `grades`, the weakest that counts first, at no earlier moment of the case."""

    model_config = FROZEN
    test: Literal["not_earlier"] = "not_earlier"
    conclusion: str
    grades: tuple[str, ...]

    @property
    def grade(self) -> str:
        """The weakest grade that counts."""
        return self.grades[0]


class Derived(BaseModel):
    """The conclusion was derived at `grade` or above."""

    model_config = FROZEN
    test: Literal["derived"] = "derived"
    conclusion: str
    grade: str


class NotDerived(BaseModel):
    """The conclusion was not derived at `grade` or above: one item of an `unless`."""

    model_config = FROZEN
    test: Literal["not_derived"] = "not_derived"
    conclusion: str
    grade: str


class All(BaseModel):
    """Every condition holds."""

    model_config = FROZEN
    test: Literal["all"] = "all"
    of: tuple[Condition, ...]


class AnyOf(BaseModel):
    """One condition or more holds."""

    model_config = FROZEN
    test: Literal["any"] = "any"
    of: tuple[Condition, ...]


class AtLeast(BaseModel):
    """`k` conditions or more hold; `parameter` names where `k` came from."""

    model_config = FROZEN
    test: Literal["at_least"] = "at_least"
    k: int
    of: tuple[Condition, ...]
    parameter: str | None = None


FindingTest = Present | Absent | Unknown | Known | NumberTest | ChoiceTest | Later
MomentTest = Earlier | NotEarlier
Atom = FindingTest | MomentTest
"""What is decided before a rule is looked at: inputs of the moment, which no rule of it can change."""
ConclusionTest = Derived | NotDerived
Leaf = Atom | ConclusionTest
Branch = All | AnyOf | AtLeast
Condition = Annotated[Leaf | Branch, Field(discriminator="test")]

FINDING_TESTS = (Present, Absent, Unknown, Known, NumberTest, ChoiceTest, Later)
MOMENT_TESTS = (Earlier, NotEarlier)
ATOMS = (*FINDING_TESTS, *MOMENT_TESTS)
BRANCHES = (All, AnyOf, AtLeast)

for _branch in BRANCHES:
    _branch.model_rebuild()


def leaves(condition: Condition) -> Iterator[Leaf]:
    """Every leaf, left to right; a leaf that stands twice comes twice.

    >>> [leaf.finding for leaf in leaves(All(of=(Present(finding="a"), Absent(finding="b"))))]
    ['a', 'b']
    """
    if isinstance(condition, BRANCHES):
        for member in condition.of:
            yield from leaves(member)
    else:
        yield condition


def value_tests(condition: Condition) -> Iterator[FindingTest]:
    """Every test of a finding's value, those of the answers that a work-up has to follow included."""
    for leaf in leaves(condition):
        if isinstance(leaf, Later):
            yield from leaf.than
        elif isinstance(leaf, FINDING_TESTS):
            yield leaf


def findings_of(leaf: Leaf) -> tuple[str, ...]:
    """The finding ids that a leaf reads, each once; none for a test of a conclusion."""
    if isinstance(leaf, ConclusionTest | MomentTest):
        return ()
    if isinstance(leaf, Later):
        return tuple(dict.fromkeys((leaf.finding, *(symptom.finding for symptom in leaf.than))))
    return (leaf.finding,)


class Conditional(Protocol):
    """What holds under a condition, such as a rule."""

    @property
    def when(self) -> Condition:
        """The condition."""


def unanswered(condition: Condition, parts: Mapping[str, Conditional]) -> tuple[str, ...]:
    """The findings whose being unknown a condition tests, itself or in the parts it reads, in order and once each."""
    found = (leaf.finding for leaf in leaves_within(condition, parts) if isinstance(leaf, Unknown))
    return tuple(dict.fromkeys(found))


def leaves_within(condition: Condition, parts: Mapping[str, Conditional]) -> Iterator[Leaf]:
    """The leaves of a condition, with those of a part in place of its first test."""
    waiting, met = [leaves(condition)], set[str]()
    while waiting:
        leaf = next(waiting[-1], None)
        if leaf is None:
            waiting.pop()
        elif not isinstance(leaf, Derived) or leaf.conclusion not in parts:
            yield leaf
        elif leaf.conclusion not in met:
            met.add(leaf.conclusion)
            waiting.append(leaves(parts[leaf.conclusion].when))
