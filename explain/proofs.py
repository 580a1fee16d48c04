"""Every proof of one assessment, one conclusion deep, each built and checked once.

In: `Assessment`. Out: `Proofs`, from which texts and pages are written.
"""

from __future__ import annotations

from .assessment import Assessment
from .justification import Justification


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
