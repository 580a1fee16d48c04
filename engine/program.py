"""The program: rules of a knowledge base in stratum order, with every distinct test of a finding as a numbered atom.

In: `KnowledgeBase`. Out: a frozen `Program` that every evaluator but the reference starts from. A stratum is the longest
path over all dependencies of a rule; cycles were refused when the knowledge was loaded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from ..knowledge.conditions import ATOMS, Atom, leaves
from ..knowledge.frozen import FrozenDict
from ..knowledge.graph import strata_of
from ..knowledge.language import Conclusion, KnowledgeBase, Rule


@dataclass(frozen=True)
class Outcome:
    """What an evaluator answers: ids of the fired rules, and each derived conclusion with its grade, in the order of
    declaration.
    """

    fired: frozenset[str]
    grades: tuple[tuple[str, str], ...]

    @property
    def grade(self) -> dict[str, str]:
        """Grades by conclusion."""
        return dict(self.grades)


@dataclass(frozen=True)
class Program:
    """Atoms in order of first use, and rules by stratum, each stratum in the order of the files."""

    fingerprint: str
    atoms: tuple[Atom, ...]
    strata: tuple[tuple[Rule, ...], ...]
    conclusions: tuple[Conclusion, ...] = field(repr=False)

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """Every rule in the order in which it is evaluated."""
        return tuple(rule for stratum in self.strata for rule in stratum)

    @cached_property
    def stratum_of(self) -> Mapping[str, int]:
        """The stratum of a rule id, 0 for rules that read only findings."""
        return FrozenDict((rule.id, number) for number, stratum in enumerate(self.strata) for rule in stratum)

    @cached_property
    def atom_number(self) -> Mapping[Atom, int]:
        """The number of an atom."""
        return FrozenDict((atom, number) for number, atom in enumerate(self.atoms))

    def outcome(self, fired: frozenset[str]) -> Outcome:
        """The outcome that a set of fired rules amounts to: the strongest rule sets each grade."""
        ranks: dict[str, int] = {}
        by_id = self.conclusion_by_id
        for rule in (rule for rule in self.rules if rule.id in fired):
            for consequence in rule.then:
                rank = by_id[consequence.conclusion].rank(consequence.grade)
                ranks[consequence.conclusion] = max(rank, ranks.get(consequence.conclusion, 0))
        grades = tuple((item.id, item.grades[ranks[item.id]]) for item in self.conclusions if item.id in ranks)
        return Outcome(fired, grades)

    @cached_property
    def conclusion_by_id(self) -> Mapping[str, Conclusion]:
        """Conclusions by id."""
        return FrozenDict((item.id, item) for item in self.conclusions)

    def __reduce__(self) -> tuple[Any, ...]:
        """Without what is computed on first use, which another thread may be computing."""
        return Program, (self.fingerprint, self.atoms, self.strata, self.conclusions)


def compile_program(knowledge: KnowledgeBase) -> Program:
    """Order the rules of a knowledge base by stratum and number its atoms."""
    strata = strata_of(knowledge.rules)
    atoms: dict[Atom, None] = {}
    for rule in (rule for stratum in strata for rule in stratum):
        atoms |= {leaf: None for leaf in leaves(rule.when) if isinstance(leaf, ATOMS)}
    return Program(knowledge.fingerprint, tuple(atoms), strata, knowledge.conclusions)
