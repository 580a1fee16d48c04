"""Mutation testing of the knowledge: does some case, or some invariant, notice every small fault?

In: `KnowledgeBase`. Out: `Score`. Whether a mutant that survives differs from the original for any patient at all is decided by
the solver, so that the figure is exact; for a survivor that differs, the smallest patient who would show it is given.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..engine.case import Case, Moment
from ..engine.program import Outcome
from ..knowledge.conditions import Derived, Leaf, NotDerived
from ..knowledge.errors import EngineError
from ..knowledge.language import KnowledgeBase, Rule
from .case_files import as_pack_case
from .circuit import Gate
from .evaluate import fires, rule_plane, tests_of
from .examples import Example, Examples
from .formula import LIMIT, Formula
from .lanes import suite_lanes
from .mutants import Mutant, mutants_of
from .prove import Prover
from .schemata import Schemata


@dataclass(frozen=True)
class Fate:
    """What became of a mutant: killed by something, equivalent to the original, or a survivor with a patient who shows it."""

    mutant: Mutant
    killed_by: str | None = None
    equivalent: bool = False
    case: Case | None = None

    @property
    def survived(self) -> bool:
        """Neither killed nor equivalent."""
        return self.killed_by is None and not self.equivalent


@dataclass(frozen=True)
class Score:
    """Every mutant and what became of it."""

    fates: tuple[Fate, ...]

    @property
    def killed(self) -> int:
        """How many were killed."""
        return sum(fate.killed_by is not None for fate in self.fates)

    @property
    def counted(self) -> int:
        """How many differ from the original for some patient."""
        return sum(not fate.equivalent for fate in self.fates)

    @property
    def percent(self) -> float:
        """Killed of those that differ."""
        return 100 * self.killed / self.counted if self.counted else 100.0

    @property
    def survivors(self) -> tuple[Fate, ...]:
        """Those that nothing noticed."""
        return tuple(fate for fate in self.fates if fate.survived)

    def __str__(self) -> str:
        return f"killed {self.killed} of {self.counted} mutants ({self.percent:.1f}%)"


def mutate(knowledge: KnowledgeBase, limit: int = LIMIT, shown: int = 25) -> Score:
    """The fate of every mutant; `shown` survivors at most are tried against the invariants and given a patient each.

    Raises:
        EngineError: the knowledge as written fails its own cases.
    """
    mutants = tuple(mutants_of(knowledge))
    schemata = Schemata(knowledge, suite_lanes(knowledge))
    if failing := schemata.failing():
        raise EngineError(f"{len(failing)} cases fail on the knowledge as written, first {failing[0]}; run sijoint check")
    killed = schemata.killed(mutants)
    difference = Difference(knowledge, limit)
    fates = []
    for mutant, by in zip(mutants, killed, strict=True):
        if by is not None:
            fates.append(Fate(mutant, killed_by=by.by))
        elif not difference.differs(mutant):
            fates.append(Fate(mutant, equivalent=True))
        else:
            fates.append(_fate(knowledge, mutant, difference, shown))
            shown -= 1
    return Score(tuple(fates))


def _fate(knowledge: KnowledgeBase, mutant: Mutant, difference: Difference, shown: int) -> Fate:
    """A mutant that no case noticed: killed by an invariant, or a survivor with its patient."""
    if shown <= 0:
        return Fate(mutant)
    changed = with_mutant(knowledge, mutant)
    prover = Prover(changed, difference.limit)
    for invariant in changed.invariants:
        if invariant.form == "never" and prover.never(invariant).verdict == "refuted":
            return Fate(mutant, killed_by=f"invariant {invariant.id}")
    return Fate(mutant, case=difference.example(mutant))


def killing_cases(knowledge: KnowledgeBase, score: Score, limit: int = LIMIT) -> Iterator[tuple[Rule, dict[str, Any]]]:
    """For every survivor a case that kills it, in the form of those beside the rules, each with its rule."""
    difference = Difference(knowledge, limit)
    seen: set[tuple[object, ...]] = set()
    for fate in score.survivors:
        case = difference.example(fate.mutant, fewest=False)
        if case is None or isinstance(case, Moment) or (fate.mutant.item, case.findings) in seen:
            continue
        seen.add((fate.mutant.item, case.findings))
        rule = next(knowledge.rule_by_id[name] for name in fate.mutant.replaced if difference.shows_in(fate.mutant, name, case))
        outcome = difference.formula.bitplane.evaluate(case)
        yield rule, _as_written(rule, case, outcome, len(seen))


def _as_written(rule: Rule, case: Case, outcome: Outcome, number: int) -> dict[str, Any]:
    """A case with what the knowledge as written answers."""
    name = rule.id.partition("/")[2]
    document = as_pack_case(f"fault_{name.partition('.')[0][:44]}_{number}", case)
    if rule.id not in outcome.fired:
        return {**document, "silent": [name]}
    return {**document, "fires": [name], "then": {item.conclusion: outcome.grade[item.conclusion] for item in rule.then}}


def with_mutant(knowledge: KnowledgeBase, mutant: Mutant) -> KnowledgeBase:
    """The knowledge with a fault in it."""
    rules = tuple(mutant.replaced.get(rule.id, rule) for rule in knowledge.rules)
    return knowledge.with_items(rules=tuple(rule for rule in rules if rule is not None))


class Difference:
    """Decides whether a mutant and the original differ: in the rules that fire, or in the grades they give."""

    def __init__(self, knowledge: KnowledgeBase, limit: int = LIMIT) -> None:
        self.knowledge, self.limit = knowledge, limit
        self.formula = Formula(knowledge)

    def differs(self, mutant: Mutant) -> bool:
        """Whether some patient shows the difference; not decided counts as yes."""
        solver = self.formula.solver([self.goal(mutant)], self.limit)
        return str(solver.check()) != "unsat"

    def example(self, mutant: Mutant, fewest: bool = True) -> Case | None:
        """A patient who shows the difference, with the fewest findings or only without needless ones."""
        changed = tuple(rule.when for rule in mutant.replaced.values() if rule)
        examples = Examples(self.formula, self.limit, changed)
        found = examples.find(self.goal(mutant), lambda case: self.shows(mutant, case), "kills the mutant", fewest)
        return found.case if isinstance(found, Example) else None

    def goal(self, mutant: Mutant) -> Gate:
        """The gate of "a rule or a grade differs". What the changed rules read does not depend on them, as cycles are refused."""
        circuit, planes = self.formula.circuit, self.formula.planes
        found = circuit.any_of(())
        for name, rule in mutant.replaced.items():
            changed = self.gate(rule) if rule else circuit.any_of(())
            found = found | (planes.rules[name] ^ changed)
        return found | circuit.any_of(self._moved(mutant, planes.rules))

    def gate(self, rule: Rule) -> Gate:
        """When a changed rule would fire."""
        found: Gate = rule_plane(rule, [self._leaf(leaf) for leaf in tests_of(rule)])
        return found

    def _leaf(self, leaf: Leaf) -> Gate:
        if isinstance(leaf, Derived | NotDerived):
            gate = self.formula.planes.grades[leaf.conclusion, leaf.grade]
            return gate if isinstance(leaf, Derived) else ~gate
        return self.formula.patient.atom(leaf)

    def _moved(self, mutant: Mutant, rules: Mapping[str, Gate]) -> Sequence[Gate]:
        """Where a changed grade shows: some grade is given that was not, or is no longer."""
        found = []
        for conclusion in _regraded_by(mutant, self.knowledge):
            item = self.knowledge.conclusion_by_id[conclusion]
            giving = self._giving(mutant, conclusion)
            for rank, grade in enumerate(item.grades):
                gates = (rules[name] for name, given in giving.items() if given >= rank)
                found.append(self.formula.planes.grades[conclusion, grade] ^ self.formula.circuit.any_of(gates))
        return found

    def _giving(self, mutant: Mutant, conclusion: str) -> dict[str, int]:
        """The rules that give a conclusion, each with the rank it gives under a mutant."""
        item = self.knowledge.conclusion_by_id[conclusion]
        rules = (mutant.replaced.get(rule.id) or rule for rule in self.knowledge.rules_for[conclusion])
        return {rule.id: item.rank(part.grade) for rule in rules for part in rule.then if part.conclusion == conclusion}

    def shows(self, mutant: Mutant, case: Case) -> bool:
        """Whether a case shows the difference, by the evaluators' own outcome."""
        return any(self.shows_in(mutant, name, case) for name in mutant.replaced)

    def shows_in(self, mutant: Mutant, name: str, case: Case) -> bool:
        """Whether a case shows it in one of the rules replaced."""
        return self._shows(mutant, name, case, self.formula.bitplane.evaluate(case))

    def _shows(self, mutant: Mutant, name: str, case: Case, outcome: Outcome) -> bool:
        rule = mutant.replaced[name]
        fired = rule is not None and fires(rule, case, outcome.grade, self.knowledge.conclusion_by_id)
        if fired is not (name in outcome.fired):
            return True
        if rule is None or not fired:
            return False
        own = {part.conclusion for part in rule.then}
        return any(self._regraded(mutant, item, outcome) for item in _regraded_by(mutant, self.knowledge) if item in own)

    def _regraded(self, mutant: Mutant, conclusion: str, outcome: Outcome) -> bool:
        giving = self._giving(mutant, conclusion)
        ranks = [rank for name, rank in giving.items() if name in outcome.fired]
        return self.knowledge.conclusion_by_id[conclusion].grades[max(ranks)] != outcome.grade[conclusion]


def _regraded_by(mutant: Mutant, knowledge: KnowledgeBase) -> tuple[str, ...]:
    """The conclusions to which a mutant gives another grade."""
    changed = ((knowledge.rule_by_id[name].then, rule.then) for name, rule in mutant.replaced.items() if rule)
    moved = (part for was, becomes in changed for part in (*was, *becomes) if part not in was or part not in becomes)
    return tuple(dict.fromkeys(part.conclusion for part in moved))
