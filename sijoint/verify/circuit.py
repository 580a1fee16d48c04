"""A circuit of solver booleans: planes on which the compiled program becomes a formula, one named gate per operation.

In: `&`, `|` and `^` on gates. Out: definitions a solver reads, flat and shared; `cone` picks those a goal rests on.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import z3

YES, NO = "true", "false"


@dataclass(frozen=True)
class Definition:
    """What one name stands for: an assertion, and the names it rests on."""

    assertion: Any
    rests_on: tuple[str, ...]


@dataclass
class Circuit:
    """Every gate defined so far, by name."""

    definitions: dict[str, Definition] = field(default_factory=dict)
    gates: dict[tuple[str, ...], Gate] = field(default_factory=dict)

    @property
    def one(self) -> Gate:
        """The gate that is always true."""
        return Gate(self, YES, True)

    def define(self, name: str, assertion: Any, rests_on: Iterable[str] = ()) -> None:
        """State once what a name stands for."""
        self.definitions.setdefault(name, Definition(assertion, tuple(rests_on)))

    def literal(self, name: str) -> Gate:
        """The gate of a defined name."""
        return Gate(self, name, True)

    def join(self, operator: str, left: Gate, right: Gate) -> Gate:
        """The gate of `left and right` or `left or right`, made once."""
        absorbing = operator == "or"
        for one, other in ((left, right), (right, left)):
            if one.name == YES:
                return one if one.holds is absorbing else other
        if left == right:
            return left
        if left.name == right.name:
            return Gate(self, YES, absorbing)
        key = (operator, *sorted((left.key, right.key)))
        if key not in self.gates:
            name = f"g{len(self.gates)}"
            made = (z3.Or if absorbing else z3.And)(left.term, right.term)
            self.define(name, z3.Bool(name) == made, (left.name, right.name))
            self.gates[key] = Gate(self, name, True)
        return self.gates[key]

    def any_of(self, gates: Iterable[Gate]) -> Gate:
        """The gate that holds when one of `gates` does."""
        found = Gate(self, YES, False)
        for gate in gates:
            found = found | gate
        return found

    def cone(self, goals: Iterable[Gate]) -> list[Any]:
        """The assertions that the goals rest on, in the order of definition."""
        seen: set[str] = set()
        waiting = [goal.name for goal in goals]
        while waiting:
            name = waiting.pop()
            if name not in seen and name in self.definitions:
                seen.add(name)
                waiting += self.definitions[name].rests_on
        return [item.assertion for name, item in self.definitions.items() if name in seen]


@dataclass(frozen=True)
class Gate:
    """A name or its complement; supports the three operators of the compiled program."""

    circuit: Circuit = field(repr=False, compare=False)
    name: str
    holds: bool

    @property
    def key(self) -> str:
        """The name with its sign."""
        return self.name if self.holds else f"!{self.name}"

    @property
    def term(self) -> Any:
        """The solver's term."""
        if self.name == YES:
            return z3.BoolVal(self.holds)
        constant = z3.Bool(self.name)
        return constant if self.holds else z3.Not(constant)

    def __and__(self, other: Gate) -> Gate:
        return self.circuit.join("and", self, other)

    def __or__(self, other: Gate) -> Gate:
        return self.circuit.join("or", self, other)

    def __xor__(self, other: Gate) -> Gate:
        if other.name == YES:
            return Gate(self.circuit, self.name, self.holds is not other.holds)
        if self.name == YES:
            return other ^ self
        return (self & ~other) | (~self & other)

    def __invert__(self) -> Gate:
        return Gate(self.circuit, self.name, not self.holds)
