"""Mutants and cases as lanes: one compiled program holds many mutants, and each bit of a plane is one case under one mutant.

In: a batch of mutants and lanes. Out: for every mutant the first lane whose expectation it breaks. A mutant's rules carry one
more test, true in its own lanes only; the rules they replace carry one that is false there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeGuard

from ..engine.bitplane import Bitplane, Results
from ..engine.program import Program, compile_program
from ..knowledge.conditions import All, Atom, Present
from ..knowledge.language import KnowledgeBase, Rule
from .lanes import Expected, Lane, expected_of, planes_of
from .mutants import Mutant
from .watch import PACK, watch

BATCH = 250


@dataclass(frozen=True)
class Killed:
    """What killed a mutant: a case or an invariant, by name."""

    by: str


class Schemata:
    """Runs batches of mutants of one knowledge base over the same lanes."""

    def __init__(self, knowledge: KnowledgeBase, lanes: Sequence[Lane]) -> None:
        self.knowledge, self.lanes = watch(knowledge), tuple(lanes)
        self.width = len(self.lanes)
        self.expected: Expected = expected_of(self.lanes)
        self.cases = [lane.case for lane in self.lanes]
        self.atoms: dict[Atom, int] = {}

    def killed(self, mutants: Sequence[Mutant]) -> list[Killed | None]:
        """For each mutant what kills it, None for a survivor."""
        found: list[Killed | None] = []
        for start in range(0, len(mutants), BATCH):
            found += self._batch(mutants[start : start + BATCH])
        return found

    def failing(self) -> list[str]:
        """The lanes whose expectations the knowledge itself breaks; none when every case does what it says."""
        nothing = Mutant("none", "", "", 0, "", {})
        bad, _ = self._failures([nothing])
        return [lane.name for number, lane in enumerate(self.lanes) if bad >> number & 1]

    def _batch(self, mutants: Sequence[Mutant]) -> list[Killed | None]:
        bad, violated = self._failures(mutants)
        whole = (1 << self.width) - 1
        return [self._first(bad >> at & whole, violated, at) for at in range(0, len(mutants) * self.width, self.width or 1)]

    def _first(self, bad: int, violated: dict[str, int], at: int) -> Killed | None:
        """The case, else the invariant, that kills the mutant whose lanes start at a bit."""
        if bad:
            return Killed(self.lanes[(bad & -bad).bit_length() - 1].name)
        whole = (1 << self.width) - 1
        return next((Killed(f"invariant {name}") for name, plane in violated.items() if plane >> at & whole), None)

    def _failures(self, mutants: Sequence[Mutant]) -> tuple[int, dict[str, int]]:
        """The lanes in which an expectation fails, and those in which an invariant is violated."""
        program = compile_program(_schema(self.knowledge, mutants))
        repeat = sum(1 << number * self.width for number in range(len(mutants)))
        one = repeat * ((1 << self.width) - 1)
        results = Bitplane(program).run(self._planes(program, mutants, repeat, one), one)
        fired = _fired(program, results)
        violated = {name: plane for name, plane in fired.items() if name.startswith(f"{PACK}/")}
        return self._broken(program, results, fired, repeat, one), violated

    def _planes(self, program: Program, mutants: Sequence[Mutant], repeat: int, one: int) -> list[int]:
        """Planes of the atoms: those of cases repeated for every mutant, those of mutants true in their own lanes."""
        missing = [atom for atom in program.atoms if atom not in self.atoms and not _is_mark(atom)]
        self.atoms |= dict(zip(missing, planes_of(missing, self.cases), strict=True))
        whole = (1 << self.width) - 1
        own = {f"{MARK}{number}": whole << number * self.width for number in range(len(mutants))}
        for rule, numbers in _replacing(mutants).items():
            own[_kept(rule)] = one ^ sum(own[f"{MARK}{number}"] for number in numbers)
        return [own[atom.finding] if _is_mark(atom) else self.atoms[atom] * repeat for atom in program.atoms]

    def _broken(self, program: Program, results: Results, fired: dict[str, int], repeat: int, one: int) -> int:
        bad = 0
        for rule, lanes in self.expected.fires.items():
            bad |= lanes * repeat & (one ^ fired.get(rule, 0))
        for rule, lanes in self.expected.silent.items():
            bad |= lanes * repeat & fired.get(rule, 0)
        grades = dict(zip(((item.id, rank) for item in program.conclusions for rank in range(len(item.grades))),
                          results.grades, strict=True))  # fmt: skip
        by_id = program.conclusion_by_id
        for (name, grade), lanes in self.expected.grades.items():
            rank = by_id[name].rank(grade)
            exactly = grades[name, rank] & (one ^ grades.get((name, rank + 1), 0))
            bad |= lanes * repeat & (one ^ exactly)
        for name, lanes in self.expected.never.items():
            bad |= lanes * repeat & grades[name, 0]
        return bad


MARK, KEPT = "mutant_", "kept_"


def _is_mark(atom: Atom) -> TypeGuard[Present]:
    return isinstance(atom, Present) and atom.finding.startswith((MARK, KEPT))


def _kept(rule: str) -> str:
    """The mark that is true where a rule is as written."""
    return KEPT + rule.replace("/", "_").replace(".", "_")


def _replacing(mutants: Sequence[Mutant]) -> dict[str, list[int]]:
    """By rule, the numbers of the mutants that replace it."""
    found: dict[str, list[int]] = {}
    for number, mutant in enumerate(mutants):
        for rule in mutant.replaced:
            found.setdefault(rule, []).append(number)
    return found


def _schema(knowledge: KnowledgeBase, mutants: Sequence[Mutant]) -> KnowledgeBase:
    """The knowledge that holds every mutant of a batch."""
    replacing = _replacing(mutants)
    rules = [_marked(rule, _kept(rule.id), rule.id) if rule.id in replacing else rule for rule in knowledge.rules]
    return knowledge.with_items(rules=(*rules, *_variants(mutants)))


def _variants(mutants: Sequence[Mutant]) -> Iterator[Rule]:
    for number, mutant in enumerate(mutants):
        for name, rule in mutant.replaced.items():
            if rule is not None:
                base, dot, side = name.partition(".")
                yield _marked(rule, f"{MARK}{number}", f"{base}__{number}{dot}{side}")


def _marked(rule: Rule, mark: str, name: str) -> Rule:
    when = All(of=(Present(finding=mark), rule.when))
    return rule.model_copy(update={"id": name, "when": when})


def _fired(program: Program, results: Results) -> dict[str, Any]:
    """A plane per rule, whichever variant of it fired."""
    found: dict[str, Any] = {}
    for rule, plane in zip(program.rules, results.rules, strict=True):
        base, dot, side = rule.id.partition(".")
        name = base.partition("__")[0] + dot + side
        found[name] = found.get(name, 0) | plane
    return found
