"""Program -> the text of a straight-line function over planes: `&`, `|`, and `^` for complement only.

In: `Program`. Out: lines of Python. One line per rule, its id as a comment; the text holds nothing of a knowledge file
but checked ids and numbers. What a plane is, is left to whoever calls the function.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from ..knowledge.conditions import (
    BRANCHES,
    All,
    AnyOf,
    AtLeast,
    Atom,
    ChoiceTest,
    ConclusionTest,
    Condition,
    Derived,
    Earlier,
    Later,
    NotDerived,
    NotEarlier,
    NumberTest,
)
from ..knowledge.errors import EngineError
from ..knowledge.language import Rule
from .program import Program

WIDEST = 50
"""Members joined in one expression; more are joined in groups, for Python's compiler recurses into each."""
_ID = re.compile(r"[a-z][a-z0-9_]*(/[a-z][a-z0-9_]*)?(\.(left|right))?")


def plane_lines(program: Program) -> Iterator[str]:
    """The function `program(a, one)`: atom planes in, (rule planes, grade planes) out."""
    yield "def program(a, one):"
    yield from (f"    a{number} = a[{number}]  # {describe(atom)}" for number, atom in enumerate(program.atoms))
    yield from _PlaneWriter(program).lines()
    rules = "".join(f"r{number}, " for number in range(len(program.rules)))
    counted = [(place, len(item.grades)) for place, item in enumerate(program.conclusions)]
    grades = "".join(f"c{place}_{rank}, " for place, count in counted for rank in range(count))
    yield f"    return ({rules}), ({grades})"


class _PlaneWriter:
    """Writes a line per rule, then the grades of the conclusions that are complete after each stratum.

    Names: `a` atoms, `r` rules, `c3_1` conclusion 3 at grade 1 or above, `n3_1` its complement, `s` a count that rules
    share, `t` a count of one rule, `u` the rungs of the ladder being climbed, `m` its member.
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        self.place = {item.id: place for place, item in enumerate(program.conclusions)}
        self.number = {rule.id: number for number, rule in enumerate(program.rules)}
        self.uses = Counter(count for rule in program.rules for count in _counts(rule.when))
        self.granting: dict[tuple[str, str], list[str]] = {}
        for rule in program.rules:
            for part in rule.then:
                self.granting.setdefault((part.conclusion, part.grade), []).append(f"r{self.number[rule.id]}")
        self.shared: dict[Condition, str] = {}
        self.complements: set[str] = set()
        self.before: list[str] = []
        self.counts = 0

    def lines(self) -> Iterator[str]:
        """Every line between reading the atoms and returning."""
        complete = self._complete_after()
        yield from self._grades(complete.get(-1, ()))
        for stratum, rules in enumerate(self.program.strata):
            yield f"    # stratum {stratum}"
            for rule in rules:
                yield from self._rule(rule)
            yield from self._grades(complete.get(stratum, ()))

    def _rule(self, rule: Rule) -> Iterator[str]:
        self.counts = 0
        text = self.joined((rule.when, *rule.blockers), " & ")
        yield from self.before
        self.before.clear()
        yield f"    r{self.number[rule.id]} = {text}  # {checked(rule.id)}"

    def _complete_after(self) -> dict[int, list[str]]:
        """Conclusions by the stratum after which nothing can raise them; -1 for those that no rule concludes."""
        last = dict.fromkeys(self.place, -1)
        for rule in self.program.rules:
            for item in rule.then:
                last[item.conclusion] = max(last[item.conclusion], self.program.stratum_of[rule.id])
        found: dict[int, list[str]] = {}
        for name, stratum in last.items():
            found.setdefault(stratum, []).append(name)
        return found

    def _grades(self, names: Sequence[str]) -> Iterator[str]:
        """One plane per grade, the strongest first: it was granted, or a stronger one was."""
        for name in names:
            item, place = self.program.conclusion_by_id[name], self.place[name]
            for rank, grade in reversed(list(enumerate(item.grades))):
                terms = [f"c{place}_{rank + 1}"] if rank + 1 < len(item.grades) else []
                terms += self.granting.get((name, grade), ())
                text = grouped(terms, " | ") or "one ^ one"
                yield f"    c{place}_{rank} = {text}  # {checked(name)}: {checked(grade)}"

    def expression(self, condition: Condition) -> str:
        """A condition as an expression; lines that must stand before it are kept in `before`."""
        match condition:
            case All(of=members):
                return self.joined(members, " & ")
            case AnyOf(of=members):
                return self.joined(members, " | ")
            case AtLeast(k=k, of=members) if k in (1, len(members)):
                return self.joined(members, " | " if k == 1 else " & ")
            case AtLeast():
                return self.count(condition)
            case Derived() | NotDerived():
                return self.grade(condition)
            case _:
                return f"a{self.program.atom_number[condition]}"

    def joined(self, members: Sequence[Condition], operator: str) -> str:
        """Members under one operator, in brackets where there are several."""
        text = grouped([self.expression(member) for member in members], operator)
        return f"({text})" if len(members) > 1 else text

    def grade(self, test: ConclusionTest) -> str:
        """The plane of a conclusion at a grade or above, or its complement, which is made once."""
        name = f"{self.place[test.conclusion]}_{self.program.conclusion_by_id[test.conclusion].rank(test.grade)}"
        if isinstance(test, Derived):
            return f"c{name}"
        if name not in self.complements:
            self.complements.add(name)
            self.before.append(f"    n{name} = c{name} ^ one")
        return f"n{name}"

    def count(self, condition: AtLeast) -> str:
        """The name of the plane in which `at_least k of n` holds; written once where several rules count the same."""
        if condition in self.shared:
            return self.shared[condition]
        name = f"t{self.counts}"
        if self.uses[condition] > 1:
            name = self.shared[condition] = f"s{len(self.shared)}"
        else:
            self.counts += 1
        members = [self.expression(member) for member in condition.of]
        if not 1 <= condition.k <= len(members):
            raise EngineError(f"a count of {condition.k} of {len(members)} conditions reached the compiler")
        self.before += ladder(members, condition.k)
        self.before.append(f"    {name} = u{condition.k - 1}")
        return name


def ladder(members: Sequence[str], k: int) -> Iterator[str]:
    """Lines after which `u{k-1}` holds where k or more members do: rung j holds where more than j so far do.

    Rungs from which k is out of reach are not written.

    >>> list(ladder(["a", "b", "c"], 2))
    ['    u0 = a', '    u1 = u0 & b', '    u0 = u0 | b', '    u1 = u1 | u0 & c']
    """
    for seen, expression in enumerate(members):
        left = len(members) - seen - 1
        rungs = [rung for rung in reversed(range(min(seen + 1, k))) if rung + 1 + left >= k]
        member = expression
        if "(" in expression and len(rungs) > 1:
            member = "m"
            yield f"    m = {expression}"
        for rung in rungs:
            step = f"u{rung - 1} & {member}" if rung else member
            yield f"    u{rung} = u{rung} | {step}" if rung < seen else f"    u{rung} = {step}"


def grouped(terms: Sequence[str], operator: str) -> str:
    """Terms under one operator, in groups of groups where there are many.

    >>> grouped(["a", "b"], " & ")
    'a & b'
    """
    while len(terms) > WIDEST:
        terms = [f"({operator.join(terms[start : start + WIDEST])})" for start in range(0, len(terms), WIDEST)]
    return operator.join(terms)


def checked(name: str) -> str:
    """An id that is safe to stand in the text.

    Raises:
        EngineError: it has another form.
    """
    if not _ID.fullmatch(name):
        raise EngineError(f"an id of unexpected form reached the compiler: {name[:80]!r}")
    return name


def describe(atom: Atom) -> str:
    """An atom in a few words, made of checked ids and numbers only.

    >>> describe(NumberTest(finding="symptom_days", comparison="over", value=10))
    'symptom_days over 10'
    """
    if isinstance(atom, Earlier | NotEarlier):
        return f"{atom.test} {checked(atom.conclusion)} at {checked(atom.grade)}"
    name = checked(atom.finding)
    match atom:
        case NumberTest():
            return f"{name} {atom.comparison} {atom.value!r}"
        case ChoiceTest():
            return f"{name} in {' '.join(checked(choice) for choice in atom.choices)}"
        case Later():
            return f"{name} later than {', '.join(map(describe, atom.than))}"
        case _:
            return f"{name} {atom.test}"


def _counts(condition: Condition) -> Iterator[AtLeast]:
    if isinstance(condition, AtLeast):
        yield condition
    if isinstance(condition, BRANCHES):
        for member in condition.of:
            yield from _counts(member)
