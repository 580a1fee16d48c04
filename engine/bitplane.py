"""The compiled evaluator: a program as one generated straight-line Python function of `&`, `|`, and `^` for complement only.

In: `Program`. Out: `Bitplane`, whose function is generic in what a plane is: ints of one bit (one case), long ints or NumPy words (many
cases), (must, may) pairs (bounds over the unknowns) or solver booleans (a formula). The generated text holds no text of a knowledge
file but ids that were checked, in comments and string literals.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..knowledge.conditions import (
    Absent,
    All,
    AnyOf,
    AtLeast,
    ChoiceTest,
    Condition,
    Derived,
    FindingTest,
    Known,
    Later,
    NotDerived,
    NumberTest,
    Present,
    Unknown,
)
from ..knowledge.errors import EngineError
from .atoms import is_later
from .case import Case, Value
from .program import Outcome, Program

_ID = re.compile(r"^[a-z][a-z0-9_]*(/[a-z][a-z0-9_]*)?(\.(left|right))?$")
_COMPARISON = {"over": ">", "at_least": ">=", "under": "<", "at_most": "<=", "exactly": "=="}

Planes = Sequence[Any]


@dataclass(frozen=True)
class Results:
    """What the generated function returns: one plane per rule in program order, and one per conclusion and grade, or above."""

    rules: Planes
    grades: Planes


class Bitplane:
    """A compiled program. Thread-safe: it holds no state of a case."""

    name = "compiled"

    def __init__(self, program: Program) -> None:
        self.program = program
        self.source = write_source(program)
        names: dict[str, Any] = {}
        exec(compile(self.source, "<sijoint program>", "exec"), names)  # noqa: S102 - text made below from checked ids
        self._planes: Callable[..., tuple[Planes, Planes]] = names["program"]
        self._fired: Callable[..., list[str]] = names["fired"]
        self.grade_keys = tuple((item.id, grade) for item in program.conclusions for grade in item.grades)
        self._later = tuple(atom for atom in program.atoms if isinstance(atom, Later))

    def run(self, atoms: Planes, one: Any) -> Results:
        """Evaluate any kind of plane: `atoms` in the order of `program.atoms`, `one` the plane that is true everywhere."""
        rules, grades = self._planes(atoms, one)
        return Results(rules, grades)

    def fired(self, values: Mapping[str, Value], later: Sequence[bool] = ()) -> list[str]:
        """Ids of the rules that fire on validated values, in program order; `later` decides the `later` atoms, else they fail."""
        return self._fired(values.get, later or (False,) * len(self._later))

    def evaluate(self, case: Case) -> Outcome:
        """The outcome of one case."""
        later = tuple(is_later(atom, case.recorded) for atom in self._later)
        return self.program.outcome(frozenset(self.fired(case.values, later)))


def write_source(program: Program) -> str:
    """The generated module: `program(a, one)` for planes and `fired(get, later)` fused with the reading of one mapping."""
    body = list(Writer(program).lines())
    rules = ", ".join(f"r{number}" for number in range(len(program.rules)))
    grades = ", ".join(f"c{c}_{g}" for c, item in enumerate(program.conclusions) for g in range(len(item.grades)))
    lines = ["def program(a, one):"]
    lines += [f"    a{number} = a[{number}]  # {describe(atom)}" for number, atom in enumerate(program.atoms)]
    lines += body
    lines += [f"    return ({rules}{',' if rules else ''}), ({grades}{',' if grades else ''})", "", ""]
    lines += ["def fired(get, later):", "    one = True", *_read_mapping(program), *body, "    found = []"]
    lines += [f"    if r{number}: found.append({_checked(rule.id)!r})" for number, rule in enumerate(program.rules)]
    lines += ["    return found", ""]
    return "\n".join(lines)


def _checked(name: str) -> str:
    if not _ID.match(name):
        raise EngineError(f"an id of unexpected form reached the compiler: {name[:80]!r}")
    return name


def describe(atom: FindingTest) -> str:
    """An atom in a few words, made of checked ids and numbers only.

    >>> describe(NumberTest(finding="symptom_days", comparison="over", value=10))
    'symptom_days over 10'
    """
    name = _checked(atom.finding)
    match atom:
        case NumberTest():
            return f"{name} {atom.comparison} {atom.value!r}"
        case ChoiceTest():
            return f"{name} in {' '.join(_checked(choice) for choice in atom.choices)}"
        case Later():
            return f"{name} later than {' '.join(_checked(key) for key in atom.than)}"
        case _:
            return f"{name} {atom.test}"


def _read_mapping(program: Program) -> Iterator[str]:
    """Lines that decide every atom from one mapping of validated values."""
    findings = {atom.finding: number for number, atom in reversed(list(enumerate(program.atoms)))}
    yield from (f"    v{number} = get({_checked(name)!r})" for name, number in sorted(findings.items(), key=lambda x: x[1]))
    later = 0
    for number, atom in enumerate(program.atoms):
        if isinstance(atom, Later):
            yield f"    a{number} = later[{later}]"
            later += 1
        else:
            yield f"    a{number} = {_decide(atom, f'v{findings[atom.finding]}')}"


def _decide(atom: FindingTest, value: str) -> str:
    match atom:
        case Present():
            return f"{value} is True"
        case Absent():
            return f"{value} is False"
        case Unknown():
            return f"{value} is None"
        case Known():
            return f"{value} is not None"
        case NumberTest():
            return f"{value} is not None and {value} {_COMPARISON[atom.comparison]} {atom.value!r}"
        case ChoiceTest():
            return f"{value} in {{{', '.join(repr(_checked(choice)) for choice in atom.choices)}}}"
        case Later():
            raise EngineError("a later test is decided from dates, not from a value")


class Writer:
    """Writes the lines of one program: a line per rule, then the conclusions that are complete after each stratum."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.conclusions = {item.id: number for number, item in enumerate(program.conclusions)}
        self.number = {rule.id: number for number, rule in enumerate(program.rules)}
        self.shared: dict[Condition, str] = {}
        self.pending: list[str] = []

    def lines(self) -> Iterator[str]:
        """Every line between reading the atoms and returning."""
        complete = self._completed_after()
        yield from self._grades(complete.get(-1, []))
        for stratum, rules in enumerate(self.program.strata):
            yield f"    # stratum {stratum}"
            for rule in rules:
                terms = [self.expression(rule.when), *(self.expression(item) for item in rule.blockers)]
                yield from self.pending
                self.pending.clear()
                yield f"    r{self.number[rule.id]} = {' & '.join(terms)}  # {_checked(rule.id)}"
            yield from self._grades(complete.get(stratum, []))

    def _completed_after(self) -> dict[int, list[str]]:
        last = dict.fromkeys(self.conclusions, -1)
        for rule in self.program.rules:
            for item in rule.then:
                last[item.conclusion] = max(last[item.conclusion], self.program.stratum_of[rule.id])
        found: dict[int, list[str]] = {}
        for name, stratum in last.items():
            found.setdefault(stratum, []).append(name)
        return found

    def _grades(self, names: list[str]) -> Iterator[str]:
        for name in names:
            item = self.program.conclusions[self.conclusions[name]]
            granting: dict[int, list[str]] = {}
            for rule in self._concluding[name]:
                rank = next(item.rank(part.grade) for part in rule.then if part.conclusion == name)
                granting.setdefault(rank, []).append(f"r{self.number[rule.id]}")
            for rank in reversed(range(len(item.grades))):
                stronger = [f"c{self.conclusions[name]}_{rank + 1}"] if rank + 1 < len(item.grades) else []
                terms = [*stronger, *granting.get(rank, [])] or ["one ^ one"]
                yield f"    c{self.conclusions[name]}_{rank} = {' | '.join(terms)}  # {_checked(name)}: {item.grades[rank]}"

    @property
    def _concluding(self) -> Mapping[str, list[Any]]:
        if not hasattr(self, "_by_conclusion"):
            self._by_conclusion: dict[str, list[Any]] = {name: [] for name in self.conclusions}
            for rule in self.program.rules:
                for part in rule.then:
                    self._by_conclusion[part.conclusion].append(rule)
        return self._by_conclusion

    def expression(self, condition: Condition) -> str:
        """A condition as an expression; an `at_least` becomes lines of its own that stand before the rule."""
        match condition:
            case All(of=members):
                return self._joined(members, " & ")
            case AnyOf(of=members):
                return self._joined(members, " | ")
            case AtLeast():
                return self.ladder(condition)
            case Derived(conclusion=name, grade=grade):
                return self._grade(name, grade)
            case NotDerived(conclusion=name, grade=grade):
                return f"({self._grade(name, grade)} ^ one)"
            case _:
                return f"a{self.program.atom_number[condition]}"

    def _joined(self, members: tuple[Condition, ...], operator: str) -> str:
        parts = [self.expression(member) for member in members]
        return parts[0] if len(parts) == 1 else f"({operator.join(parts)})"

    def _grade(self, name: str, grade: str) -> str:
        number = self.conclusions[name]
        return f"c{number}_{self.program.conclusions[number].rank(grade)}"

    def ladder(self, condition: AtLeast) -> str:
        """`at_least k of n` as rungs: rung j holds when j or more of the members seen so far hold."""
        if condition in self.shared:
            return self.shared[condition]
        name = f"t{len(self.shared)}"
        self.shared[condition] = name
        rungs: list[str] = []
        members = [self.expression(member) for member in condition.of]
        for seen, member in enumerate(members):
            rungs = self._climb(name, rungs, member, condition.k, len(members) - seen - 1)
        self.pending.append(f"    {name} = {rungs[condition.k - 1]}")
        return name

    def _climb(self, name: str, rungs: list[str], member: str, k: int, left: int) -> list[str]:
        """The rungs after one more member; rungs that can no longer reach k are not written."""
        grown = list(rungs)
        for rung in reversed(range(min(len(rungs) + 1, k))):
            if rung + 1 + left < k:
                continue
            below = f"{rungs[rung - 1]} & {member}" if rung else member
            text = f"{rungs[rung]} | {below}" if rung < len(rungs) else below
            variable = f"{name}_{left}_{rung}"
            self.pending.append(f"    {variable} = {text}")
            if rung < len(grown):
                grown[rung] = variable
            else:
                grown.append(variable)
        return grown
