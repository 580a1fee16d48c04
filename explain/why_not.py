"""Why not: for every rule that could conclude something, how far it is from firing and what kind each missing condition is.

In: knowledge, program, case and its grades. Out: `WhyNot`, nearest rule first, down to findings. Within a rule what was not
asked stands before what was answered otherwise. A conclusion that is missing in turn has a tree of its own; one that stood
before is `seen`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Literal

from pydantic import ConfigDict

from ..engine.case import Case, Value
from ..engine.program import Program
from ..engine.trace import Checked, Recorder
from ..engine.unshown import Unshown
from ..knowledge.conditions import Derived, Earlier, Known, Leaf, NotDerived, NotEarlier, Unknown
from ..knowledge.errors import AskedError, DerivedError, nearest
from ..knowledge.items import LABEL_ORDER, Label
from ..knowledge.language import KnowledgeBase, Rule

FROZEN = ConfigDict(frozen=True, extra="forbid")

DEEPEST = 20
"""Conclusions above one another in one tree; what lies deeper is folded, and asked for by its own name."""

Lack = Literal["unknown", "known_false", "too_low", "not_derived", "blocked", "earlier", "branch"]


class Unmet(Unshown):
    """A condition that does not hold: a leaf with what stands against it, or a branch with the members that fail and that
    hold.

    `distance` counts the leaves that would have to change: all of an `all`, the nearest of an `any`, k less those met of a
    count.
    """

    model_config = FROZEN
    kind: Lack
    test: Literal["leaf", "all", "any", "at_least"]
    distance: int
    leaf: Leaf | None = None
    value: Value | None = None
    grade: str | None = None
    k: int | None = None
    parameter: str | None = None
    of: tuple[Unmet, ...] = ()
    met: tuple[Checked, ...] = ()
    below: WhyNot | None = None


class RuleDistance(Unshown):
    """A rule that did not fire: `when` is None where its conditions hold, then `met` has them and only `blocked` is in the
    way.
    """

    model_config = FROZEN
    shown = ("rule",)
    rule: str
    title: str
    file: str
    line: int
    grade: str
    distance: int
    when: Unmet | None
    met: tuple[Checked, ...]
    blocked: tuple[Unmet, ...]
    source: tuple[str, ...]
    interpretation: str | None
    because: str | None
    certainty: tuple[Label, ...]


class WhyNot(Unshown):
    """Why a conclusion was not derived at a grade: `derived` is the weaker grade it has, if any.

    `seen` stands for "as above", `folded` for a tree that the depth asked for leaves out.
    """

    model_config = FROZEN
    shown = ("conclusion", "grade")
    conclusion: str
    grade: str
    derived: str | None = None
    seen: bool = False
    folded: bool = False
    rules: tuple[RuleDistance, ...] = ()


def explain_absence(
    knowledge: KnowledgeBase,
    program: Program,
    case: Case,
    grades: Mapping[str, str],
    conclusion: str,
    *,
    grade: str | None = None,
    depth: int | None = None,
) -> WhyNot:
    """The tree of reasons why a conclusion was not derived, or not at `grade`; `depth` limits how many conclusions it goes
    down, `DEEPEST` at most.

    Raises:
        AskedError: the conclusion or grade is not declared.
        DerivedError: it was derived.
    """
    from .checker import check_absence

    if conclusion not in knowledge.conclusion_by_id:
        raise AskedError(f"unknown conclusion {conclusion[:60]}: {nearest(conclusion, knowledge.conclusion_by_id)}")
    declared = knowledge.conclusion_by_id[conclusion]
    asked = grade or declared.grades[0]
    if asked not in declared.grades:
        raise AskedError(f"{conclusion} has no grade {asked[:40]}; choose from {', '.join(declared.grades)}")
    if conclusion in grades and declared.rank(grades[conclusion]) >= declared.rank(asked):
        raise DerivedError(f"{conclusion} was derived from these findings; ask why")
    depth = DEEPEST if depth is None else min(depth, DEEPEST)
    found = Refuter(knowledge, Recorder(case, grades, program), depth).absence(conclusion, asked)
    check_absence(knowledge, case, found, depth=depth)
    return found


class Refuter:
    """Builds trees of absence; remembers which conclusions it explained before."""

    def __init__(self, knowledge: KnowledgeBase, recorder: Recorder, depth: int | None) -> None:
        self.knowledge, self.recorder, self.depth = knowledge, recorder, depth
        self.seen: set[tuple[str, str]] = set()

    def absence(self, conclusion: str, grade: str, level: int = 0) -> WhyNot:
        """Why a conclusion was not derived at a grade or above."""
        derived = self.recorder.grades.get(conclusion)
        if (conclusion, grade) in self.seen:
            return WhyNot(conclusion=conclusion, grade=grade, derived=derived, seen=True)
        if self.depth is not None and level >= self.depth:
            return WhyNot(conclusion=conclusion, grade=grade, derived=derived, folded=True)
        self.seen.add((conclusion, grade))
        able = [rule for rule in self.knowledge.rules_for[conclusion] if self._gives(rule, conclusion, grade)]
        checks = {rule.id: self.recorder.checked(rule.when) for rule in able}
        blocking = {rule.id: [part for part in map(self.recorder.checked, rule.blockers) if not part.holds] for rule in able}
        nearest_first = sorted(able, key=lambda rule: away(checks[rule.id]) + len(blocking[rule.id]))
        rules = [self.rule(rule, _granted(rule, conclusion), checks[rule.id], blocking[rule.id], level) for rule in nearest_first]
        return WhyNot(conclusion=conclusion, grade=grade, derived=derived, rules=tuple(rules))

    def _gives(self, rule: Rule, conclusion: str, grade: str) -> bool:
        declared = self.knowledge.conclusion_by_id[conclusion]
        return declared.rank(_granted(rule, conclusion)) >= declared.rank(grade)

    def rule(self, rule: Rule, grade: str, check: Checked, blocking: Sequence[Checked], level: int) -> RuleDistance:
        """How far one rule is from firing."""
        return RuleDistance(
            rule=rule.id,
            title=rule.title,
            file=rule.file,
            line=rule.line,
            grade=grade,
            distance=away(check) + len(blocking),
            when=None if check.holds else unmet_of(check, partial(self.below, level=level)),
            met=(check,) if check.holds else (),
            blocked=tuple(unmet_of(part) for part in blocking),
            source=rule.source,
            interpretation=rule.interpretation,
            because=rule.because,
            certainty=certainty_of(rule.certainty, rule.source, self.knowledge),
        )

    def below(self, leaf: Derived, level: int) -> WhyNot:
        """The tree of a missing conclusion that a rule tests."""
        return self.absence(leaf.conclusion, leaf.grade, level + 1)


def unmet_of(check: Checked, below: Callable[[Derived], WhyNot] | None = None) -> Unmet:
    """A condition that does not hold, with what is missing of it; `below` explains the conclusions it misses."""
    if check.leaf is None:
        failing = sorted((part for part in check.of if not part.holds), key=lambda part: not _is_unknown(part))
        of = tuple(unmet_of(part, below) for part in failing)
        met = tuple(part for part in check.of if part.holds)
        shape = {"test": check.test, "k": check.k, "parameter": check.parameter}
        return Unmet(kind="branch", distance=away(check), of=of, met=met, **shape)
    tree = below(check.leaf) if below and isinstance(check.leaf, Derived) else None
    kind = lack_of(check.leaf, check.value, check.grade)
    return Unmet(kind=kind, test="leaf", distance=1, leaf=check.leaf, value=check.value, grade=check.grade, below=tree)


def unmet_leaves(item: Unmet) -> Iterator[Leaf]:
    """The leaves that are missing, in order."""
    if item.leaf is not None:
        yield item.leaf
    for member in item.of:
        yield from unmet_leaves(member)


def away(check: Checked) -> int:
    """How many leaves of a condition would have to change for it to hold."""
    if check.holds:
        return 0
    if check.leaf is not None:
        return 1
    if check.k is not None:
        return check.k - sum(part.holds for part in check.of)
    members = [away(part) for part in check.of]
    return min(members, default=1) if check.test == "any" else sum(members)


def _is_unknown(check: Checked) -> bool:
    return check.leaf is not None and lack_of(check.leaf, check.value, check.grade) == "unknown"


def lack_of(leaf: Leaf, value: Value | None, grade: str | None) -> Lack:
    """What kind a leaf is that does not hold."""
    match leaf:
        case Derived():
            return "too_low" if grade else "not_derived"
        case NotDerived():
            return "blocked"
        case Known():
            return "unknown"
        case Unknown():
            return "known_false"
        case Earlier() | NotEarlier():
            return "earlier"
        case _:
            return "unknown" if value is None else "known_false"


def certainty_of(own: tuple[Label, ...], source: tuple[str, ...], knowledge: KnowledgeBase) -> tuple[Label, ...]:
    """A rule's own certainty labels, or those of everything it cites, each once and strongest first."""
    cited = (knowledge.reference_by_id[key].certainty for key in source if key in knowledge.reference_by_id)
    labels = set(own) if own else {label for labels in cited for label in labels}
    return tuple(label for label in LABEL_ORDER if label in labels)


def _granted(rule: Rule, conclusion: str) -> str:
    return next(item.grade for item in rule.then if item.conclusion == conclusion)


for _model in (Unmet, RuleDistance, WhyNot):
    _model.model_rebuild()
