"""Knowledge -> text: the vocabulary, the rules in words, and the coverage table.

In: `KnowledgeBase`. Out: text for people.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..knowledge.conditions import All, AnyOf, AtLeast, Condition
from ..knowledge.coverage import Covered, coverage_of
from ..knowledge.errors import AskedError, nearest
from ..knowledge.items import LABEL_MEANING
from ..knowledge.language import Finding, KnowledgeBase, Rule
from .inert import inert
from .justification import certainty_of
from .wording import Words, number


def render_findings(knowledge: KnowledgeBase) -> str:
    """Every finding by pack: id, type, how it is obtained, question."""
    words = Words(knowledge)
    lines = []
    for pack in knowledge.packs:
        lines.append(f"{pack.pack}: {pack.title}")
        for item in (item for item in knowledge.findings if item.pack == pack.pack):
            lines.append(f"  {item.id}  ({_type(item)}; {item.obtained_by})")
            lines.append(f"      {words.question(item.id)}")
            if item.choices:
                lines += [f"        {choice}: {words.choice(item.id, choice)}" for choice in item.choices]
    return inert("\n".join(lines)) + "\n"


def _type(item: Finding) -> str:
    if item.type == "number" and item.range:
        return f"number, {number(item.range[0])} to {number(item.range[1])} {item.unit}"
    return "yes or no" if item.type == "yes_no" else "choice"


def render_rules(knowledge: KnowledgeBase) -> str:
    """Every rule by pack: id and title."""
    lines = []
    for pack in knowledge.packs:
        lines.append(f"{pack.pack}: {pack.authority}")
        lines += [f"  {rule.id.partition('/')[2]}  {rule.title}" for rule in knowledge.shown_rules if rule.pack == pack.pack]
    return inert("\n".join(lines)) + "\n"


def render_rule(knowledge: KnowledgeBase, name: str) -> str:
    """One rule in words with its source.

    Raises:
        AskedError: no rule has that id.
    """
    found = [rule for rule in knowledge.rules if name in _names(rule)]
    if not found:
        raise AskedError(f"unknown rule {name[:80]}: {nearest(name, (rule.id for rule in knowledge.rules))}")
    words = Words(knowledge)
    return inert("\n".join(line for rule in found[:1] for line in _rule(rule, knowledge, words))) + "\n"


def _names(rule: Rule) -> set[str]:
    bare = rule.id.partition("/")[2]
    return {rule.id, bare, rule.id.partition(".")[0], bare.partition(".")[0]}


def _rule(rule: Rule, knowledge: KnowledgeBase, words: Words) -> Iterator[str]:
    yield f"{rule.id}  ({rule.file}:{rule.line})"
    yield f"{words.rule(rule.id, 'title')}"
    yield "when"
    yield from condition_in_words(rule.when, words, "  ")
    for item in rule.unless:
        yield f"unless {words.graded(item.conclusion, item.grade)} [{item.conclusion}]"
    for item in rule.gates:
        yield f"held back by {words.graded(item.conclusion, item.grade)} [{item.conclusion}]"
    for consequence in rule.then:
        yield f"then {words.graded(consequence.conclusion, consequence.grade)} [{consequence.conclusion}: {consequence.grade}]"
    for title, part in (("because", "because"), ("our reading", "interpretation")):
        if text := words.rule(rule.id, part):
            yield f"{title}: {text}"
    for label in certainty_of(rule.certainty, rule.source, knowledge):
        yield f"certainty {label}: {LABEL_MEANING[label]}"
    yield "source"
    yield from (f"  {words.cited(key)}" for key in rule.source)


def condition_in_words(condition: Condition, words: Words, indent: str) -> Iterator[str]:
    """A condition as an indented list."""
    match condition:
        case All(of=members) | AnyOf(of=members) | AtLeast(of=members):
            heading = {"all": "all of", "any": "any of"}.get(condition.test)
            yield f"{indent}{heading or f'at least {_count(condition)} of'}"
            for member in members:
                yield from condition_in_words(member, words, indent + "  ")
        case _:
            name = getattr(condition, "finding", None) or getattr(condition, "conclusion", "")
            parameter = getattr(condition, "parameter", None)
            yield f"{indent}{words.test(condition)} [{name}{', $' + parameter if parameter else ''}]"


def _count(condition: Condition) -> str:
    if not isinstance(condition, AtLeast):
        return ""
    return f"{condition.k} [${condition.parameter}]" if condition.parameter else str(condition.k)


def render_coverage(knowledge: KnowledgeBase) -> tuple[str, bool]:
    """Where each statement and row of evidence is used, and whether every statement is."""
    rows = coverage_of(knowledge)
    lines = [f"{row.reference:<14} {_used(row)}" for row in rows]
    statements = [row for row in rows if row.kind == "statement"]
    evidence = [row for row in rows if row.kind == "evidence"]
    used = sum(bool(row.used) for row in statements)
    told = sum(bool(row.used or row.reason) for row in evidence)
    if evidence:
        lines.append(f"{told} of {len(evidence)} rows of evidence encoded or listed with the reason why not")
    lines.append(f"{used} of {len(statements)} statements covered")
    return inert("\n".join(lines)) + "\n", used == len(statements) and told == len(evidence)


def _used(row: Covered) -> str:
    if row.used:
        return ", ".join(row.used)
    return f"not encoded: {row.reason}" if row.reason else "NOT COVERED"
