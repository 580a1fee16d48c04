"""Knowledge as a formula: the compiled program run on solver booleans, and questions put to a solver with a limit.

In: `KnowledgeBase`. Out: `Formula`; `ask` gives True (there is such a patient), False (there is none: a proof) or None
(not decided within the limit). The limit counts the solver's steps, not seconds: a question always has the same answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any

import z3

from ..engine.bitplane import Bitplane
from ..engine.program import Program, compile_program
from ..knowledge.conditions import Known
from ..knowledge.language import Finding, KnowledgeBase
from .circuit import Circuit, Gate
from .patient import Patient

LIMIT = 20_000_000
"""Solver steps for one question."""


class Planes:
    """The program run once for one patient: a gate per rule and per conclusion and grade."""

    def __init__(self, bitplane: Bitplane, patient: Patient) -> None:
        self.patient = patient
        program = bitplane.program
        atoms = [patient.atom(atom) for atom in program.atoms]
        results = bitplane.run(atoms, patient.circuit.one)
        self.rules: Mapping[str, Gate] = {rule.id: gate for rule, gate in zip(program.rules, results.rules, strict=True)}
        self.grades: Mapping[tuple[str, str], Gate] = dict(zip(bitplane.grade_keys, results.grades, strict=True))


class Formula:
    """One knowledge base as a formula about one patient."""

    def __init__(self, knowledge: KnowledgeBase, circuit: Circuit | None = None, patient: Patient | None = None) -> None:
        self.knowledge = knowledge
        self.circuit = circuit or Circuit()
        self.patient = patient or Patient(self.circuit, knowledge.finding_by_id, remembered=knowledge.remembered)
        self.program: Program = compile_program(knowledge)
        self.bitplane = Bitplane(self.program)

    @cached_property
    def planes(self) -> Planes:
        """The gates of the patient."""
        return Planes(self.bitplane, self.patient)

    def solver(self, goals: Iterable[Gate], limit: int = LIMIT) -> Any:
        """A fresh solver that holds the definitions the goals rest on and the goals themselves."""
        goals = list(goals)
        solver = z3.Solver()
        solver.set("rlimit", limit)
        solver.set("random_seed", 0)
        solver.add(*self.circuit.cone(goals))
        solver.add(*(goal.term for goal in goals))
        return solver

    def known(self, finding: Finding) -> Gate:
        """The finding was recorded."""
        return self.patient.atom(Known(finding=finding.id))


def ask(solver: Any, *assumptions: Any) -> bool | None:
    """True where there is such a patient, False where there is none, None where the limit was reached."""
    answer = solver.check(*assumptions)
    return None if answer == z3.unknown else bool(answer == z3.sat)


def solver_version() -> str:
    """The solver and its version."""
    return f"z3 {z3.get_version_string()}"
