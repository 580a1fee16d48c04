"""Conclusion -> row: its sentence, the facts it rests on, its sources and what is interpretation; the unit of text and
first screen.

In: `Assessment` and `Words`. Out: `Row`. Facts are said once: a conclusion that has an entry of its own is named, not
proved again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..engine.case import Value
from ..knowledge.conditions import FINDING_TESTS, Derived, Earlier, Leaf, Unknown, leaves
from .assessment import Assessment
from .document import Concluded
from .flag_words import moved_in_words, noted, raised_by
from .justification import Justification, Reason
from .proofs import Proofs
from .wording import Words

GROUNDED = ("finding", "absence", "unknown", "earlier")


@dataclass(frozen=True, repr=False)
class Row:
    """One row: what is said, on which facts, from which sources, and what in it is interpretation."""

    heading: str
    text: str
    facts: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    interpretation: tuple[str, ...] = ()


class RowWriter:
    """Writes rows; `named` are the conclusions that a fact may name in place of their own facts."""

    def __init__(self, proofs: Proofs, words: Words, named: frozenset[str] = frozenset()) -> None:
        self.proofs, self.words, self.named = proofs, words, named
        self.assessment, self.knowledge = proofs.assessment, proofs.assessment.knowledge
        self.told: dict[str, tuple[str, ...]] = {}
        self.screens = {f"{screen.pack}/{screen.open}": screen.title for screen in self.knowledge.screens}

    def row(self, conclusion: str, heading: str, *, strongest_only: bool = False) -> Row:
        """A derived conclusion as a row; of its rules, those that give its grade, or only the first of them."""
        proof = self.proofs.of(conclusion)
        rules = [item for item in proof.rules if item.grade == proof.grade] or list(proof.rules)
        chosen = proof.model_copy(update={"rules": tuple(rules[:1] if strongest_only else rules)})
        readings = (self.words.rule(rule.rule, "interpretation") or "" for rule in chosen.rules)
        return Row(
            heading,
            self.words.sentence(conclusion, proof.grade),
            self.facts(chosen),
            tuple(dict.fromkeys(key for rule in chosen.rules for key in rule.source)),
            tuple(filter(None, dict.fromkeys(readings))),
        )

    def facts(self, proof: Justification) -> tuple[str, ...]:
        """The facts of a proof as phrases, each once."""
        return tuple(dict.fromkeys(self.phrases(proof)))

    def behind(self, conclusion: str) -> tuple[str, ...]:
        """The facts of a conclusion that another rests on."""
        if conclusion not in self.told:
            self.told[conclusion] = self.facts(self.proofs.of(conclusion))
        return self.told[conclusion]

    def phrases(self, proof: Justification) -> Iterator[str]:
        """The facts of a proof in order; an open screen counts its unanswered questions in one phrase."""
        for rule in proof.rules:
            if rule.rule in self.screens:
                missing = {leaf.finding for leaf in self.proofs.leaves(rule) if isinstance(leaf, Unknown)}
                yield f"{self.screens[rule.rule]}: {len(missing)} questions that still matter are unanswered"
            else:
                yield from self.reason(rule.when)

    def reason(self, reason: Reason) -> Iterator[str]:
        """The facts of one condition."""
        if reason.proof is not None:
            if reason.proof.conclusion in self.named:
                yield self.words.graded(reason.proof.conclusion, reason.proof.grade)
            else:
                yield from self.behind(reason.proof.conclusion)
        elif isinstance(reason.leaf, Earlier):
            yield self.earlier(reason.leaf)
        elif reason.leaf is not None and reason.ground in GROUNDED:
            yield self.words.fact(reason.leaf, self.value(reason)) + self.beside(reason.leaf)
        for member in reason.of:
            yield from self.reason(member)

    def earlier(self, leaf: Earlier) -> str:
        """What raised a flag at an earlier moment; else that it was derived then."""
        flags = {flag.id: flag.raised for flag in self.knowledge.flags}
        for state in self.assessment.flags:
            if flags[state.flag] == leaf.conclusion:
                return f"raised {raised_by(state, self.words)}"
        return self.words.test(leaf)

    def beside(self, leaf: Leaf) -> str:
        """What stands beside an answer: that time moved it, and its note."""
        item = self.assessment.case.recorded.get(str(getattr(leaf, "finding", "")))
        return f"{moved_in_words(item)}{noted(item)}" if item else ""

    def value(self, reason: Reason) -> Value | None:
        """What was recorded for the finding of a leaf."""
        return self.assessment.case.values.get(str(getattr(reason.leaf, "finding", "")), reason.value)


def grounds(proof: Justification) -> Iterator[tuple[Leaf, Value | None]]:
    """The leaves of a proof that rest on the case: findings, absences and unknowns, in order."""
    for rule in proof.rules:
        yield from _grounds(rule.when)


def _grounds(reason: Reason) -> Iterator[tuple[Leaf, Value | None]]:
    if reason.proof is not None:
        yield from grounds(reason.proof)
    elif reason.leaf is not None and reason.ground in GROUNDED:
        yield reason.leaf, reason.value
    for member in reason.of:
        yield from _grounds(member)


def concluded_by_kind(assessment: Assessment) -> dict[str, list[Concluded]]:
    """Derived conclusions that are shown, by kind, in order of kind."""
    found: dict[str, list[Concluded]] = {}
    for item in assessment.shown:
        found.setdefault(item.kind, []).append(item)
    return found


def unknown_for(assessment: Assessment, conclusion: str) -> tuple[str, ...]:
    """The unrecorded findings that the rules for a conclusion read, also through conclusions not derived yet, in order."""
    found: dict[str, None] = {}
    waiting, seen = [conclusion], {conclusion}
    while waiting:
        for rule in assessment.knowledge.rules_for[waiting.pop(0)]:
            for leaf in leaves(rule.when):
                if isinstance(leaf, FINDING_TESTS):
                    found[leaf.finding] = None
                elif isinstance(leaf, Derived) and leaf.conclusion not in seen | assessment.grades.keys():
                    waiting.append(leaf.conclusion)
                    seen.add(leaf.conclusion)
    return tuple(name for name in found if name not in assessment.case.values)
