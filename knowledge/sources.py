"""Whether a number stands in the source that it cites, so that every number of our own is said to be ours.

In: `KnowledgeBase`. Out: parameters and rules whose number is neither in a cited claim nor explained.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from .conditions import All, AnyOf, AtLeast, Condition
from .language import KnowledgeBase, Parameter, Rule

_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


def unsupported_parameters(knowledge: KnowledgeBase) -> Iterator[Parameter]:
    """Parameters without an interpretation whose value is in none of their sources."""
    for item in knowledge.parameters:
        value = item.value if item.declared_value is None else item.declared_value
        if not item.interpretation and not stands_in(value, claims_of(knowledge, item.source)):
            yield item


def unsupported_counts(knowledge: KnowledgeBase, rules: Iterable[Rule]) -> Iterator[tuple[Rule, int]]:
    """Rules without an interpretation that count to a literal number which no source and no grade names."""
    for rule in rules:
        for part in _counts(rule.when):
            said = f"{claims_of(knowledge, rule.source)} {' '.join(item.grade for item in rule.then)}"
            if not rule.interpretation and part.parameter is None and not stands_in(part.k, said):
                yield rule, part.k


def _counts(condition: Condition) -> Iterator[AtLeast]:
    if isinstance(condition, AtLeast):
        yield condition
    if isinstance(condition, All | AnyOf | AtLeast):
        for member in condition.of:
            yield from _counts(member)


def claims_of(knowledge: KnowledgeBase, sources: Iterable[str]) -> str:
    """What the sources claim, and what those they cite do."""
    cited = [knowledge.reference_by_id[key] for key in sources if key in knowledge.reference_by_id]
    behind = [knowledge.reference_by_id[key] for item in cited for key in item.cites if key in knowledge.reference_by_id]
    return " ".join(item.claim or "" for item in (*cited, *behind))


def stands_in(value: int | float, text: str) -> bool:
    """Whether a number stands in a text, in digits or as a word.

    >>> stands_in(3, "Three or more of six tests"), stands_in(4, "14 days")
    (True, False)
    """
    digits = re.escape(f"{value:g}")
    if re.search(rf"(?<![\d.]){digits}(?![\d]|\.\d)", text):
        return True
    word = _WORDS[int(value)] if value == int(value) and 0 <= value < len(_WORDS) else None
    return bool(word and re.search(rf"\b{word}\b", text, re.IGNORECASE))
