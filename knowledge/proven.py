"""A knowledge base that may be used: it is not empty, and holds what its fingerprint says.

In: `KnowledgeBase`, however it was made. Out: nothing, or one `KnowledgeError`.
"""

from __future__ import annotations

from collections.abc import Iterator

from .errors import KnowledgeError, Problem
from .language import KnowledgeBase

WHY = "an answer would bear the name of other knowledge than gave it"
FIX = "load it with load_knowledge, or make the changed base with knowledge.with_items(...)"


def refuse_unfit(knowledge: KnowledgeBase) -> None:
    """Refuse a base that is empty or is not what its fingerprint says; what is computed for it is computed once per base.

    Raises:
        KnowledgeError: it may not be used.
    """
    if problems := [*_unfit(knowledge)]:
        raise KnowledgeError(problems)


def _unfit(knowledge: KnowledgeBase) -> Iterator[Problem]:
    if not knowledge.rules:
        what, why = "it has no rules", "every case would pass for one without a finding that matters"
        yield Problem("knowledge", 0, "rules", what, why, "install sijoint again, or name folders that hold packs", "K053")
    loose = [
        name for name in type(knowledge).model_fields if name != "fingerprint" and type(getattr(knowledge, name)) is not tuple
    ]
    for name in loose:
        what = f"{name} are a {type(getattr(knowledge, name)).__name__}, which could change after it was examined"
        yield Problem("knowledge", 0, name, what, WHY, FIX, "K054")
    if not loose and knowledge.fingerprint != knowledge.content:
        what = f"the fingerprint is {knowledge.fingerprint[:16] or 'empty'}, what it holds has {knowledge.content[:16]}"
        yield Problem("knowledge", 0, "fingerprint", what, WHY, FIX, "K054")
