"""The compiled evaluator: a program as generated straight-line Python, run on planes of any kind or on one case.

In: `Program`. Out: `Bitplane`. Its function over planes is generic in what a plane is: ints of one bit, long ints or
NumPy words (many cases), (must, may) pairs (bounds over the unknowns) or solver booleans (a formula). Its function over
one case reads the values itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ..knowledge.conditions import Later
from ..knowledge.frozen import FrozenDict, FrozenObject
from .atoms import is_later
from .case import Case, Value
from .case_text import case_lines
from .plane_text import plane_lines
from .program import Outcome, Program

Planes = Sequence[Any]
Answer = tuple[list[str], list[tuple[str, str]]]


@dataclass(frozen=True)
class Results:
    """One plane per rule, in program order, and one per conclusion and grade: derived at that grade or above."""

    rules: Planes
    grades: Planes


class Bitplane(FrozenObject):
    """A compiled program. Thread-safe: it holds no state of a case. Pickled as the program, and compiled anew."""

    name = "compiled"

    program: Program
    grade_keys: tuple[tuple[str, str], ...]
    atoms_of: Mapping[str, tuple[int, ...]]
    _answer: Callable[[Callable[[str], Value | None], Sequence[bool]], Answer]
    _plane_lines: tuple[str, ...]
    _later: tuple[Later, ...]
    _never_later: tuple[bool, ...]

    def __init__(self, program: Program) -> None:
        atoms_of: dict[str, list[int]] = {}
        for number, atom in enumerate(program.atoms):
            atoms_of.setdefault(atom.finding, []).append(number)
        later = tuple(atom for atom in program.atoms if isinstance(atom, Later))
        self._fix(
            program=program,
            grade_keys=tuple((item.id, grade) for item in program.conclusions for grade in item.grades),
            atoms_of=FrozenDict((name, tuple(numbers)) for name, numbers in atoms_of.items()),
            _answer=_compiled(case_lines(program), "answer"),
            _plane_lines=tuple(plane_lines(program)),
            _later=later,
            _never_later=(False,) * len(later),
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return Bitplane, (self.program,)

    @cached_property
    def source(self) -> str:
        """The generated module, as it is compiled."""
        return write_source(self.program)

    @cached_property
    def _planes(self) -> Callable[[Planes, Any], tuple[Planes, Planes]]:
        program: Callable[[Planes, Any], tuple[Planes, Planes]] = _compiled(self._plane_lines, "program")
        return program

    def run(self, atoms: Planes, one: Any) -> Results:
        """Evaluate planes of any kind: `atoms` in the order of `program.atoms`, `one` true everywhere."""
        return Results(*self._planes(atoms, one))

    def fired(self, values: Mapping[str, Value], later: Sequence[bool] = ()) -> list[str]:
        """Ids of the rules that fire on validated values, in program order; without `later` its atoms fail."""
        return self._answer(values.get, later or self._never_later)[0]

    def evaluate(self, case: Case) -> Outcome:
        """The outcome of one case."""
        later = [is_later(atom, case.recorded) for atom in self._later] if self._later else ()
        rules, grades = self._answer(case.values.get, later)
        return Outcome(frozenset(rules), tuple(grades))


def _compiled(lines: Iterable[str], name: str) -> Any:
    names: dict[str, Any] = {}
    exec(compile("\n".join(lines), "<sijoint program>", "exec"), names)  # noqa: S102 - text made of checked ids and numbers
    return names[name]


def write_source(program: Program) -> str:
    """The generated module: `program(a, one)` over planes and `answer(get, later)` over one case."""
    return "\n".join([*plane_lines(program), "", "", *case_lines(program), ""])
