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

from ..knowledge.conditions import FINDING_TESTS, Atom, FindingTest
from ..knowledge.frozen import FrozenDict, FrozenObject
from .atoms import decide
from .case import Case, Value
from .case_text import case_lines, moment_atoms
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
    tests_of: Mapping[str, tuple[tuple[int, FindingTest], ...]]
    _answer: Callable[[Callable[[str], Value | None], Sequence[bool]], Answer]
    _plane_lines: tuple[str, ...]
    _moments: tuple[Atom, ...]
    _first_visit: tuple[bool, ...]

    def __init__(self, program: Program) -> None:
        tests_of: dict[str, list[tuple[int, FindingTest]]] = {}
        for number, atom in enumerate(program.atoms):
            if isinstance(atom, FINDING_TESTS):
                tests_of.setdefault(atom.finding, []).append((number, atom))
        made_before = moment_atoms(program)
        self._fix(
            program=program,
            grade_keys=tuple((item.id, grade) for item in program.conclusions for grade in item.grades),
            tests_of=FrozenDict((name, tuple(found)) for name, found in tests_of.items()),
            _answer=_compiled(case_lines(program), "answer"),
            _plane_lines=tuple(plane_lines(program)),
            _moments=made_before,
            _first_visit=tuple(decide(atom, Case()) for atom in made_before),
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

    def fired(self, values: Mapping[str, Value]) -> list[str]:
        """Ids of the rules that fire on validated values of a first visit without dates, in program order."""
        return self._answer(values.get, self._first_visit)[0]

    def evaluate(self, case: Case) -> Outcome:
        """The outcome of one case."""
        decided = [decide(atom, case) for atom in self._moments] if self._moments else ()
        rules, grades = self._answer(case.values.get, decided)
        return Outcome(frozenset(rules), tuple(grades))


def _compiled(lines: Iterable[str], name: str) -> Any:
    names: dict[str, Any] = {}
    exec(compile("\n".join(lines), "<sijoint program>", "exec"), names)  # noqa: S102 - text made of checked ids and numbers
    return names[name]


def write_source(program: Program) -> str:
    """The generated module: `program(a, one)` over planes and `answer(get, decided)` over one case."""
    return "\n".join([*plane_lines(program), "", "", *case_lines(program), ""])
