"""How sure each conclusion can be: the weakest link of its proof, from rule to rule down to findings.

In: `Trace` and `KnowledgeBase`. Out: a label per conclusion. A rule is as weak as the weakest thing it cites or rests
on; of several rules that give the final grade the strongest counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from ..engine.trace import Firing, Trace, holding_leaves
from ..knowledge.conditions import Derived
from ..knowledge.items import LABEL_MEANING, LABEL_ORDER, Label
from ..knowledge.language import KnowledgeBase, Reference
from .estimates import weakest
from .why_not import certainty_of

TO_CONFIRM: frozenset[Label] = frozenset({"M", "X"})
"""Labels of what a clinician has to agree to before it is relied on."""


def weakest_links(trace: Trace, knowledge: KnowledgeBase) -> Mapping[str, Label]:
    """The weakest link of each derived conclusion; one that cites nothing labelled has none."""
    final = {item.conclusion: item.grade for item in trace.grades}
    found: dict[str, Label] = {}
    for firing in trace.firings:
        link = _link(firing, found, knowledge)
        for item in firing.concluded:
            if link and item.grade == final[item.conclusion]:
                found[item.conclusion] = min(link, found.get(item.conclusion, link), key=LABEL_ORDER.index)
    return found


def _link(firing: Firing, below: Mapping[str, Label], knowledge: KnowledgeBase) -> Label | None:
    """Firings come in order of evaluation, so that what a rule rests on was weighed before it."""
    rule = knowledge.rule_by_id[firing.rule]
    labels = list(certainty_of(rule.certainty, rule.source, knowledge))
    for leaf in holding_leaves(firing.when):
        if isinstance(leaf, Derived) and leaf.conclusion in below:
            labels.append(below[leaf.conclusion])
    return weakest(labels)


def certainty_in_words(label: Label) -> str:
    """A weakest link as people read it.

    >>> certainty_in_words("X")
    'X, our design choice; needs clinical confirmation'
    """
    return f"{label}, {LABEL_MEANING[label]}" + ("; needs clinical confirmation" if label in TO_CONFIRM else "")


def overdue(item: Reference, as_of: date | None) -> bool:
    """Whether a citation was to be looked at again before the day of the case."""
    return item.review_by is not None and as_of is not None and item.review_by < as_of
