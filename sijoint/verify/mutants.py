"""Mutants: one small fault planted in the knowledge, as an author might make it.

In: `KnowledgeBase`. Out: `Mutant`s, always in the same order. A rule written for both sides is changed on both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..engine.plane_text import describe
from ..knowledge.conditions import (
    Absent,
    All,
    AnyOf,
    AtLeast,
    ChoiceTest,
    Comparison,
    Condition,
    Derived,
    Earlier,
    Known,
    Later,
    NotDerived,
    NotEarlier,
    NumberTest,
    Present,
    Unknown,
)
from ..knowledge.language import Conclusion, Finding, KnowledgeBase, Rule

_OPPOSITE: Mapping[Comparison, Comparison] = {"over": "at_most", "at_least": "under", "under": "at_least", "at_most": "over"}

Changed = tuple[str, Condition]


@dataclass(frozen=True)
class Mutant:
    """A fault: which kind, where it stands, what was changed, and the rules it replaces (None: removed)."""

    kind: str
    item: str
    file: str
    line: int
    what: str
    replaced: Mapping[str, Rule | None]

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.item}: {self.what}"


class Vocabulary:
    """What a mutation needs to know about the ids that a condition tests."""

    def __init__(self, knowledge: KnowledgeBase) -> None:
        self.findings: Mapping[str, Finding] = knowledge.finding_by_id
        self.conclusions: Mapping[str, Conclusion] = knowledge.conclusion_by_id


def mutants_of(knowledge: KnowledgeBase) -> Iterator[Mutant]:
    """Every mutant, rule by rule in the order of the files, then those of the gates."""
    vocabulary = Vocabulary(knowledge)
    asked = {f"{screen.pack}/{screen.open}" for screen in knowledge.screens if not screen.reach}
    written: dict[tuple[str, str], list[Rule]] = {}
    for rule in (rule for rule in knowledge.rules if rule.id in asked or rule.id not in knowledge.screening):
        written.setdefault((rule.file, rule.id.partition(".")[0]), []).append(rule)
    for twins in written.values():
        yield from _of_rule(twins, vocabulary)
    yield from _of_gates(knowledge)


def _of_rule(twins: list[Rule], vocabulary: Vocabulary) -> Iterator[Mutant]:
    for changes in zip(*(_changes(rule, vocabulary) for rule in twins), strict=True):
        kind, what, _ = changes[0]
        replaced = {rule.id: change[2] for rule, change in zip(twins, changes, strict=True)}
        yield _mutant(kind, twins[0], what, replaced)
    yield _mutant("rule deleted", twins[0], "rule deleted", dict.fromkeys((rule.id for rule in twins), None))


def _mutant(kind: str, rule: Rule, what: str, replaced: Mapping[str, Rule | None]) -> Mutant:
    return Mutant(kind, f"rule {rule.id.partition('.')[0]}", rule.file, rule.line, what, replaced)


def _changes(rule: Rule, vocabulary: Vocabulary) -> Iterator[tuple[str, str, Rule]]:
    for kind, mutate in KINDS:
        for what, condition in mutate(rule.when, vocabulary):
            yield kind, what, rule.model_copy(update={"when": condition})
    for number, item in enumerate(rule.unless):
        kept = (*rule.unless[:number], *rule.unless[number + 1 :])
        gates = rule.gates
        yield "unless dropped", f"unless {item.conclusion} dropped", rule.model_copy(update={"unless": kept, "gates": gates})
    for number, consequence in enumerate(rule.then):
        if len(rule.then) > 1:
            then = (*rule.then[:number], *rule.then[number + 1 :])
            yield "conclusion dropped", f"{consequence.conclusion} dropped", rule.model_copy(update={"then": then})
        for grade in _next_grades(vocabulary.conclusions[consequence.conclusion].grades, consequence.grade):
            moved = consequence.model_copy(update={"grade": grade})
            then = (*rule.then[:number], moved, *rule.then[number + 1 :])
            what = f"{consequence.conclusion}: {consequence.grade} -> {grade}"
            yield "grade moved", what, rule.model_copy(update={"then": then})


def _next_grades(grades: tuple[str, ...], grade: str) -> tuple[str, ...]:
    at = grades.index(grade)
    return (*grades[max(at - 1, 0) : at], *grades[at + 1 : at + 2])


def _everywhere(condition: Condition, change: Callable[[Condition], Iterable[Changed]]) -> Iterator[Changed]:
    """A change tried at every place of a condition, one at a time."""
    yield from change(condition)
    if isinstance(condition, All | AnyOf | AtLeast):
        for number, member in enumerate(condition.of):
            for what, changed in _everywhere(member, change):
                of = (*condition.of[:number], changed, *condition.of[number + 1 :])
                yield what, condition.model_copy(update={"of": of})
    if isinstance(condition, Later):
        for number, symptom in enumerate(condition.than):
            for what, changed in change(symptom):
                if isinstance(changed, Present | Known | NumberTest | ChoiceTest):
                    than = (*condition.than[:number], changed, *condition.than[number + 1 :])
                    yield f"later {condition.finding}: {what}", condition.model_copy(update={"than": than})


def thresholds(condition: Condition, vocabulary: Vocabulary) -> Iterator[Changed]:
    """A number one higher and one lower, inside the range of its finding."""

    def change(test: Condition) -> Iterator[Changed]:
        if isinstance(test, NumberTest):
            low, high = vocabulary.findings[test.finding].range or (test.value, test.value)
            for value in (test.value - 1, test.value + 1):
                if low <= value <= high:
                    yield f"{describe(test)} -> {value}", test.model_copy(update={"value": value})

    yield from _everywhere(condition, change)


def counts(condition: Condition, vocabulary: Vocabulary) -> Iterator[Changed]:
    """A count one higher and one lower, as far as it can be met."""

    def change(test: Condition) -> Iterator[Changed]:
        if isinstance(test, AtLeast):
            for k in (test.k - 1, test.k + 1):
                if 1 <= k <= len(test.of):
                    yield f"at_least {test.k} -> {k}", test.model_copy(update={"k": k})

    yield from _everywhere(condition, change)


def swaps(condition: Condition, vocabulary: Vocabulary) -> Iterator[Changed]:
    """All for any, and any for all."""

    def change(test: Condition) -> Iterator[Changed]:
        if isinstance(test, All) and len(test.of) > 1:
            yield "all -> any", AnyOf(of=test.of)
        if isinstance(test, AnyOf) and len(test.of) > 1:
            yield "any -> all", All(of=test.of)

    yield from _everywhere(condition, change)


def drops(condition: Condition, vocabulary: Vocabulary) -> Iterator[Changed]:
    """One member of a list left out."""

    def change(test: Condition) -> Iterator[Changed]:
        if isinstance(test, All | AnyOf | AtLeast) and len(test.of) > (test.k if isinstance(test, AtLeast) else 1):
            for number, member in enumerate(test.of):
                of = (*test.of[:number], *test.of[number + 1 :])
                yield f"{_named(member)} dropped", test.model_copy(update={"of": of})

    yield from _everywhere(condition, change)


def dates(condition: Condition, vocabulary: Vocabulary) -> Iterator[Changed]:
    """One finding that a work-up has to be later than left out."""

    def change(test: Condition) -> Iterator[Changed]:
        if isinstance(test, Later) and len(test.than) > 1:
            for number, symptom in enumerate(test.than):
                than = (*test.than[:number], *test.than[number + 1 :])
                yield f"later {test.finding} than {describe(symptom)} dropped", test.model_copy(update={"than": than})

    yield from _everywhere(condition, change)


def choices(condition: Condition, vocabulary: Vocabulary) -> Iterator[Changed]:
    """One choice left out of those that a test accepts."""

    def change(test: Condition) -> Iterator[Changed]:
        if isinstance(test, ChoiceTest) and len(test.choices) > 1:
            for number, name in enumerate(test.choices):
                kept = (*test.choices[:number], *test.choices[number + 1 :])
                yield f"{test.finding}: {name} dropped", test.model_copy(update={"choices": kept})

    yield from _everywhere(condition, change)


def negations(condition: Condition, vocabulary: Vocabulary) -> Iterator[Changed]:
    """One test turned round, as an author would write it."""

    def change(test: Condition) -> Iterator[Changed]:
        turned = _turned(test, vocabulary)
        if turned is not None:
            yield f"{_named(test)} negated", turned

    yield from _everywhere(condition, change)


def _turned(test: Condition, vocabulary: Vocabulary) -> Condition | None:
    match test:
        case Present(finding=name):
            return Absent(finding=name)
        case Absent(finding=name):
            return Present(finding=name)
        case Unknown(finding=name):
            return Known(finding=name)
        case Known(finding=name):
            return Unknown(finding=name)
        case Derived(conclusion=name, grade=grade):
            return NotDerived(conclusion=name, grade=grade)
        case NotDerived(conclusion=name, grade=grade):
            return Derived(conclusion=name, grade=grade)
        case Earlier(conclusion=name, grades=grades):
            return NotEarlier(conclusion=name, grades=grades)
        case NotEarlier(conclusion=name, grades=grades):
            return Earlier(conclusion=name, grades=grades)
        case NumberTest(comparison=comparison) if comparison in _OPPOSITE:
            return test.model_copy(update={"comparison": _OPPOSITE[comparison]})
        case ChoiceTest(finding=name, choices=choices):
            others = tuple(choice for choice in vocabulary.findings[name].choices if choice not in choices)
            return ChoiceTest(finding=name, choices=others) if others else None
        case _:
            return None


def tested_grades(condition: Condition, vocabulary: Vocabulary) -> Iterator[Changed]:
    """A conclusion tested at the next grade."""

    def change(test: Condition) -> Iterator[Changed]:
        if isinstance(test, Derived):
            for grade in _next_grades(vocabulary.conclusions[test.conclusion].grades, test.grade):
                yield f"{test.conclusion} at {test.grade} -> {grade}", test.model_copy(update={"grade": grade})

    yield from _everywhere(condition, change)


KINDS: tuple[tuple[str, Callable[[Condition, Vocabulary], Iterator[Changed]]], ...] = (
    ("threshold moved", thresholds),
    ("count moved", counts),
    ("all and any swapped", swaps),
    ("condition dropped", drops),
    ("date dropped", dates),
    ("choice dropped", choices),
    ("condition negated", negations),
    ("grade moved", tested_grades),
)


def _named(condition: Condition) -> str:
    match condition:
        case All() | AnyOf() | AtLeast():
            return f"{condition.test} of {len(condition.of)}"
        case Derived(conclusion=name, grade=grade) | NotDerived(conclusion=name, grade=grade):
            return f"{name} at {grade}"
        case Later(finding=name):
            return f"later {name}"
        case _:
            return describe(condition)


def _of_gates(knowledge: KnowledgeBase) -> Iterator[Mutant]:
    """One gate of one kind removed, for every rule that it held back and that nothing else holds back by it."""
    for name, kind in knowledge.kinds:
        pack = next(pack for pack in knowledge.packs if name in pack.kinds)
        for gate in kind.unless if kind.actionable else ():
            replaced: dict[str, Rule | None] = dict(_ungated(knowledge, name, gate))
            if replaced:
                what = f"gate {gate} of kind {name} removed"
                yield Mutant("gate removed", f"kind {name}", pack.file, pack.line, what, replaced)


def _ungated(knowledge: KnowledgeBase, kind: str, gate: str) -> Iterator[tuple[str, Rule]]:
    for rule in knowledge.rules:
        kinds = {knowledge.conclusion_by_id[item.conclusion].kind for item in rule.then}
        others: set[Any] = {name for other in kinds - {kind} for name in _gates_of(knowledge, other)}
        if kind in kinds and gate not in others:
            kept = tuple(item for item in rule.gates if item.conclusion != gate)
            if kept != rule.gates:
                yield rule.id, rule.model_copy(update={"gates": kept})


def _gates_of(knowledge: KnowledgeBase, kind: str) -> tuple[str, ...]:
    item = knowledge.kind_by_id[kind]
    return item.unless if item.actionable else ()
