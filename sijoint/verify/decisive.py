"""Which test of a rule decides: with the others as they are, the rule fires if it holds and is silent if it does not.

In: a rule and a plane for each of its tests. Out: a plane for each test. Planes are lanes of cases, or gates of a solver. This
is modified condition/decision coverage (MC/DC) as aviation software uses it: every test has to be seen deciding both ways.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..engine.bitplane import Bitplane
from ..engine.case import Case
from ..engine.program import compile_program
from ..knowledge.conditions import Derived, Leaf, NotDerived
from ..knowledge.language import KnowledgeBase, Rule
from .evaluate import rule_plane, tests_of
from .lanes import planes_of


def decides(rule: Rule, planes: Sequence[Any], number: int, one: Any) -> Any:
    """Where test `number` of a rule decides."""
    if_holds = [one if at == number else plane for at, plane in enumerate(planes)]
    if_not = [one ^ one if at == number else plane for at, plane in enumerate(planes)]
    return rule_plane(rule, if_holds) & (rule_plane(rule, if_not) ^ one)


def written_rules(knowledge: KnowledgeBase) -> tuple[Rule, ...]:
    """The rules that an author wrote; those that are worked out from other rules to keep a screen open are left out."""
    asked = {f"{screen.pack}/{screen.open}" for screen in knowledge.screens if not screen.reach}
    return tuple(rule for rule in knowledge.rules if rule.id in asked or rule.id not in knowledge.screening)


class LanePlanes:
    """The planes of many cases under one knowledge base: for every test, and for every rule."""

    def __init__(self, knowledge: KnowledgeBase, cases: Sequence[Case]) -> None:
        program = compile_program(knowledge)
        bitplane = Bitplane(program)
        self.one = (1 << len(cases)) - 1
        atoms = planes_of(program.atoms, cases)
        results = bitplane.run(atoms, self.one)
        self.atoms: Mapping[Any, int] = dict(zip(program.atoms, atoms, strict=True))
        self.grades: Mapping[tuple[str, str], int] = dict(zip(bitplane.grade_keys, results.grades, strict=True))
        self.rules: Mapping[str, int] = {rule.id: plane for rule, plane in zip(program.rules, results.rules, strict=True)}

    def leaf(self, leaf: Leaf) -> int:
        """The cases in which a test holds."""
        if isinstance(leaf, Derived | NotDerived):
            plane = self.grades[leaf.conclusion, leaf.grade]
            return plane if isinstance(leaf, Derived) else plane ^ self.one
        return self.atoms[leaf]


@dataclass(frozen=True)
class Clause:
    """One test of one rule, and in how many cases it decided that the rule fires, and that it does not."""

    rule: Rule
    number: int
    test: Leaf
    fires: int
    silences: int

    @property
    def decided(self) -> bool:
        """It was seen deciding both ways."""
        return bool(self.fires and self.silences)


def clauses_of(knowledge: KnowledgeBase, cases: Sequence[Case]) -> tuple[Clause, ...]:
    """Every test of every rule with how often the cases show it deciding; twins of a sided rule count together."""
    lanes = LanePlanes(knowledge, cases)
    found: dict[tuple[str, int], Clause] = {}
    for rule in written_rules(knowledge):
        tests = tests_of(rule)
        planes = [lanes.leaf(test) for test in tests]
        for number, test in enumerate(tests):
            decisive = decides(rule, planes, number, lanes.one)
            key = (rule.id.partition(".")[0], number)
            before = found.get(key) or Clause(rule, number, test, 0, 0)
            fires = before.fires + (decisive & planes[number]).bit_count()
            silences = before.silences + (decisive & (planes[number] ^ lanes.one)).bit_count()
            found[key] = Clause(before.rule, number, before.test, fires, silences)
    return tuple(found.values())
