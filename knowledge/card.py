"""The knowledge card: whether it is complete, and which inputs the rules use.

In: `KnowledgeBase`. Out: problems, and what is to be said for each source attribute of US rule ONC HTI-1
(45 CFR 170.315(b)(11)(iv)(A)). The attributes about inputs are computed from the rules.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .claims import Card
from .conditions import findings_of, leaves
from .errors import Problem, nearest
from .language import KnowledgeBase, Pack

WRITTEN = {
    "citation": "Bibliographic citation of the intervention",
    "developer": "Developer of the intervention",
    "funding": "Funding source of the technical implementation",
    "dates": "Release and revision dates",
}
COMPUTED = {
    "use_of_race": "Use of race",
    "use_of_ethnicity": "Use of ethnicity",
    "use_of_language": "Use of language",
    "use_of_sexual_orientation": "Use of sexual orientation",
    "use_of_gender_identity": "Use of gender identity",
    "use_of_sex": "Use of sex",
    "use_of_date_of_birth": "Use of date of birth",
    "use_of_social_determinants": "Use of social determinants of health",
    "use_of_health_status_assessments": "Use of health status assessments",
}
FIELDS = ("users", "population", "limits", "reviewed_by", "citation", "developer", "funding", "released")
_SOUNDS_LIKE = {"race", "ethnic", "ethnicity", "language", "orientation", "gender", "sex", "age", "birth", "housing", "income"}


@dataclass(frozen=True)
class Attribute:
    """One of the 13 source attributes and what is said about it."""

    title: str
    text: str


def attributes_of(card: Card, knowledge: KnowledgeBase) -> tuple[Attribute, ...]:
    """The 13 source attributes of a card, in the order of the regulation."""
    dates = [
        f"released {card.released.isoformat()}" if card.released else "",
        f"revised {card.revised.isoformat()}" if card.revised else "",
    ]
    written = {
        "citation": card.citation or "",
        "developer": card.developer or "",
        "funding": card.funding or "",
        "dates": ", ".join(text for text in dates if text),
    }
    found = [Attribute(title, written[key]) for key, title in WRITTEN.items()]
    return (*found, *(Attribute(title, _used(card.inputs.get(key, ()), card, knowledge)) for key, title in COMPUTED.items()))


def _used(findings: tuple[str, ...], card: Card, knowledge: KnowledgeBase) -> str:
    """Which of the findings the rules of a pack read, and by how many rules."""
    counted = {name: _rules_reading(name, card.pack, knowledge) for name in findings}
    texts = [f"{name}, read by {count} rule{'s' if count != 1 else ''}" for name, count in counted.items() if count]
    return "; ".join(texts) or "not used"


def _rules_reading(finding: str, pack: str, knowledge: KnowledgeBase) -> int:
    return sum(
        any(name.partition(".")[0] == finding for leaf in leaves(rule.when) for name in findings_of(leaf))
        for rule in knowledge.rules
        if rule.pack == pack and rule.side != "right"
    )


def card_problems(knowledge: KnowledgeBase) -> list[Problem]:
    """What is missing before a release. K039: a field left empty. K040: an input the card does not speak of."""
    cards = {card.pack: card for card in knowledge.cards}
    found: list[Problem] = []
    for pack in knowledge.packs:
        card = cards.get(pack.pack)
        if card is None:
            what, fix = "no knowledge card", "write card.yaml beside pack.yaml"
            found.append(Problem(pack.file, pack.line, f"pack {pack.pack}", what, "nobody is told its limits", fix, "K039"))
        else:
            found += [*_empty(card), *_inputs(card, pack, knowledge)]
    return found


def _empty(card: Card) -> Iterator[Problem]:
    for name in (name for name in FIELDS if not getattr(card, name)):
        why, fix = "nobody is told", "fill it; write 'none' where that is the answer"
        yield Problem(card.file, card.line, f"card {card.pack}", f"{name} is empty", why, fix, "K039")


def _inputs(card: Card, pack: Pack, knowledge: KnowledgeBase) -> Iterator[Problem]:
    title = f"card {card.pack}"
    known = {item.base for item in knowledge.findings}
    for name in (name for name in card.inputs if name not in COMPUTED):
        yield Problem(
            card.file, card.line, title, f"unknown attribute {name}", "it is not shown", nearest(name, COMPUTED), "K004"
        )
    listed = {name for names in card.inputs.values() for name in names} | set(card.no_attribute)
    for name in sorted(listed - known):
        yield Problem(card.file, card.line, title, f"unknown finding {name}", "it is not counted", nearest(name, known), "K004")
    read = {name.partition(".")[0] for rule in knowledge.rules if rule.pack == pack.pack
            for leaf in leaves(rule.when) for name in findings_of(leaf)}  # fmt: skip
    for name in sorted(name for name in read - listed if _SOUNDS_LIKE & set(name.split("_"))):
        what = f"a rule reads {name}, which sounds like a source attribute, and the card does not speak of it"
        yield Problem(
            card.file, card.line, title, what, "the card would say 'not used'", "list it in inputs or no_attribute", "K040"
        )
