"""Ids -> words: how a finding, a fact, a conclusion or a rule is named to people, from the wording files.

In: `KnowledgeBase` and a language. Out: `Words`. Sentences come from the knowledge; only joints such as "not" or "more
than" stand here.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

from ..engine.case import Value
from ..knowledge.conditions import (
    FINDING_TESTS,
    Absent,
    ChoiceTest,
    Derived,
    Earlier,
    Known,
    Later,
    Leaf,
    NotDerived,
    NotEarlier,
    NumberTest,
    Present,
    Unknown,
)
from ..knowledge.language import KnowledgeBase, Reference
from ..knowledge.words import PLACEHOLDER, ConclusionWords, FindingWords, RuleWords

COMPARISON = {"over": "more than", "at_least": "at least", "under": "less than", "at_most": "at most", "exactly": "exactly"}


class Words:
    """The words of one language, with English where a word is missing."""

    def __init__(self, knowledge: KnowledgeBase, language: str = "en") -> None:
        self.knowledge = knowledge
        order = [item for item in knowledge.wording if item.language == "en" != language]
        order += [item for item in knowledge.wording if item.language == language]
        self._findings: dict[str, FindingWords] = {key: words for item in order for key, words in item.findings.items()}
        self._conclusions: dict[str, ConclusionWords] = {k: words for item in order for k, words in item.conclusions.items()}
        self._kinds: dict[str, str] = {key: words for item in order for key, words in item.kinds.items()}
        self._patient: dict[str, str] = {key: words for item in order for key, words in item.patient.items()}
        self._rules: dict[str, RuleWords] = {f"{i.pack}/{key}": words for i in order for key, words in i.rules.items()}

    @cached_property
    def _values(self) -> dict[str, str]:
        return {key: f"{number(item.value)} {item.unit}" for key, item in self.knowledge.parameter_by_id.items()}

    def filled(self, text: str) -> str:
        """A text with each `{$parameter}` replaced by its value and unit."""
        return PLACEHOLDER.sub(lambda match: self._values.get(match[1], match[0]), text)

    def kind(self, name: str) -> str:
        """The heading of a kind."""
        return self._kinds.get(name, name.replace("_", " "))

    def told(self, kind: str) -> str | None:
        """The heading of a kind in the patient's text; None for a kind that patients are not told about."""
        return self._patient.get(kind) if self._patient else self.kind(kind)

    @cached_property
    def patient_headings(self) -> tuple[str, ...]:
        """The headings of the patient's text, in order."""
        kinds = self._patient or {name: self.kind(name) for name, _ in self.knowledge.kinds}
        return tuple(dict.fromkeys(kinds.values()))

    def finding(self, name: str) -> str:
        """The noun phrase of a finding, with its side."""
        base, _, side = name.partition(".")
        words = self._findings.get(base)
        label = words.label if words else base.replace("_", " ")
        return f"{label} ({side})" if side else label

    def question(self, name: str) -> str:
        """The question that fills one finding."""
        base, _, side = name.partition(".")
        words = self._findings.get(base)
        question = self.filled(words.question) if words else f"{base.replace('_', ' ')}?"
        return f"{question} ({side})" if side else question

    def purpose(self, name: str) -> str | None:
        """Why a finding is asked, where the knowledge says so."""
        words = self._findings.get(name.partition(".")[0])
        return self.filled(words.why) if words and words.why else None

    def absent(self, name: str) -> str:
        """The phrase for a finding that is known absent."""
        base, _, side = name.partition(".")
        words = self._findings.get(base)
        phrase = words.absent if words and words.absent else f"no {words.label if words else base}"
        return f"{phrase} ({side})" if side else phrase

    def choice(self, finding: str, choice: str) -> str:
        """The words of one choice."""
        words = self._findings.get(finding.partition(".")[0])
        return words.choices.get(choice, choice.replace("_", " ")) if words else choice

    def recorded(self, finding: str, value: Value) -> str:
        """A recorded value in words.

        Yes/no findings read as their phrase, others as label and value with its unit.
        """
        if value is True:
            return self.finding(finding)
        if value is False:
            return self.absent(finding)
        return f"{self.finding(finding)}: {self.value(finding, value)}"

    def value(self, finding: str, value: int | float | str) -> str:
        """A choice in its words, or a number with its unit."""
        if isinstance(value, str):
            return self.choice(finding, value)
        return f"{number(value)} {self.knowledge.finding_by_id[finding].unit}"

    def test(self, leaf: Leaf) -> str:
        """What a leaf asks for, in words."""
        match leaf:
            case Present():
                return self.finding(leaf.finding)
            case Absent():
                return self.absent(leaf.finding)
            case Unknown():
                return f"{self.finding(leaf.finding)}: not recorded"
            case Known():
                return f"{self.finding(leaf.finding)}: recorded"
            case NumberTest():
                unit = self.knowledge.finding_by_id[leaf.finding].unit
                return f"{self.finding(leaf.finding)} {COMPARISON[leaf.comparison]} {number(leaf.value)} {unit}"
            case ChoiceTest():
                return f"{self.finding(leaf.finding)}: {' or '.join(self.choice(leaf.finding, key) for key in leaf.choices)}"
            case Later():
                return f"{self.finding(leaf.finding)}, recorded by name and later than the symptoms"
            case Earlier():
                return f"{self.graded(leaf.conclusion, leaf.grade)}: at an earlier moment of this case"
            case NotEarlier():
                return f"{self.graded(leaf.conclusion, leaf.grade)}: at no earlier moment of this case"
            case Derived():
                return self.graded(leaf.conclusion, leaf.grade)
            case NotDerived():
                return f"not derived: {self.graded(leaf.conclusion, leaf.grade)}"

    def fact(self, leaf: Leaf, value: Value | None) -> str:
        """The fact that met a leaf: the recorded value, and the bound it was compared with."""
        if value is None or not isinstance(leaf, FINDING_TESTS) or isinstance(leaf, Unknown):
            return self.test(leaf)
        if isinstance(leaf, NumberTest):
            bound = f"{COMPARISON[leaf.comparison]} {number(leaf.value)}"
            return f"{self.recorded(leaf.finding, value)} ({bound})"
        if isinstance(leaf, Later):
            return f"{self.recorded(leaf.finding, value)}, later than the symptoms it settles"
        return self.recorded(leaf.finding, value)

    def conclusion(self, name: str) -> str:
        """The noun phrase of a conclusion, with its side."""
        base, _, side = name.partition(".")
        words = self._conclusions.get(base)
        label = words.label if words else base.replace("_", " ")
        return f"{label} ({side})" if side else label

    def graded(self, name: str, grade: str) -> str:
        """A conclusion with its grade, where it has more than one."""
        grades = self.knowledge.conclusion_by_id[name].grades
        return self.conclusion(name) if len(grades) == 1 else f"{self.conclusion(name)} ({grade.replace('_', ' ')})"

    def sentence(self, name: str, grade: str) -> str:
        """What a clinician reads for a conclusion at a grade."""
        base, _, side = name.partition(".")
        words = self._conclusions.get(base)
        text = self.filled(words.sentence(grade)) if words else self.graded(name, grade)
        return f"{text} ({side})" if side else text

    def plain(self, name: str, grade: str) -> str | None:
        """What a patient reads for a conclusion at a grade, where it was written."""
        words = self._conclusions.get(name.partition(".")[0])
        text = words.plain(grade) if words else None
        return self.filled(text) if text else None

    def rule(self, rule: str, part: str) -> str | None:
        """A rule's title, interpretation or mechanism."""
        words = self._rules.get(rule.partition(".")[0])
        own = getattr(self.knowledge.rule_by_id[rule], part)
        text = (getattr(words, part) if words else None) or own
        return self.filled(text) if text else None

    def cited(self, key: str) -> str:
        """A reference in one line: what it says and where."""
        item = self.knowledge.reference_by_id[key]
        return f"{key}: {citation(item)}"

    def brief(self, key: str) -> str:
        """A reference in brief: what it says, with its own hedge, and the lines where it stands."""
        item = self.knowledge.reference_by_id[key]
        hedge = f' (its own hedge: "{item.strength}")' if item.strength else ""
        where = f", {item.document} line {item.lines}" if item.kind == "statement" else ""
        return f"{item.claim or item.citation or item.document or item.kind}{hedge}{where}"

    def with_cited(self, keys: Iterable[str]) -> tuple[str, ...]:
        """References and everything that they cite in turn, each once, in order."""
        found: dict[str, None] = {}
        waiting = list(keys)
        while waiting:
            key = waiting.pop(0)
            if key not in found:
                found[key] = None
                waiting += self.knowledge.reference_by_id[key].cites
        return tuple(found)


def citation(item: Reference) -> str:
    """Where a reference stands and what it says, in one line."""
    strength = f' (its own hedge: "{item.strength}")' if item.strength else ""
    if item.kind == "statement":
        return f"{item.claim}{strength}, {item.document} line {item.lines}"
    if item.kind == "evidence":
        rests = f"; rests on {', '.join(item.cites)}" if item.cites else ""
        return f"{item.claim} (row of the evidence file{rests})"
    where = item.citation or item.document or item.kind
    doi = f" doi:{item.doi}" if item.doi else ""
    claim = f" - {item.claim}" if item.claim else ""
    return f"{where}{doi}{claim}"


def number(value: int | float) -> str:
    """A number as people write it.

    >>> number(21.0), number(0.5)
    ('21', '0.5')
    """
    return f"{value:g}" if abs(value) < 1_000_000 else str(value)


def percent(interval: tuple[float, float]) -> str:
    """A range of probabilities as people write it.

    >>> percent((0.1, 0.4))
    '10 to 40%'
    """
    low, high = interval
    return f"{number(round(low * 100, 6))} to {number(round(high * 100, 6))}%"
