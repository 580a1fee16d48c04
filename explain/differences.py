"""Article beside evidence: where two sources differ or agree about what is shown.

In: `Assessment`. Out: the differences about conclusions that hold, in the order of the files.
"""

from __future__ import annotations

from ..knowledge.language import Difference
from .assessment import Assessment

VERDICT = {"differs": "publications differ", "agrees": "publications agree", "not_studied": "not studied"}


def differences_of(assessment: Assessment) -> tuple[Difference, ...]:
    """The differences about at least one conclusion that holds."""
    shown = {name.partition(".")[0] for name in assessment.grades}
    return tuple(item for item in assessment.knowledge.differences if any(name.partition(".")[0] in shown for name in item.about))
