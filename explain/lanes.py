"""Lanes: many variants of one case in one pass of the compiled evaluator. A lane is one bit of a long int.

In: knowledge, the conclusions asked about, a case. Out: a `Cut`, the part of the program they depend on; `Option`s, the
answers that the cut can tell apart; and planes of grades for any set of lanes, in each of which some options are taken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial

from ..engine.atoms import answers_to, decide, is_after, is_signed, passes
from ..engine.bitplane import Bitplane
from ..engine.case import Case, Recorded
from ..engine.program import Program, compile_program
from ..knowledge.conditions import ATOMS, FINDING_TESTS, All, Atom, Earlier, FindingTest, Later, NotEarlier, Symptom, leaves
from ..knowledge.graph import conclusions_read
from ..knowledge.language import Conclusion, Consequence, KnowledgeBase, Rule
from .answers import Answer, answers_of, dated_findings, signing_day, with_answers


@dataclass(frozen=True, eq=False)
class Cut:
    """The part of a program that some conclusions depend on, compiled."""

    knowledge: KnowledgeBase
    program: Program
    compiled: Bitplane | None = None

    @cached_property
    def bitplane(self) -> Bitplane:
        """The compiled evaluator of the part."""
        return self.compiled or Bitplane(self.program)

    @cached_property
    def place(self) -> Mapping[tuple[str, str], int]:
        """Where the plane of a conclusion at a grade or above stands."""
        keys = ((item.id, grade) for item in self.program.conclusions for grade in item.grades)
        return {key: number for number, key in enumerate(keys)}

    @cached_property
    def plain_atoms(self) -> Mapping[str, tuple[int, ...]]:
        """The numbers of the atoms that test one finding's value, by finding, in the order of the knowledge."""
        found: dict[str, list[int]] = {}
        for number, atom in enumerate(self.program.atoms):
            if not isinstance(atom, Later | Earlier | NotEarlier):
                found.setdefault(atom.finding, []).append(number)
        for name in sorted(self.work_ups | self.symptoms):
            found.setdefault(name, [])
        order = {item.id: number for number, item in enumerate(self.knowledge.findings)}
        return {name: tuple(found[name]) for name in sorted(found, key=order.__getitem__)}

    def value_tests(self, finding: str) -> list[FindingTest]:
        """The tests of one finding's value, in the order of the atoms."""
        atoms = (self.program.atoms[number] for number in self.plain_atoms.get(finding, ()))
        return [atom for atom in atoms if isinstance(atom, FINDING_TESTS)]

    @cached_property
    def later(self) -> tuple[tuple[int, Later], ...]:
        """The atoms that compare dates, with their numbers."""
        return tuple((number, atom) for number, atom in enumerate(self.program.atoms) if isinstance(atom, Later))

    @cached_property
    def work_ups(self) -> frozenset[str]:
        """The findings whose signature and date are read."""
        return dated_findings(self.program.atoms)[0]

    @cached_property
    def symptoms(self) -> frozenset[str]:
        """The findings whose date a work-up must follow."""
        return dated_findings(self.program.atoms)[1]

    @cached_property
    def symptom_tests(self) -> Mapping[str, tuple[Symptom, ...]]:
        """The tests of answers that a work-up must follow, by finding."""
        found: dict[str, dict[Symptom, None]] = {}
        for symptom in (item for _, test in self.later for item in test.than):
            found.setdefault(symptom.finding, {})[symptom] = None
        return {name: tuple(tests) for name, tests in found.items()}


@lru_cache(maxsize=128)
def cut_to(knowledge: KnowledgeBase, conclusions: frozenset[str]) -> Cut:
    """The part of the program that some conclusions depend on, over chained rules."""
    program = _program(knowledge)
    reached, waiting = set(conclusions), sorted(conclusions)
    rules: set[str] = set()
    while waiting:
        for rule in knowledge.rules_for[waiting.pop()]:
            rules.add(rule.id)
            waiting += sorted(conclusions_read(rule) - reached)
            reached |= conclusions_read(rule)
    strata = tuple(tuple(_granting(rule, reached) for rule in stratum if rule.id in rules) for stratum in program.strata)
    kept = tuple(item for item in program.conclusions if item.id in reached)
    return Cut(knowledge, _part(program.fingerprint, strata, kept))


@lru_cache(maxsize=16)
def _program(knowledge: KnowledgeBase) -> Program:
    return compile_program(knowledge)


def _granting(rule: Rule, reached: set[str]) -> Rule:
    kept = tuple(item for item in rule.then if item.conclusion in reached)
    return rule if len(kept) == len(rule.then) else rule.model_copy(update={"then": kept})


def _part(fingerprint: str, strata: tuple[tuple[Rule, ...], ...], conclusions: tuple[Conclusion, ...]) -> Program:
    atoms: dict[Atom, None] = {}
    for rule in (rule for stratum in strata for rule in stratum):
        atoms |= {leaf: None for leaf in leaves(rule.when) if isinstance(leaf, ATOMS)}
    return Program(fingerprint, tuple(atoms), strata, conclusions)


@lru_cache(maxsize=16)
def constraints_of(knowledge: KnowledgeBase) -> Cut:
    """The constraints as a program of their own: `broken_0` is derived where the first is broken, and so on."""
    rules, conclusions = [], []
    for number, item in enumerate(knowledge.constraints):
        name = f"broken_{number}"
        conclusions.append(Conclusion(id=name, kind="broken", source=("constraint",)))
        for_it = (Consequence(conclusion=name, grade=conclusions[-1].grades[0]),)
        rules.append(Rule(id=f"constraints/{name}", title=item.id, when=All(of=item.never), then=for_it, source=("constraint",)))
    return Cut(knowledge, _part(knowledge.fingerprint, (tuple(rules),), tuple(conclusions)))


@dataclass(frozen=True)
class Option:
    """Answers to one finding that a cut cannot tell apart, and the atoms of its value that they make true."""

    finding: str
    answers: tuple[Answer, ...]
    true: frozenset[int]

    @property
    def signed(self) -> bool:
        """Whether it is a work-up that is signed and dated after everything else."""
        return self.answers[0].signed

    @property
    def denies(self) -> bool:
        """Whether it says no."""
        return self.answers[0].value is False

    def shows(self, symptom: Symptom) -> bool:
        """Whether it is an answer that a work-up must follow."""
        return passes(symptom, self.answers[0].value)


def options_for(cut: Cut, case: Case, findings: Iterable[str], *, merged: bool = True) -> tuple[Option, ...]:
    """The answers other than the present one, those alike to the cut as one option; with `merged` off, each answer on its
    own.
    """
    return tuple(option for name in findings for option in _options(cut, case, name, merged))


def _options(cut: Cut, case: Case, name: str, merged: bool) -> Iterator[Option]:
    numbers = cut.plain_atoms[name]
    counted = cut.symptom_tests.get(name, ())
    tests = [*cut.value_tests(name), *counted]
    now = case.values.get(name)
    dated = name in cut.work_ups or name in cut.symptoms
    present = frozenset(number for number in numbers if decide(cut.program.atoms[number], case))
    groups: dict[object, list[Answer]] = {}
    effect: dict[object, frozenset[int]] = {}
    signed = name in cut.work_ups and signing_day(case) is not None
    for answer in answers_of(cut.knowledge.finding_by_id[name], tests, signed=signed):
        if answer.covers(now) and not answer.signed:
            continue
        true = true_atoms(cut, answer)
        if true == present and not dated and merged:
            continue
        counts = tuple(passes(test, answer.value) for test in counted)
        key: object = (true, dated and answer.signed, dated and answer.value is False, counts, None if merged else answer)
        groups.setdefault(key, []).append(answer)
        effect[key] = true
    for key, found in groups.items():
        yield Option(name, tuple(found), effect[key])


def true_atoms(cut: Cut, answer: Answer) -> frozenset[int]:
    """The atoms of a finding's value that an answer makes true."""
    alone = with_answers(Case(), [answer.model_copy(update={"signed": False})])
    return frozenset(number for number in cut.plain_atoms[answer.finding] if decide(cut.program.atoms[number], alone))


class Grades:
    """What a pass came to: a plane for each conclusion at each grade or above."""

    def __init__(self, cut: Cut, planes: Sequence[int], one: int) -> None:
        self.cut, self.planes, self.one = cut, planes, one

    def at(self, conclusion: str, grade: str) -> int:
        """The lanes in which a conclusion is derived at a grade or above."""
        return self.planes[self.cut.place[conclusion, grade]]

    def exactly(self, conclusion: str, grade: str | None) -> int:
        """The lanes in which a conclusion has just this grade; None for not derived."""
        grades = self.cut.knowledge.conclusion_by_id[conclusion].grades
        if grade is None:
            return self.at(conclusion, grades[0]) ^ self.one
        above = grades.index(grade) + 1
        plane = self.at(conclusion, grade)
        return plane & (self.at(conclusion, grades[above]) ^ self.one) if above < len(grades) else plane


class Lanes:
    """One case under one cut, and options that lanes may take.

    A lane takes at most one option of a finding; what a lane does not take stays as it is in the case.
    """

    def __init__(self, cut: Cut, case: Case, options: Sequence[Option]) -> None:
        self.cut, self.case, self.options = cut, case, options
        self.base = [decide(atom, case) for atom in cut.program.atoms]
        self.by_finding: dict[str, list[int]] = {}
        for number, option in enumerate(options):
            self.by_finding.setdefault(option.finding, []).append(number)

    def grades(self, active: Sequence[int], one: int) -> Grades:
        """One pass: `active[o]` holds the lanes that take option o, `one` every lane."""
        return self.run(self.atoms(active, one), one)

    def run(self, atoms: Sequence[int], one: int) -> Grades:
        """The grades that planes of atoms come to."""
        return Grades(self.cut, self.cut.bitplane.run(atoms, one).grades, one)

    def atoms(self, active: Sequence[int], one: int) -> list[int]:
        """The plane of every atom."""
        planes = [one if base else 0 for base in self.base]
        for name, numbers in self.by_finding.items():
            taken = 0
            for number in numbers:
                taken |= active[number]
            for atom in self.cut.plain_atoms[name]:
                plane = planes[atom] & (taken ^ one)
                for number in numbers:
                    if atom in self.options[number].true:
                        plane |= active[number]
                planes[atom] = plane
        for number, test in self.cut.later:
            planes[number] = self.later(test, active, one)
        return planes

    def later(self, test: Later, active: Sequence[int], one: int) -> int:
        """The lanes in which a work-up is signed, dated and later than its symptoms."""
        if any(symptom.finding == test.finding for symptom in test.than):
            return 0
        work_up = self.case.recorded.get(test.finding)
        stands = work_up is not None and is_signed(work_up)
        plane = self.untouched(test.finding, active, one) if stands else 0
        late = 0
        for number in self.by_finding.get(test.finding, ()):
            late |= active[number] if self.options[number].signed else 0
        for symptom in test.than:
            silent, untouched = self.silent(symptom, active), self.untouched(symptom.finding, active, one)
            gone = self.case.earlier_answers.get(symptom.finding, ())
            now = answers_to(symptom, self.case)
            before = [answer for answer in now if any(answer is item for item in gone)]
            if work_up is not None:
                plane &= _where(silent, before, partial(is_after, work_up)) | _where(untouched, now, partial(is_after, work_up))
            late &= _where(silent, before, is_dated) | _where(untouched, now, is_dated)
        return plane | late

    def silent(self, symptom: Symptom, active: Sequence[int]) -> int:
        """The lanes in which a finding is answered so that no work-up has to follow."""
        found = 0
        for number in self.by_finding.get(symptom.finding, ()):
            found |= 0 if self.options[number].shows(symptom) else active[number]
        return found

    def untouched(self, name: str, active: Sequence[int], one: int) -> int:
        """The lanes in which a finding stays as it is."""
        taken = 0
        for number in self.by_finding.get(name, ()):
            taken |= active[number]
        return taken ^ one


def is_dated(answer: Recorded) -> bool:
    """Whether an answer lies before a day after everything on record."""
    return answer.dated is not None


def _where(plane: int, answers: Iterable[Recorded], holds: Callable[[Recorded], bool]) -> int:
    return plane if all(map(holds, answers)) else 0


def bits(plane: int) -> Iterator[int]:
    """The lanes of a plane, lowest first.

    >>> list(bits(0b1010))
    [1, 3]
    """
    digits = bin(plane)[:1:-1]
    place = digits.find("1")
    while place >= 0:
        yield place
        place = digits.find("1", place + 1)


def plane_of(lanes: Iterable[int], count: int) -> int:
    """The plane of some lanes out of `count`.

    >>> plane_of([1, 3], 4)
    10
    """
    found = bytearray(count // 8 + 1)
    for lane in lanes:
        found[lane >> 3] |= 1 << (lane & 7)
    return int.from_bytes(found, "little")
