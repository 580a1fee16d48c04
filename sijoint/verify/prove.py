"""Invariants -> proofs: each one proved for every patient, refuted by a patient, or not decided.

In: `KnowledgeBase`. Out: `Proof`s. The formula is the compiled program itself; every counterexample is run again on the
reference evaluator, and one that does not hold there stops the run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, Literal

from ..engine import reference
from ..engine.case import Case
from ..engine.program import Outcome
from ..knowledge.claims import Invariant
from ..knowledge.conditions import Unknown, leaves
from ..knowledge.errors import EngineError
from ..knowledge.language import KnowledgeBase, Rule
from .changes import moves, one_step, ranks_of, worse
from .examples import Example, Examples
from .formula import LIMIT, Formula, ask
from .watch import rule_of, watch

Verdict = Literal["proved", "refuted", "unknown"]


@dataclass(frozen=True)
class Reached:
    """One conclusion and grade, or one rule: whether some patient reaches it (None: not decided), and an example."""

    name: str
    reached: bool | None
    example: Example | None = None


@dataclass(frozen=True)
class Proof:
    """What came of one invariant; `case` is a counterexample, `where` names rules that break an invariant about rules."""

    invariant: Invariant
    verdict: Verdict
    case: Case | None = None
    where: tuple[str, ...] = ()
    reached: tuple[Reached, ...] = ()
    script: str = ""


class Prover:
    """Proves the invariants of one knowledge base, within a number of solver steps for each question."""

    def __init__(self, knowledge: KnowledgeBase, limit: int = LIMIT) -> None:
        self.knowledge, self.limit = knowledge, limit
        self.watched = watch(knowledge)
        self.formula = Formula(self.watched)
        self.examples = Examples(self.formula, limit)

    def proofs(self) -> Iterator[Proof]:
        """A proof for every invariant, in the order of the files."""
        prove: dict[str, Callable[[Invariant], Proof]] = {
            "never": self.never,
            "change": self.change,
            "unknown_only_for": self.unknown_only_for,
            "reachable": self.reachable,
        }
        for invariant in self.knowledge.invariants:
            yield prove[invariant.form](invariant)

    def never(self, invariant: Invariant) -> Proof:
        """No patient fulfils the violation."""
        rule = rule_of(invariant)
        goal = self.formula.planes.rules[rule]
        solver = self.formula.solver([goal], self.limit)
        script = to_script(solver)
        answer = ask(solver)
        if not answer:
            return Proof(invariant, "unknown" if answer is None else "proved", script=script)
        found = self.examples.find(goal, lambda case: rule in self._fired(case), f"refutes {invariant.id}")
        case = found.case if isinstance(found, Example) else self.examples.case(solver.model())
        self._confirm(invariant, rule in reference.evaluate(self.watched, case).fired)
        return Proof(invariant, "refuted", case=case, script=script)

    def _fired(self, case: Case) -> frozenset[str]:
        return self.formula.bitplane.evaluate(case).fired

    def _confirm(self, invariant: Invariant, holds: bool) -> None:
        if not holds:
            raise EngineError(f"the solver refutes {invariant.id} but the reference evaluator does not; no verdict is given")

    def change(self, invariant: Invariant) -> Proof:
        """No change of these answers moves a conclusion the wrong way."""
        goal, after = worse(invariant, self.formula)
        solver = self.formula.solver([goal], self.limit)
        script = to_script(solver)
        answer = ask(solver)
        if not answer:
            return Proof(invariant, "unknown" if answer is None else "proved", script=script)
        model = solver.model()
        first, second = self.examples.case(model), self.examples.case(model, after)
        case = one_step(invariant, self.formula, first, second)
        self._confirm(invariant, case is not None and moves(invariant, case, self._by_reference, ranks_of(self.formula)))
        return Proof(invariant, "refuted", case=case, script=script)

    def _by_reference(self, case: Case) -> Outcome:
        return reference.evaluate(self.watched, case)

    def unknown_only_for(self, invariant: Invariant) -> Proof:
        """Read from the rules: one that tests for unknown concludes only the kinds listed."""
        found = [rule for rule in self.knowledge.rules if self._asks_wrongly(rule, invariant.kinds)]
        where = tuple(f"{rule.id} ({rule.file}:{rule.line})" for rule in found)
        return Proof(invariant, "refuted" if where else "proved", where=where)

    def _asks_wrongly(self, rule: Rule, kinds: tuple[str, ...]) -> bool:
        given = {self.knowledge.conclusion_by_id[item.conclusion].kind for item in rule.then}
        return any(isinstance(leaf, Unknown) for leaf in leaves(rule.when)) and not given <= set(kinds)

    def reachable(self, invariant: Invariant) -> Proof:
        """Every conclusion at every grade, or every rule, has a patient."""
        reached = tuple(self._reach_rules() if invariant.reachable == "rules" else self._reach_conclusions())
        missing = tuple(item.name for item in reached if item.reached is False)
        undecided = tuple(item.name for item in reached if item.reached is None)
        verdict: Verdict = "refuted" if missing else "unknown" if undecided else "proved"
        return Proof(invariant, verdict, where=missing or undecided, reached=reached)

    def _reach_rules(self) -> Iterator[Reached]:
        """Every rule in one growing solver: an example is not asked for, only whether there is one."""
        rules = [(rule.id, self.formula.planes.rules[rule.id]) for rule in self.knowledge.shown_rules]
        solver = self.formula.solver([], self.limit)
        solver.add(*self.formula.circuit.cone(gate for _, gate in rules))
        for name, gate in rules:
            yield Reached(name, ask(solver, gate.term), None)

    def _reach_conclusions(self) -> Iterator[Reached]:
        """Every conclusion at exactly each of its grades, with its smallest example."""
        grades = self.formula.planes.grades
        for item in self.knowledge.declared:
            for grade, stronger in zip_longest(item.grades, item.grades[1:]):
                goal = grades[item.id, grade] & ~grades[item.id, stronger] if stronger else grades[item.id, grade]
                found = self.examples.find(goal, self._derives(item.id, grade), f"reaches {item.id} {grade}")
                example = found if isinstance(found, Example) else None
                yield Reached(f"{item.id}: {grade}", None if found is None else example is not None, example)

    def _derives(self, name: str, grade: str) -> Callable[[Case], bool]:
        return lambda case: self.formula.bitplane.evaluate(case).grade.get(name) == grade


def to_script(solver: Any) -> str:
    """The question as SMT-LIB 2, for any other solver."""
    return f"(set-logic QF_LIRA)\n{solver.to_smt2()}"


def prove(knowledge: KnowledgeBase, limit: int = LIMIT) -> tuple[Proof, ...]:
    """A proof for every invariant of a knowledge base."""
    return tuple(Prover(knowledge, limit).proofs())


def counted(proofs: Iterable[Proof]) -> str:
    """How many invariants were proved, as the last line says it."""
    verdicts = [proof.verdict for proof in proofs]
    return f"{verdicts.count('proved')} of {len(verdicts)} invariants proved"
