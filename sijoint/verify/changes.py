"""Changes of answers: two patients who differ in a few findings, and conclusions that must not move the wrong way.

In: an invariant about a change and a formula. Out: the gate that holds when a guarded conclusion moves the wrong way, and a
case whose one step shows it. Changing several findings is changing one after the other, so one step is always enough.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from ..engine.case import Case, Step
from ..engine.program import Outcome
from ..knowledge.claims import Invariant
from .circuit import Gate
from .examples import shrink
from .formula import Formula, Planes
from .patient import Freed, Moved, Patient

Ranks = Mapping[str, tuple[str, ...]]


def worse(invariant: Invariant, formula: Formula) -> tuple[Gate, Patient]:
    """The gate of "some guarded conclusion moved the wrong way", and the patient after the change."""
    change = invariant.change
    assert change
    if change.after == "anything":
        freed = Freed(formula.patient, frozenset(change.findings))
        after: Patient = freed
        allowed = [freed.same(name) | formula.patient.starts(name, change.before) for name in change.findings]
    else:
        after, allowed = Moved(formula.patient, change.findings, change.before, change.after), []
    goal = formula.circuit.any_of(_worse(invariant, formula, Planes(formula.bitplane, after)))
    for gate in allowed:
        goal = goal & gate
    return goal, after


def _worse(invariant: Invariant, formula: Formula, after: Planes) -> Iterator[Gate]:
    for name in invariant.guarded:
        for grade in formula.knowledge.conclusion_by_id[name].grades:
            was, becomes = formula.planes.grades[name, grade], after.grades[name, grade]
            yield was & ~becomes if invariant.direction == "lowers" else ~was & becomes


def one_step(invariant: Invariant, formula: Formula, first: Case, second: Case) -> Case | None:
    """A small case with one step that moves a guarded conclusion the wrong way: the first one between two patients."""
    assert invariant.change
    evaluate, ranks = formula.bitplane.evaluate, ranks_of(formula)
    for name in invariant.change.findings:
        if first.values.get(name) != second.values.get(name):
            case = _with_step(first, name, second)
            if moves(invariant, case, evaluate, ranks):
                return _shrunk(invariant, case, evaluate, ranks)
            first = both(case)[1]
    return None


def _with_step(case: Case, finding: str, after: Case) -> Case:
    """A case that becomes `after` in one finding by one step."""
    given = tuple(item for item in after.findings if item.finding == finding)
    step = Step(findings=given, withdrawn=() if given else (finding,))
    return case.model_copy(update={"steps": (step,)})


def both(case: Case) -> tuple[Case, Case]:
    """The two patients that a case with one step stands for: the second is what the first might have answered instead."""
    first = case.model_copy(update={"steps": ()})
    step = case.steps[0]
    return first, first.with_findings(step.findings, step.withdrawn)


def _shrunk(invariant: Invariant, case: Case, evaluate: Callable[[Case], Outcome], ranks: Ranks) -> Case:
    """The case without every finding that the wrong move does not need."""
    named = case.model_copy(update={"case": f"refutes {invariant.id}"})
    return shrink(named, lambda fewer: _allowed(invariant, fewer) and moves(invariant, fewer, evaluate, ranks))


def _allowed(invariant: Invariant, case: Case) -> bool:
    """Whether the changed finding still starts in a state from which the invariant speaks."""
    assert invariant.change
    step = case.steps[0]
    moved = (*(item.finding for item in step.findings), *step.withdrawn)
    return all(_state(case, name) in invariant.change.before for name in moved)


def _state(case: Case, finding: str) -> str:
    value = case.values.get(finding)
    return "unknown" if value is None else "absent" if value is False else "present"


def moves(invariant: Invariant, case: Case, evaluate: Callable[[Case], Outcome], grades: Ranks) -> bool:
    """Whether a guarded conclusion moves the wrong way between the first and the last moment of a case."""
    first, second = both(case)
    was, becomes = evaluate(first).grade, evaluate(second).grade
    for name in invariant.guarded:
        before, after = (grades[name].index(found[name]) if name in found else -1 for found in (was, becomes))
        if after < before if invariant.direction == "lowers" else after > before:
            return True
    return False


def ranks_of(formula: Formula) -> Ranks:
    """The grades of every conclusion, weakest first."""
    return {item.id: item.grades for item in formula.knowledge.conclusions}
