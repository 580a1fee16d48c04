"""Program -> the text of a function that answers one case: it reads the values and stops early where it can.

In: `Program`. Out: lines of Python. One line per rule, naming it by its id; the text holds nothing of a knowledge file
but checked ids and numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..knowledge.conditions import (
    Absent,
    All,
    AnyOf,
    AtLeast,
    Atom,
    ChoiceTest,
    Condition,
    Derived,
    Earlier,
    Known,
    Later,
    NotDerived,
    NotEarlier,
    NumberTest,
    Present,
    Unknown,
)
from ..knowledge.language import Rule
from .plane_text import checked, grouped
from .program import Program

NAMES_IN_A_ROW = 10
MADE_BEFORE = (Later, Earlier, NotEarlier)
"""Tests of dates and of earlier moments, which are decided before the function is called."""
_COMPARISON = {"over": ">", "at_least": ">=", "under": "<", "at_most": "<=", "exactly": "=="}


def case_lines(program: Program) -> Iterator[str]:
    """The function `answer(get, decided)`: a mapping's `get` and the decided `moment_atoms` in, fired rules and grades out."""
    yield from _CaseWriter(program).lines()


def moment_atoms(program: Program) -> tuple[Atom, ...]:
    """The atoms that the function takes as decided, in their order."""
    return tuple(atom for atom in program.atoms if isinstance(atom, MADE_BEFORE))


class _CaseWriter:
    """Names: `v` values, `a` atoms that take more than an identity test, `c3_1` conclusion 3 at grade 1 or above."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.place = {item.id: place for place, item in enumerate(program.conclusions)}
        read = (atom.finding for atom in program.atoms if not isinstance(atom, MADE_BEFORE))
        self.value = {name: f"v{number}" for number, name in enumerate(dict.fromkeys(read))}
        self.moments = moment_atoms(program)

    def lines(self) -> Iterator[str]:
        """The whole function."""
        yield "def answer(get, decided):"
        yield from (f"    {value} = get({checked(name)!r})" for name, value in self.value.items())
        for number, atom in enumerate(self.program.atoms):
            if isinstance(atom, NumberTest | ChoiceTest | Later | Earlier | NotEarlier):
                yield f"    a{number} = {self.decided(atom)}"
        yield from self._nothing_derived()
        yield "    rules, grades = [], []"
        yield "    fire, grade = rules.append, grades.append"
        for stratum, rules in enumerate(self.program.strata):
            yield f"    # stratum {stratum}"
            yield from map(self._rule, rules)
        yield from self._conclusions()
        yield "    return rules, grades"

    def _nothing_derived(self) -> Iterator[str]:
        names = [name for item in self.program.conclusions for name in self.grades_up_to(item.id, item.grades[-1])]
        for start in range(0, len(names), NAMES_IN_A_ROW):
            yield f"    {' = '.join(names[start : start + NAMES_IN_A_ROW])} = False"

    def _rule(self, rule: Rule) -> str:
        members = (*(rule.when.of if isinstance(rule.when, All) else (rule.when,)), *rule.blockers)
        granted = dict.fromkeys(name for part in rule.then for name in self.grades_up_to(part.conclusion, part.grade))
        return f"    if {self.joined(members, ' and ')}: fire({checked(rule.id)!r}); {' = '.join(granted)} = True"

    def _conclusions(self) -> Iterator[str]:
        """The strongest grade of each conclusion that was derived."""
        for item in self.program.conclusions:
            graded = zip(self.grades_up_to(item.id, item.grades[-1]), item.grades, strict=True)
            for number, (name, grade) in enumerate(reversed(list(graded))):
                yield f"    {'elif' if number else 'if'} {name}: grade(({checked(item.id)!r}, {checked(grade)!r}))"

    def grades_up_to(self, conclusion: str, grade: str) -> list[str]:
        """The names of a conclusion at a grade and at every weaker one."""
        rank = self.program.conclusion_by_id[conclusion].rank(grade)
        return [f"c{self.place[conclusion]}_{lower}" for lower in range(rank + 1)]

    def expression(self, condition: Condition) -> str:
        """A condition as an expression that is True or False."""
        match condition:
            case All(of=members):
                return f"({self.joined(members, ' and ')})"
            case AnyOf(of=members):
                return f"({self.joined(members, ' or ')})"
            case AtLeast(k=k, of=members) if k in (1, len(members)):
                return f"({self.joined(members, ' or ' if k == 1 else ' and ')})"
            case AtLeast(k=k, of=members):
                terms = [f"({text})" if " " in (text := self.expression(member)) else text for member in members]
                return f"({grouped(terms, ' + ')} >= {k})"
            case Derived(conclusion=conclusion, grade=grade):
                return self.grades_up_to(conclusion, grade)[-1]
            case NotDerived(conclusion=conclusion, grade=grade):
                return f"not {self.grades_up_to(conclusion, grade)[-1]}"
            case NumberTest() | ChoiceTest() | Later() | Earlier() | NotEarlier():
                return f"a{self.program.atom_number[condition]}"
            case _:
                return self.decided(condition)

    def joined(self, members: Sequence[Condition], operator: str) -> str:
        """Members under one operator."""
        return operator.join(map(self.expression, members))

    def decided(self, atom: Atom) -> str:
        """A test of a finding, on the value that was read."""
        match atom:
            case Present():
                return f"{self.value[atom.finding]} is True"
            case Absent():
                return f"{self.value[atom.finding]} is False"
            case Unknown():
                return f"{self.value[atom.finding]} is None"
            case Known():
                return f"{self.value[atom.finding]} is not None"
            case NumberTest(finding=finding, comparison=comparison, value=bound):
                value = self.value[finding]
                return f"{value} is not None and {value} {_COMPARISON[comparison]} {bound!r}"
            case ChoiceTest(finding=finding, choices=choices):
                return f"{self.value[finding]} in {{{', '.join(repr(checked(choice)) for choice in choices)}}}"
            case Later() | Earlier() | NotEarlier():
                return f"decided[{self.moments.index(atom)}]"
