"""Knowledge -> the same knowledge watched: every invariant as one more rule, whose firing is a counterexample.

In: `KnowledgeBase`. Out: `KnowledgeBase`. Compiled program, reference and trace answer for invariants as for rules.
"""

from __future__ import annotations

from ..knowledge.claims import Invariant
from ..knowledge.items import ONLY_GRADE
from ..knowledge.language import Conclusion, Consequence, KnowledgeBase, Rule

PACK = "invariants"


def violated(invariant: Invariant) -> str:
    """The conclusion that stands for a violation."""
    return f"violated_{invariant.id}"


def rule_of(invariant: Invariant) -> str:
    """The rule that stands for an invariant."""
    return f"{PACK}/{invariant.id}"


def watch(knowledge: KnowledgeBase) -> KnowledgeBase:
    """The knowledge with a rule and a conclusion for every invariant about one patient."""
    watched = [item for item in knowledge.invariants if item.violation is not None]
    return knowledge.with_items(
        conclusions=(*knowledge.conclusions, *(_conclusion(item) for item in watched)),
        rules=(*knowledge.rules, *(_rule(item) for item in watched)),
    )


def _conclusion(item: Invariant) -> Conclusion:
    place = {"pack": item.pack, "file": item.file, "line": item.line}
    return Conclusion(id=violated(item), kind=PACK, source=("invariant",), **place)


def _rule(item: Invariant) -> Rule:
    assert item.violation is not None
    return Rule(
        id=rule_of(item),
        title=f"Not so: {item.says}"[:600],
        when=item.violation,
        then=(Consequence(conclusion=violated(item), grade=ONLY_GRADE),),
        source=("invariant",),
        pack=item.pack,
        file=item.file,
        line=item.line,
    )
