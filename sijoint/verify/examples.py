"""A solver's model -> a case that can be run, made as small as it goes.

In: a goal and a test that evaluators decide. Out: `Case`. The smallest example has the fewest findings: the solver is
asked for fewer until it proves that there is none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import z3

from ..engine.case import Case, Moment, Recorded
from ..knowledge.conditions import ATOMS, Atom, Condition, Earlier, Later, NotEarlier, NumberTest, leaves
from ..knowledge.language import Finding
from ..knowledge.regions import Value, passes, regions
from .circuit import Gate
from .formula import LIMIT, Formula, ask
from .patient import Moved, Patient, dated, earlier_name, history_name, options, signed

FIRST_DAY = date(2026, 1, 1)
APART = timedelta(days=3)
SIGNED = "example"

Test = Callable[[Case], bool]


@dataclass(frozen=True)
class Example:
    """A case that fulfils a goal; `smallest` when it was proved that none has fewer findings."""

    case: Case
    smallest: bool


class Examples:
    """Makes cases from models of one formula; `more` are conditions beside its rules whose tests a case has to respect."""

    def __init__(self, formula: Formula, limit: int = LIMIT, more: tuple[Condition, ...] = ()) -> None:
        self.formula, self.limit = formula, limit
        self.regions = regions(formula.knowledge, more)
        self.numbers: dict[str, list[NumberTest]] = {}
        self.dated: dict[str, None] = {}
        self.signed: dict[str, None] = {}
        self.remembered: dict[str, dict[str, None]] = {}
        for atom in (*formula.program.atoms, *(leaf for condition in more for leaf in leaves(condition))):
            if isinstance(atom, ATOMS):
                self.learn(atom)

    def learn(self, atom: Atom) -> None:
        """Take a test into account when a model is read."""
        if isinstance(atom, NumberTest):
            self.numbers.setdefault(atom.finding, []).append(atom)
        if isinstance(atom, Earlier | NotEarlier):
            self.remembered.setdefault(atom.conclusion, {}).update(dict.fromkeys(atom.grades))
        if isinstance(atom, Later):
            self.signed[atom.finding] = None
            self.dated |= {symptom.finding: None for symptom in atom.than}
            for symptom in atom.than:
                self.learn(symptom)

    def plain(self) -> list[Any]:
        """The terms of a patient without a past: no earlier moment said anything."""
        names = [earlier_name(name, grade) for name, grades in self.remembered.items() for grade in grades]
        followed = [z3.Bool(history_name(*pair)) for pair in self.formula.patient.followed]
        return [z3.Not(z3.Bool(name)) for name in names] + followed

    def case(self, model: Any, patient: Patient | None = None, name: str = "example") -> Case:
        """The case that a model describes; a later moment of one where earlier moments are part of it."""
        patient = patient or self.formula.patient
        found = []
        holding = frozenset(sign.name() for sign in model.decls() if z3.is_true(model[sign]))
        days = self._days(model, holding)
        for item in sorted(self.formula.knowledge.findings, key=lambda item: item.id):
            value = self._value(item, model, patient, holding)
            if value is not None:
                who = SIGNED if signed(item.id) in holding else None
                found.append(Recorded(finding=item.id, value=value, recorded_by=who, recorded_on=days.get(item.id)))
        as_of = max(days.values(), default=None)
        earlier, history = tuple(self._earlier(holding)), tuple(self._history(model, days, holding))
        if not earlier and not history:
            return Case(case=name, as_of=as_of, findings=tuple(found))
        return Moment(case=name, as_of=as_of, findings=tuple(found), earlier=earlier, history=history)

    def _earlier(self, holding: frozenset[str]) -> Iterator[tuple[str, str]]:
        """What was derived at an earlier moment, at the strongest grade that the model names."""
        for name in self.remembered:
            grades = self.formula.knowledge.conclusion_by_id[name].grades
            held = [grade for grade in grades if earlier_name(name, grade) in holding]
            yield from [(name, held[-1])] if held else []

    def _history(self, model: Any, days: Mapping[str, date], holding: frozenset[str]) -> Iterator[Recorded]:
        """An earlier answer on the day of each work-up that is not later than all of them."""
        refused = {sign.name() for sign in model.decls() if z3.is_false(model[sign])}
        for (work_up, symptom), answer in self.formula.patient.followed.items():
            if work_up in days and history_name(work_up, symptom) in refused:
                value = self._value(self.formula.knowledge.finding_by_id[symptom.finding], model, answer, holding)
                assert value is not None
                yield Recorded(finding=symptom.finding, value=value, recorded_on=days[work_up])

    def _value(self, item: Finding, model: Any, patient: Patient, holding: frozenset[str]) -> Value:
        if isinstance(patient, Moved):
            return self._moved(item, model, patient, holding)
        tag = patient.tag(item.id)
        if item.type == "number":
            return self._number(item, model, patient) if f"{tag} known" in holding else None
        for option in (option for option in options(item) if f"{tag} is {option}" in holding):
            return {"yes": True, "no": False}[option] if item.type == "yes_no" else option
        return None

    def _moved(self, item: Finding, model: Any, patient: Moved, holding: frozenset[str]) -> Value:
        """The value after a move: where the finding moves, the state it moves to."""
        if f"{item.id} moves" in holding and item.id in patient.own:
            return {"present": True, "absent": False}.get(patient.after_state)
        return self._value(item, model, patient.before, holding)

    def _number(self, item: Finding, model: Any, patient: Patient) -> Value:
        """The value of the same region: it passes the same tests."""
        term = model.eval(patient.value(item.id), model_completion=True)
        exact: Any = Fraction(term.numerator_as_long(), term.denominator_as_long()) if z3.is_rational_value(term) else None
        exact = term.as_long() if exact is None else exact
        tests = self.numbers.get(item.id, [])
        wanted = [passes(test, exact) for test in tests]
        known = [value for value in self.regions[item.id] if value is not None]
        return next(value for value in known if [passes(test, value) for test in tests] == wanted)

    def _days(self, model: Any, holding: frozenset[str]) -> dict[str, date]:
        """The days of dated findings, in the order of the model, far enough apart to be later in every zone."""
        moments: dict[str, int] = {}
        for name in (*self.dated, *self.signed):
            if dated(name) in holding:
                moments[name] = model.eval(z3.Int(f"{name} day"), model_completion=True).as_long()
        order = {moment: number for number, moment in enumerate(sorted(set(moments.values())))}
        return {name: FIRST_DAY + APART * order[moment] for name, moment in moments.items()}

    def find(self, goal: Gate, holds: Test, name: str = "example", fewest: bool = True) -> Example | bool | None:
        """A case for a goal, of the fewest findings or only without needless ones; False: there is none; None: undecided."""
        solver = self.formula.solver([goal], self.limit)
        answer = ask(solver)
        if not answer:
            return answer
        plain = self.plain()
        if not ask(solver, *plain):
            plain = []
            ask(solver)
        case = shrink(self.case(solver.model(), name=name), holds)
        if not fewest:
            return Example(case, smallest=False)
        counted = [self.formula.known(item).term for item in self.formula.knowledge.findings]
        solver.add(*self.formula.circuit.cone(self.formula.known(item) for item in self.formula.knowledge.findings))
        while True:
            fewer = z3.PbLe([(term, 1) for term in counted], len(case.findings) - 1)
            answer = ask(solver, fewer, *plain) if case.findings else False
            if not answer:
                return Example(case, smallest=answer is False)
            case = shrink(self.case(solver.model(), name=name), holds)


def shrink(case: Case, holds: Test) -> Case:
    """The case without every finding, signature and date that the test does not need, steps kept."""
    size = len(case.findings) + 1
    while len(case.findings) < size:
        size = len(case.findings)
        for item in case.findings:
            smaller = with_findings(case, (each for each in case.findings if each != item))
            if holds(smaller):
                case = smaller
    for item in case.findings:
        bare = item.model_copy(update={"recorded_by": None, "recorded_on": None})
        plain = with_findings(case, (bare if each == item else each for each in case.findings))
        if bare != item and holds(plain):
            case = plain
    return case


def with_findings(case: Case, findings: Iterable[Recorded]) -> Case:
    """The case with other findings."""
    return case.model_copy(update={"findings": tuple(findings)})
