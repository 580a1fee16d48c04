"""Trace -> justification: the proof tree of one conclusion down to findings, as data.

In: `Trace` and `KnowledgeBase`. Out: `Justification`. Every rule that fired for the conclusion is an alternative, strongest
grade first. A proof ends in findings, in recorded absences, in recorded unknowns, in what an earlier moment came to,
or in "not derived" with a tree of its own
where that was asked for. A conclusion proved before is `seen`: as above; one below the depth asked for is `folded`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from pydantic import ConfigDict

from ..engine.case import Value
from ..engine.trace import Checked, Firing, Trace
from ..engine.unshown import Unshown
from ..knowledge.conditions import Absent, Derived, Earlier, Leaf, NotDerived, NotEarlier, Unknown
from ..knowledge.errors import NotDerivedError, nearest
from ..knowledge.items import Label
from ..knowledge.language import KnowledgeBase
from .why_not import DEEPEST, Unmet, WhyNot, unmet_of
from .why_not import certainty_of as certainty_of

FROZEN = ConfigDict(frozen=True, extra="forbid")

Ground = Literal["finding", "absence", "unknown", "not_derived", "conclusion", "earlier", "branch"]


class Reason(Unshown):
    """Why a condition holds: a leaf with its fact, or a branch with its members that hold; apart, those of a count that do
    not.

    A leaf that tests a conclusion has its `proof`; one that holds because nothing was derived may have a tree that says
    `why_not`.
    """

    model_config = FROZEN
    ground: Ground
    test: Literal["leaf", "all", "any", "at_least"]
    leaf: Leaf | None = None
    value: Value | None = None
    grade: str | None = None
    k: int | None = None
    parameter: str | None = None
    of: tuple[Reason, ...] = ()
    unmet: tuple[Unmet, ...] = ()
    proof: Justification | None = None
    why_not: WhyNot | None = None


class RuleProof(Unshown):
    """One rule that fired for a conclusion, what it rests on and where it comes from."""

    model_config = FROZEN
    shown = ("rule",)
    rule: str
    title: str
    file: str
    line: int
    grade: str
    when: Reason
    unless: tuple[Reason, ...]
    source: tuple[str, ...]
    interpretation: str | None
    because: str | None
    certainty: tuple[Label, ...]


class Justification(Unshown):
    """The proof of one conclusion: its grade and every rule that fired for it.

    `seen` stands for "as above", `folded` for a proof that the depth asked for leaves out.
    """

    model_config = FROZEN
    shown = ("conclusion", "grade")
    conclusion: str
    grade: str
    seen: bool = False
    folded: bool = False
    rules: tuple[RuleProof, ...] = ()


Absence = Callable[[NotDerived], WhyNot]


def missing(knowledge: KnowledgeBase, conclusion: str) -> NotDerivedError:
    """The error for a conclusion that was not derived: an unknown id is told apart."""
    if conclusion in knowledge.conclusion_by_id:
        return NotDerivedError(f"{conclusion} was not derived from these findings")
    return NotDerivedError(f"unknown conclusion {conclusion[:60]}: {nearest(conclusion, knowledge.conclusion_by_id)}")


def justify(
    trace: Trace, knowledge: KnowledgeBase, conclusion: str, *, depth: int | None = None, absence: Absence | None = None
) -> Justification:
    """The proof tree of one derived conclusion, at most `depth` conclusions deep; `absence` explains what was not derived.

    Raises:
        NotDerivedError: it was not derived in this trace, or is not declared.
    """
    if conclusion not in trace.grade_of:
        raise missing(knowledge, conclusion)
    return _Prover(trace, knowledge, depth, absence).proof(conclusion)


def at_most(depth: int | None) -> int:
    """The depth asked for, or the greatest that a tree has."""
    return DEEPEST if depth is None else min(depth, DEEPEST)


class _Prover:
    """Follows firings back to findings; remembers what it proved before."""

    def __init__(self, trace: Trace, knowledge: KnowledgeBase, depth: int | None, absence: Absence | None) -> None:
        self.knowledge, self.depth, self.absence = knowledge, depth, absence
        self.grades, self.firings = trace.grade_of, trace.firings_for
        self.seen: set[str] = set()

    def proof(self, conclusion: str, level: int = 0) -> Justification:
        """The proof of a conclusion, or "as above", or folded away below the depth."""
        grade = self.grades[conclusion]
        if conclusion in self.seen:
            return Justification(conclusion=conclusion, grade=grade, seen=True)
        if self.depth is not None and level >= self.depth:
            return Justification(conclusion=conclusion, grade=grade, folded=True)
        self.seen.add(conclusion)
        declared = self.knowledge.conclusion_by_id[conclusion]
        firings = {firing.rule: firing for firing in self.firings[conclusion]}
        as_written = (firings[rule.id] for rule in self.knowledge.rules_for[conclusion] if rule.id in firings)
        strongest_first = sorted(as_written, key=lambda firing: -declared.rank(_granted(firing, conclusion)))
        proofs = tuple(self.rule(firing, conclusion, level) for firing in strongest_first)
        return Justification(conclusion=conclusion, grade=grade, rules=proofs)

    def rule(self, firing: Firing, conclusion: str, level: int) -> RuleProof:
        """One firing as a proof step."""
        rule = self.knowledge.rule_by_id[firing.rule]
        return RuleProof(
            rule=rule.id,
            title=rule.title,
            file=rule.file,
            line=rule.line,
            grade=_granted(firing, conclusion),
            when=self.reason(firing.when, level),
            unless=tuple(self.reason(item, level) for item in firing.unless),
            source=rule.source,
            interpretation=rule.interpretation,
            because=rule.because,
            certainty=certainty_of(rule.certainty, rule.source, self.knowledge),
        )

    def reason(self, check: Checked, level: int) -> Reason:
        """A condition that holds, with what makes it hold."""
        if check.leaf is None:
            of = tuple(self.reason(member, level) for member in check.of if member.holds)
            unmet = tuple(unmet_of(member) for member in check.of if not member.holds) if check.test == "at_least" else ()
            return Reason(ground="branch", test=check.test, k=check.k, parameter=check.parameter, of=of, unmet=unmet)
        match check.leaf:
            case Derived(conclusion=conclusion):
                proof = self.proof(conclusion, level + 1)
                return Reason(ground="conclusion", test="leaf", leaf=check.leaf, grade=check.grade, proof=proof)
            case NotDerived():
                why_not = self.absence(check.leaf) if self.absence else None
                return Reason(ground="not_derived", test="leaf", leaf=check.leaf, grade=check.grade, why_not=why_not)
            case Absent():
                return Reason(ground="absence", test="leaf", leaf=check.leaf, value=check.value)
            case Unknown():
                return Reason(ground="unknown", test="leaf", leaf=check.leaf)
            case Earlier() | NotEarlier():
                return Reason(ground="earlier", test="leaf", leaf=check.leaf, grade=check.grade)
            case _:
                return Reason(ground="finding", test="leaf", leaf=check.leaf, value=check.value)


def _granted(firing: Firing, conclusion: str) -> str:
    return next(item.grade for item in firing.concluded if item.conclusion == conclusion)
