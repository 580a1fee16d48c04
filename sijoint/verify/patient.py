"""One patient as solver variables: every finding with the facts that hold for any patient, stated once.

In: findings and a circuit. Out: a gate for each test of a finding. A finding is not both present and absent; a choice
is one of its choices; a number lies in its range and all its tests read one variable; unknown is having no value; a
`later` test needs its work-up present, signed and dated, and days are ordered; what earlier moments came to is free.
Contradictory answers are a patient too.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from itertools import combinations
from typing import Any

import z3

from ..engine.plane_text import describe
from ..knowledge.conditions import (
    Absent,
    Atom,
    ChoiceTest,
    Earlier,
    Known,
    Later,
    MomentTest,
    NotEarlier,
    NumberTest,
    Present,
    Symptom,
    Unknown,
)
from ..knowledge.language import Finding
from .circuit import Circuit, Gate

_COMPARE = {
    "over": lambda value, bound: value > bound,
    "at_least": lambda value, bound: value >= bound,
    "under": lambda value, bound: value < bound,
    "at_most": lambda value, bound: value <= bound,
    "exactly": lambda value, bound: value == bound,
}


class Patient:
    """The variables of one patient."""

    def __init__(
        self,
        circuit: Circuit,
        findings: Mapping[str, Finding],
        prefix: str = "",
        remembered: Mapping[str, tuple[str, ...]] | None = None,
    ) -> None:
        self.circuit, self.findings, self.prefix = circuit, findings, prefix
        self.remembered = remembered or {}
        self.tests: dict[Atom, Gate] = {}
        self.followed: dict[tuple[str, Symptom], Patient] = {}

    def atom(self, test: Atom) -> Gate:
        """The gate of a test."""
        if test not in self.tests:
            self.tests[test] = self._atom(test)
        return self.tests[test]

    def _atom(self, test: Atom) -> Gate:
        match test:
            case Present(finding=name):
                return self.is_(name, "yes")
            case Absent(finding=name):
                return self.is_(name, "no")
            case Known(finding=name):
                return self.known(name)
            case Unknown(finding=name):
                return ~self.known(name)
            case ChoiceTest(finding=name, choices=choices):
                return self.circuit.any_of(self.is_(name, choice) for choice in choices)
            case NumberTest():
                return self.number(test)
            case Later():
                return self.later(test)
            case Earlier():
                return self.was_derived(test)
            case NotEarlier():
                return ~self.was_derived(test)

    def was_derived(self, test: MomentTest) -> Gate:
        """A conclusion was derived at a grade or above at an earlier moment: any patient may have a past."""
        grades = self.remembered.get(test.conclusion, test.grades)
        weaker = ""
        for grade in grades:
            name = earlier_name(test.conclusion, grade)
            implied = z3.Implies(z3.Bool(name), z3.Bool(weaker)) if weaker else z3.BoolVal(True)
            self.circuit.define(name, implied, (weaker,) if weaker else ())
            weaker = name
        return self.circuit.literal(earlier_name(test.conclusion, test.grade))

    def tag(self, finding: str) -> str:
        """The finding's name in the solver."""
        return f"{self.prefix}{finding}"

    def known(self, finding: str) -> Gate:
        """Something was recorded."""
        item = self.findings[finding]
        if item.type == "number":
            self._declare_number(item)
            return self.circuit.literal(f"{self.tag(finding)} known")
        return self.circuit.any_of(self.is_(finding, value) for value in options(item))

    def is_(self, finding: str, value: str) -> Gate:
        """A yes/no or choice finding has a value."""
        name = self.tag(finding)
        if name not in self.circuit.definitions:
            names = [f"{name} is {each}" for each in options(self.findings[finding])]
            self.circuit.define(name, _at_most_one(names))
            for each in names:
                self.circuit.define(each, z3.BoolVal(True), (name,))
        return self.circuit.literal(f"{name} is {value}")

    def value(self, finding: str) -> Any:
        """The variable of a number."""
        name = f"{self.tag(finding)} value"
        return z3.Int(name) if self.findings[finding].whole else z3.Real(name)

    def _declare_number(self, item: Finding) -> None:
        low, high = item.range or (0, 0)
        value = self.value(item.id)
        self.circuit.define(f"{self.tag(item.id)}", z3.And(value >= _exact(low), value <= _exact(high)))
        self.circuit.define(f"{self.tag(item.id)} known", z3.BoolVal(True), (f"{self.tag(item.id)}",))

    def number(self, test: NumberTest) -> Gate:
        """A known number passes a comparison."""
        known = self.known(test.finding)
        name = f"{self.tag(test.finding)} {test.comparison} {test.value!r}"
        compared = _COMPARE[test.comparison](self.value(test.finding), _exact(test.value))
        self.circuit.define(name, z3.Bool(name) == compared, (f"{self.tag(test.finding)}",))
        return known & self.circuit.literal(name)

    def starts(self, finding: str, states: tuple[str, ...]) -> Gate:
        """The finding is in one of these states; for a number or a choice, any value counts as present."""
        gates = {"unknown": ~self.known(finding)}
        if self.findings[finding].type == "yes_no":
            gates |= {"present": self.is_(finding, "yes"), "absent": self.is_(finding, "no")}
        else:
            gates["present"] = self.known(finding)
        return self.circuit.any_of(gates[state] for state in states if state in gates)

    def later(self, test: Later) -> Gate:
        """A signed and dated work-up is later than every answer that counts, of this moment and of earlier ones."""
        found = self.atom(Present(finding=test.finding)) & self._free(signed(test.finding)) & self._free(dated(test.finding))
        for symptom in test.than:
            found = found & (~self.atom(symptom) | self.after(test.finding, symptom.finding))
            found = found & self.after_earlier(test.finding, symptom)
        return found

    def after_earlier(self, work_up: str, symptom: Symptom) -> Gate:
        """A work-up is later than every answer of earlier moments that passes a test.

        Where it is not, one such answer stands on the day of the work-up; `followed` holds it as a patient of its own.
        """
        name = history_name(work_up, symptom)
        if name not in self.circuit.definitions:
            answer = Patient(self.circuit, self.findings, f"{name}: ")
            counts = answer.atom(symptom)
            parts: list[tuple[Any, tuple[str, ...]]] = [(z3.Or(z3.Bool(name), counts.term), (counts.name,))]
            for other in [pair for pair in self.followed if pair[1].finding == symptom.finding]:
                parts.append(self._spares(other, (work_up, symptom), answer))
                parts.append(self._spares((work_up, symptom), other, self.followed[other]))
            rests_on = tuple(each for _, names in parts for each in names if each != name)
            self.circuit.define(name, z3.And(*(term for term, _ in parts)), rests_on)
            self.followed[work_up, symptom] = answer
        return self.circuit.literal(name)

    def _spares(self, kept: tuple[str, Symptom], refused: tuple[str, Symptom], answer: Patient) -> tuple[Any, tuple[str, ...]]:
        """The answer that refuses one work-up does not refuse another: it fails its test, or lies before it."""
        counts = answer.atom(kept[1])
        days = [self._free(dated(work_up)) for work_up, _ in (kept, refused)]
        holds, fails = z3.Bool(history_name(*kept)), z3.Not(z3.Bool(history_name(*refused)))
        both = z3.And(holds, fails, counts.term, *(day.term for day in days))
        term = z3.Implies(both, self.day(kept[0]) > self.day(refused[0]))
        return term, (counts.name, history_name(*kept), history_name(*refused), *(day.name for day in days))

    def after(self, work_up: str, symptom: str) -> Gate:
        """A dated symptom lies before a work-up."""
        name = f"{work_up} after {symptom}"
        self.circuit.define(name, z3.Bool(name) == (self.day(work_up) > self.day(symptom)))
        return self._free(dated(symptom)) & self.circuit.literal(name)

    def day(self, finding: str) -> Any:
        """The variable of the day on which a finding was recorded."""
        return z3.Int(f"{finding} day")

    def _free(self, name: str) -> Gate:
        self.circuit.define(name, z3.BoolVal(True))
        return self.circuit.literal(name)


class Freed(Patient):
    """A patient who differs from `before` only in the findings of `own`, which are any at all; dates stay."""

    def __init__(self, before: Patient, own: frozenset[str]) -> None:
        super().__init__(before.circuit, before.findings, "after ", before.remembered)
        self.before, self.own, self.followed = before, own, before.followed

    def tag(self, finding: str) -> str:
        """The finding's name; that of the patient before, where it is not free."""
        return super().tag(finding) if finding in self.own else finding

    def same(self, finding: str) -> Gate:
        """The finding has the value it had before."""
        item, before = self.findings[finding], self.before
        if item.type != "number":
            return ~self.circuit.any_of(self.is_(finding, each) ^ before.is_(finding, each) for each in options(item))
        name = f"{finding} keeps its value"
        differs = self.known(finding) ^ before.known(finding)
        rests_on = (self.tag(finding), before.tag(finding))
        self.circuit.define(name, z3.Bool(name) == (self.value(finding) == before.value(finding)), rests_on)
        return ~differs & (~self.known(finding) | self.circuit.literal(name))


class Moved(Patient):
    """A patient who differs from `before` in some findings of `own`, which move from one yes/no state to another."""

    def __init__(self, before: Patient, own: tuple[str, ...], states: tuple[str, ...], after: str) -> None:
        super().__init__(before.circuit, before.findings, remembered=before.remembered)
        self.before, self.own, self.states, self.after_state = before, frozenset(own), states, after
        self.followed = before.followed

    def moves(self, finding: str) -> Gate:
        """The finding is one of those that move."""
        name = f"{finding} moves"
        allowed = self.before.starts(finding, self.states)
        self.circuit.define(name, z3.Implies(z3.Bool(name), allowed.term), (allowed.name,))
        return self.circuit.literal(name)

    def is_(self, finding: str, value: str) -> Gate:
        """The value after the move."""
        now = self.before.is_(finding, value)
        if finding not in self.own:
            return now
        arrives = value == {"present": "yes", "absent": "no"}.get(self.after_state)
        return now | self.moves(finding) if arrives else now & ~self.moves(finding)


def signed(finding: str) -> str:
    """The name of "somebody signed for it"."""
    return f"{finding} signed"


def dated(finding: str) -> str:
    """The name of "its day was recorded", one for a finding as a work-up and as a symptom."""
    return f"{finding} dated"


def options(item: Finding) -> tuple[str, ...]:
    """The values of a yes/no or choice finding, as names."""
    return ("yes", "no") if item.type == "yes_no" else item.choices


def earlier_name(conclusion: str, grade: str) -> str:
    """The solver's name for a conclusion at a grade at an earlier moment."""
    return f"earlier {conclusion} at {grade}"


def history_name(work_up: str, symptom: Symptom) -> str:
    """The solver's name for a work-up that is later than every answer of earlier moments that counts."""
    return f"{work_up} after earlier {describe(symptom)}"


def _at_most_one(names: list[str]) -> Any:
    return z3.And(*(z3.Not(z3.And(z3.Bool(one), z3.Bool(other))) for one, other in combinations(names, 2)))


def _exact(number: int | float) -> Any:
    return z3.RealVal(str(Fraction(number))) if isinstance(number, float) else number
