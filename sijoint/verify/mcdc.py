"""Rules -> the cases in which each of their tests decides alone, as YAML for a reviewer.

In: `KnowledgeBase`. Out: cases in the form of those beside the rules. A case fires the rule; each near miss changes one
answer and silences it. Where no single answer does, a case of its own stays silent.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

from ..engine.case import Case, Moment, Recorded
from ..engine.program import Outcome
from ..knowledge.conditions import Derived, Leaf, NotDerived, NumberTest, findings_of
from ..knowledge.language import KnowledgeBase, Rule
from ..knowledge.regions import Value, passes
from .case_files import as_pack_case
from .circuit import Gate
from .decisive import Clause, decides, written_rules
from .evaluate import leaf_holds, tests_of
from .examples import Example, Examples, with_findings
from .formula import LIMIT, Formula

Written = tuple[Rule, dict[str, Any]]
"""A case in the form of those beside the rules, with the rule that it is about."""


@dataclass
class Shown:
    """A firing case of a rule with its near misses."""

    case: Case
    misses: list[dict[str, Value]] = field(default_factory=list)


class McDc:
    """Makes the cases of one rule after the other."""

    def __init__(self, knowledge: KnowledgeBase, limit: int = LIMIT) -> None:
        self.knowledge = knowledge
        self.formula = Formula(knowledge)
        self.examples = Examples(self.formula, limit)
        self.conclusions = knowledge.conclusion_by_id

    def cases(self, rule: Rule, seen: Mapping[int, Clause] | None = None) -> Iterator[dict[str, Any]]:
        """The cases of a rule; a test that `seen` already shows deciding both ways is left out."""
        shown: list[Shown] = []
        silent: list[Case] = []
        for number, test in enumerate(tests_of(rule)):
            clause = (seen or {}).get(number)
            if clause and clause.decided:
                continue
            if (found := self._firing(rule, number, test, shown)) is None:
                continue
            change = self._near_miss(rule, number, test, found.case)
            if change is None:
                silent += self._silent(rule, number)
            elif change not in found.misses:
                found.misses.append(change)
        yield from self._written(rule, shown, silent)

    def _firing(self, rule: Rule, number: int, test: Leaf, shown: list[Shown]) -> Shown | None:
        """A case that fires the rule by this test: one already shown, else a new one."""
        for item in shown:
            if self.decides(rule, number, item.case, True) and self._at_edge(test, item.case):
                return item
        for goal in self._goals(rule, number, test):
            example = self.examples.find(goal, lambda case: self.decides(rule, number, case, True), fewest=False)
            if isinstance(example, Example) and not isinstance(example.case, Moment):
                shown.append(Shown(self._to_edge(rule, number, test, example.case)))
                return shown[-1]
        return None

    def _goals(self, rule: Rule, number: int, test: Leaf) -> Iterator[Gate]:
        """The test holds and decides; a conclusion at exactly the grade tested, where there is such a patient."""
        gates = [self._gate(leaf) for leaf in tests_of(rule)]
        goal: Gate = decides(rule, gates, number, self.formula.circuit.one) & gates[number]
        if isinstance(test, Derived):
            grades = self.conclusions[test.conclusion].grades
            for stronger in grades[grades.index(test.grade) + 1 :][:1]:
                yield goal & ~self.formula.planes.grades[test.conclusion, stronger]
        yield goal

    def _gate(self, leaf: Leaf) -> Gate:
        if isinstance(leaf, Derived | NotDerived):
            gate = self.formula.planes.grades[leaf.conclusion, leaf.grade]
            return gate if isinstance(leaf, Derived) else ~gate
        return self.formula.patient.atom(leaf)

    def decides(self, rule: Rule, number: int, case: Case, holds: bool) -> bool:
        """Whether a test decides in a case, and holds or not."""
        grades = self.formula.bitplane.evaluate(case).grade
        planes = [leaf_holds(leaf, case, grades, self.conclusions) for leaf in tests_of(rule)]
        return planes[number] is holds and bool(decides(rule, planes, number, True))

    def _at_edge(self, test: Leaf, case: Case) -> bool:
        """The number that a test compares stands right at its bound, or the test compares none."""
        return not isinstance(test, NumberTest) or case.values.get(test.finding) == next(self._edge(test, True), None)

    def _edge(self, test: NumberTest, holds: bool) -> Iterator[int | float]:
        """The values nearest to the bound of a test that pass it, or that fail it."""
        low, high = self.knowledge.finding_by_id[test.finding].range or (test.value, test.value)
        near = (test.value, test.value - 1, test.value + 1)
        yield from (value for value in near if low <= value <= high and passes(test, value) is holds)

    def _to_edge(self, rule: Rule, number: int, test: Leaf, case: Case) -> Case:
        """The case with the number that a test compares moved to its bound, where it still decides."""
        for value in self._edge(test, True) if isinstance(test, NumberTest) else ():
            moved = _with(case, test.finding, value)  # type: ignore[union-attr]
            if self.decides(rule, number, moved, True):
                return moved
        return case

    def _near_miss(self, rule: Rule, number: int, test: Leaf, case: Case) -> dict[str, Value] | None:
        """One changed answer after which this test alone silences the rule; else any one answer that silences it."""
        changes = list(self._changes(test, case))
        for exact in (True, False):
            for name, value in changes:
                changed = _with(case, name, value)
                fired = rule.id in self.formula.bitplane.evaluate(changed).fired
                if not fired and (not exact or self.decides(rule, number, changed, False)):
                    return {name: value}
            if not isinstance(test, Derived | NotDerived):
                break
        return None

    def _changes(self, test: Leaf, case: Case) -> Iterator[tuple[str, Value]]:
        """The answers that could turn a test, nearest first: those it reads, else every answer, given or not."""
        if isinstance(test, NumberTest):
            yield from ((test.finding, value) for value in self._edge(test, False))
        known = [item.finding for item in case.findings]
        reads = findings_of(test) or (*known, *(item.id for item in self.knowledge.findings if item.id not in known))
        for name in reads:
            for value in self.examples.regions[name]:
                if value != case.values.get(name) or isinstance(value, bool) is not isinstance(case.values.get(name), bool):
                    yield name, value

    def _silent(self, rule: Rule, number: int) -> Iterator[Case]:
        """A case of its own in which a test alone silences the rule."""
        gates = [self._gate(leaf) for leaf in tests_of(rule)]
        goal = decides(rule, gates, number, self.formula.circuit.one) & ~gates[number]
        example = self.examples.find(goal, lambda case: self.decides(rule, number, case, False), fewest=False)
        if isinstance(example, Example) and not isinstance(example.case, Moment):
            yield example.case

    def _written(self, rule: Rule, shown: Sequence[Shown], silent: Sequence[Case]) -> Iterator[dict[str, Any]]:
        name = rule.id.partition("/")[2]
        base = name.partition(".")[0][:44]
        for number, item in enumerate(shown, 1):
            outcome = self.formula.bitplane.evaluate(item.case)
            document = as_pack_case(f"mcdc_{base}_{number}", item.case) | {"fires": [name]}
            document["then"] = _granted(rule, outcome)
            if item.misses:
                document["near_misses"] = item.misses
            yield document
        for number, case in enumerate(dict.fromkeys(silent), 1):
            yield as_pack_case(f"mcdc_{base}_silent_{number}", case) | {"silent": [name]}


def missing_cases(
    knowledge: KnowledgeBase, clauses: Iterable[Clause], limit: int = LIMIT
) -> Iterator[tuple[Rule, dict[str, Any]]]:
    """For every rule an author wrote the cases that its clauses still lack, each with its rule."""
    seen: dict[str, dict[int, Clause]] = {}
    for clause in clauses:
        seen.setdefault(clause.rule.id, {})[clause.number] = clause
    maker = McDc(knowledge, limit)
    for rule in (rule for rule in written_rules(knowledge) if rule.side != "right"):
        yield from ((rule, case) for case in maker.cases(rule, seen.get(rule.id)))


def write_cases(cases: Iterable[Written]) -> str:
    """Cases as YAML for review, one line for each key, under the place of their rule."""
    lines, place = [], ""
    for rule, case in cases:
        if place != f"{rule.file}:{rule.line}":
            place = f"{rule.file}:{rule.line}"
            lines.append(f"# {rule.id} at {place}")
        for number, (key, value) in enumerate(case.items()):
            lines += _lines(key, value, "  " if number else "- ")
    return "\n".join(lines) + "\n"


def _lines(key: str, value: Any, start: str) -> Iterator[str]:
    """One key of a case: near misses one under the other, everything else in flow style."""
    if key == "near_misses":
        yield f"{start}{key}:"
        yield from (f"    - {_flow(item)}" for item in value)
    else:
        yield f"{start}{key}: {_flow(value)}"


def _flow(value: Any) -> str:
    if isinstance(value, str):
        return value
    text = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, width=110, allow_unicode=True)
    return "\n      ".join(text.strip().splitlines())


def _granted(rule: Rule, outcome: Outcome) -> dict[str, str]:
    return {item.conclusion: outcome.grade[item.conclusion] for item in rule.then}


def _with(case: Case, finding: str, value: Value) -> Case:
    """The case with one answer changed; None takes it away."""
    kept = [item for item in case.findings if item.finding != finding]
    if value is not None:
        kept.append(Recorded(finding=finding, value=value))
    return with_findings(case, sorted(kept, key=lambda item: item.finding))
