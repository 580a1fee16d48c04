"""Screens on the shipped knowledge: once closed, no one or two further answers raise what a screen guards.

In: random cases in which nearly everything is answered, made around work-ups and around answers that cannot go together.
Out: none in which a further answer raises it; and two faults planted in the working out of screens, each of which shows.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date
from functools import cached_property
from itertools import combinations, product
from pathlib import Path

import pytest
from conftest import ROOT
from sijoint.engine.bitplane import Bitplane
from sijoint.engine.case import Case, Recorded
from sijoint.engine.case_reader import read_case
from sijoint.engine.program import Outcome, compile_program
from sijoint.engine.trace import find_contradictions
from sijoint.knowledge.conditions import All, Condition, Later, NotDerived, Present, Unknown, findings_of, leaves, unanswered
from sijoint.knowledge.language import Constraint, KnowledgeBase
from sijoint.knowledge.regions import regions
from sijoint.knowledge.screens import Reach, screen_rule
from small_pack import load, rule
from test_planted import with_work_ups

TRIED = 1_500
AS_OF, BEFORE, WORKED_UP, AFTER = date(2026, 4, 1), date(2026, 3, 1), date(2026, 3, 4), date(2026, 3, 7)
"""Three days apart: each is later than the one before it in every zone."""


class Trials:
    """Random cases of one knowledge base in which little is unknown, and what further answers lead to."""

    def __init__(self, knowledge: KnowledgeBase, seed: int) -> None:
        self.knowledge, self.chance = knowledge, random.Random(seed)
        self.bitplane = Bitplane(compile_program(knowledge))
        self.values = {name: [value for value in found if value is not None] for name, found in regions(knowledge).items()}
        full = read_case(ROOT / "docs" / "examples" / "everything-known.yaml", knowledge)
        self.answered = {item.finding: item.model_copy(update={"recorded_on": BEFORE}) for item in full.findings}

    @cached_property
    def work_ups(self) -> dict[str, None]:
        return {leaf.finding: None for rule in self.knowledge.rules for leaf in leaves(rule.when) if isinstance(leaf, Later)}

    @cached_property
    def groups(self) -> list[tuple[str, ...]]:
        """Findings that bear on one another: a work-up with its symptoms, and those of constraints with what reads them."""
        rules = [{name for leaf in leaves(rule.when) for name in _read(leaf)} for rule in self.knowledge.rules]
        found = [
            (leaf.finding, *(symptom.finding for symptom in leaf.than))
            for rule in self.knowledge.rules
            for leaf in leaves(rule.when)
            if isinstance(leaf, Later)
        ]
        for item in self.knowledge.constraints:
            names = {name for test in item.never for leaf in leaves(test) for name in _read(leaf)}
            near = {name for read in rules if read & names for name in read}
            found += [(*sorted(names) * 3, *sorted(near - names))]
        return list(dict.fromkeys(found))

    def case(self) -> Case:
        """A case with one or two unknown answers and a few others changed, all about one thing."""
        group = self.chance.choice(self.groups)
        recorded = dict(self.answered)
        work_up = next((name for name in group if name in self.work_ups), None)
        if work_up:
            recorded[work_up] = _signed(work_up, WORKED_UP)
        names = list(dict.fromkeys(self.chance.sample(group, min(5, len(group)))))
        names = [name for name in names if name != work_up]
        for name in names[2:]:
            recorded[name] = Recorded(finding=name, value=self.chance.choice(self.values[name]), recorded_on=BEFORE)
        for name in names[: self.chance.choice((1, 2))]:
            recorded.pop(name, None)
        return _of(recorded)

    def further(self, case: Case) -> Iterator[Case]:
        """The case with every one or two of its unknown answers given."""
        read = sorted(self.read - set(case.values))
        for size in (1, 2):
            for names in combinations(read, size):
                for given in product(*(self.answers(name) for name in names)):
                    yield _of({item.finding: item for item in (*case.findings, *given)})

    @cached_property
    def read(self) -> frozenset[str]:
        """The findings of which the everyday case knows the answer."""
        return frozenset(self.answered)

    def answers(self, name: str) -> list[Recorded]:
        found = [Recorded(finding=name, value=value, recorded_on=AFTER) for value in self.values[name]]
        return [*found, _signed(name, AFTER)] if name in self.work_ups else found

    def guarded(self, outcome: Outcome) -> set[str]:
        """The screens of whose guarded conclusions one is reached."""
        return {
            screen.id
            for screen in self.knowledge.screens
            for name, grade in screen.reach.items()
            if name in outcome.grade and self._rank(name, outcome.grade[name]) >= self._rank(name, grade)
        }

    def _rank(self, name: str, grade: str) -> int:
        return self.knowledge.conclusion_by_id[name].rank(grade)

    def closed(self, outcome: Outcome) -> set[str]:
        return {screen.id for screen in self.knowledge.screens if screen.reach and screen.open not in outcome.grade}

    def violations(self, number: int) -> Iterator[tuple[Case, Case]]:
        """Cases with a closed screen, each with further answers that raise what it guards or hold advice back."""
        for _ in range(number):
            case = self.case()
            before = self.bitplane.evaluate(case)
            closed = self.closed(before) - self.guarded(before)
            if closed and not self.contradicts(case):
                for more in self.further(case):
                    after = self.bitplane.evaluate(more)
                    held = self.gates & (set(after.grade) - set(before.grade))
                    if (held or closed & self.guarded(after)) and not self.contradicts(more):
                        yield case, more

    @cached_property
    def gates(self) -> frozenset[str]:
        """The conclusions that hold back what advises."""
        return frozenset(name for _, kind in self.knowledge.kinds if kind.actionable for name in kind.unless)

    def contradicts(self, case: Case) -> bool:
        return bool(list(find_contradictions(self.knowledge, case)))


def _read(leaf: Condition) -> tuple[str, ...]:
    return () if leaf.test in ("derived", "not_derived") else tuple(findings_of(leaf))


def _signed(name: str, day: date) -> Recorded:
    return Recorded(finding=name, value=True, recorded_by="Dr A", recorded_on=day)


def _of(recorded: dict[str, Recorded]) -> Case:
    return Case(as_of=AS_OF, findings=tuple(recorded[name] for name in sorted(recorded)))


def test_no_further_answer_raises_what_a_closed_screen_guards(knowledge: KnowledgeBase) -> None:
    assert list(Trials(knowledge, seed=1).violations(TRIED)) == []


class ForgetsReopening(Reach):
    """Planted: what blocks a rule is never withdrawn by a later symptom."""

    def may_lapse(self, blocker: NotDerived) -> Condition:
        return blocker


class TrustsBlindly(Reach):
    """Planted: what a constraint speaks of is never waited for, whatever the other answers are."""

    def may_be_kept(self, constraint: Constraint, test: Condition) -> tuple[Condition, ...] | None:
        return ()


@pytest.mark.parametrize("planted", [ForgetsReopening, TrustsBlindly])
def test_notices_a_screen_that_closes_too_early(knowledge: KnowledgeBase, planted: type[Reach]) -> None:
    broken = with_screens(knowledge, planted)
    assert next(Trials(broken, seed=1).violations(TRIED), None) is not None


def test_the_screens_as_made_here_are_those_that_are_loaded(knowledge: KnowledgeBase) -> None:
    made = with_screens(knowledge, Reach)
    assert made.rule_by_id == knowledge.rule_by_id
    assert made.conclusion_by_id == knowledge.conclusion_by_id
    assert made.part_by_id == knowledge.part_by_id
    assert made.part_by_id


def with_screens(knowledge: KnowledgeBase, reach: type[Reach]) -> KnowledgeBase:
    """The knowledge with the rules of its screens, and the parts they read, worked out anew."""
    conclusions = {item.id: item for item in knowledge.declared}
    rules = [rule for rule in knowledge.rules if rule.id not in knowledge.screening]
    parts: list[str] = []
    for screen in knowledge.screens:
        made = reach(tuple(rules), conclusions, knowledge.finding_by_id, knowledge.constraints, screen)
        opening = screen_rule(screen, made)
        rules += [*(part for _, part in made.parts), opening]
        conclusions |= {item.id: item for item, _ in made.parts}
        parts += [item.id for item, _ in made.parts]
    return knowledge.with_items(rules=tuple(rules), conclusions=tuple(conclusions.values()), screen_parts=tuple(parts))


def test_many_of_the_cases_have_a_closed_screen_and_an_open_question(knowledge: KnowledgeBase) -> None:
    trials = Trials(knowledge, seed=2)
    tried = [case for case in (trials.case() for _ in range(300)) if trials.read - set(case.values)]
    outcomes = [trials.bitplane.evaluate(case) for case in tried]
    assert sum(bool(trials.closed(outcome) - trials.guarded(outcome)) for outcome in outcomes) > 60


def test_what_rests_on_a_work_up_through_another_conclusion_may_lapse_too(tmp_path: Path) -> None:
    pack = with_work_ups()
    pack["rules.yaml"] = [item for item in pack["rules.yaml"] if item["id"] != "look_is_later"]
    pack["rules.yaml"].append(rule("rests_on_the_first", {"all": ["first"]}, "second"))
    knowledge = load(tmp_path, pack)
    reach = Reach(knowledge.rules, knowledge.conclusion_by_id, knowledge.finding_by_id, knowledge.constraints)
    lapse = reach.may_lapse(NotDerived(conclusion="second", grade="given"))
    assert unanswered(lapse, {}) == ("seen", "numb")


def test_only_tests_for_unknown_are_unanswered() -> None:
    assert unanswered(All(of=(Present(finding="a"), Unknown(finding="b"), Unknown(finding="b"))), {}) == ("b",)
