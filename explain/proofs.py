"""Every proof of one assessment, one conclusion deep, each built and checked once.

In: `Assessment`. Out: `Proofs`, from which texts and pages are written.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..knowledge.conditions import Leaf
from .assessment import Assessment
from .justification import Justification, Reason, RuleProof


class Proofs:
    """Proofs one conclusion deep: what a conclusion rests on is `folded`, and has a proof of its own."""

    def __init__(self, assessment: Assessment) -> None:
        self.assessment, self.trace = assessment, assessment.trace
        self._found: dict[str, Justification] = {}

    def of(self, conclusion: str) -> Justification:
        """The checked proof of a derived conclusion.

        Raises:
            NotDerivedError: it was not derived, or is not declared.
            EngineError: the proof failed its own check.
        """
        if conclusion not in self._found:
            self._found[conclusion] = self.assessment.prove(conclusion, self.trace, depth=1)
        return self._found[conclusion]

    def leaves(self, rule: RuleProof) -> Iterator[Leaf]:
        """The leaves on which the rule of a screen rests, in order, with those of each of its parts once."""
        waiting, met = [leaves_of(rule.when)], set[str]()
        while waiting:
            leaf = next(waiting[-1], None)
            name = str(getattr(leaf, "conclusion", ""))
            if leaf is None:
                waiting.pop()
            elif name not in self.assessment.knowledge.part_by_id:
                yield leaf
            elif name not in met:
                met.add(name)
                waiting.append(leaves_of(self.of(name).rules[0].when))


def leaves_of(reason: Reason) -> Iterator[Leaf]:
    """The leaves of a reason, in order, without those of the conclusions it rests on."""
    if reason.leaf is not None:
        yield reason.leaf
    for member in reason.of:
        yield from leaves_of(member)
