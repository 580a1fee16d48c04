"""The compiled evaluator: its text is safe, readable and the same each time, and its two functions agree."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from sijoint.engine import reference
from sijoint.engine.bitplane import Bitplane, write_source
from sijoint.engine.case import Case
from sijoint.engine.plane_text import WIDEST, grouped, ladder
from sijoint.engine.program import Program, compile_program
from sijoint.knowledge.conditions import All, AnyOf, AtLeast, Condition, Present
from sijoint.knowledge.language import Conclusion, Consequence, Rule
from strategies import bases_and_cases, knowledge_bases

from sijoint import EngineError, KnowledgeBase

Drawn = tuple[KnowledgeBase, list[Case]]


def program_of(*rules: Rule, conclusions: Sequence[str] = ("done",)) -> Program:
    """A program of rules on yes/no findings."""
    declared = tuple(Conclusion(id=name, kind="plain", source=("R",)) for name in conclusions)
    atoms = {leaf: None for rule in rules for leaf in _leaves(rule.when)}
    return Program("fingerprint", tuple(atoms), (rules,), declared)


def _leaves(condition: Any) -> list[Any]:
    return [leaf for member in condition.of for leaf in _leaves(member)] if hasattr(condition, "of") else [condition]


def rule_of(when: Condition, name: str = "pack/rule") -> Rule:
    return Rule(id=name, title="Rule", when=when, then=(Consequence(conclusion="done", grade="given"),), source=("R",))


def findings(count: int) -> tuple[Present, ...]:
    return tuple(Present(finding=f"f{number}") for number in range(count))


@given(bases_and_cases())
def test_one_case_is_answered_as_the_reference_defines(drawn: Drawn) -> None:
    knowledge, cases = drawn
    bitplane = Bitplane(compile_program(knowledge))
    for case in cases:
        assert bitplane.evaluate(case) == reference.evaluate(knowledge, case)


@given(bases_and_cases(later=False))
def test_fired_names_the_rules_in_program_order(drawn: Drawn) -> None:
    knowledge, cases = drawn
    bitplane = Bitplane(compile_program(knowledge))
    order = [rule.id for rule in bitplane.program.rules]
    for case in cases:
        fired = bitplane.fired(case.values)
        assert fired == [name for name in order if name in bitplane.evaluate(case).fired]


def test_values_alone_are_a_first_visit_without_dates() -> None:
    from sijoint.knowledge.conditions import Earlier, Later, NotEarlier

    later = Bitplane(program_of(rule_of(Later(finding="work_up", than=(Present(finding="pain"),)))))
    assert later.fired({"work_up": True}) == []
    never, ever = (kind(conclusion="c", grades=("given",)) for kind in (NotEarlier, Earlier))
    assert Bitplane(program_of(rule_of(never))).fired({}) == ["pack/rule"]
    assert Bitplane(program_of(rule_of(ever))).fired({}) == []


@given(knowledge_bases())
def test_the_source_is_the_same_each_time(knowledge: KnowledgeBase) -> None:
    assert write_source(compile_program(knowledge)) == write_source(compile_program(knowledge.model_copy(deep=True)))


@given(knowledge_bases())
def test_planes_are_made_of_and_or_and_complement_only(knowledge: KnowledgeBase) -> None:
    planes = write_source(compile_program(knowledge)).partition("def answer")[0]
    for line in planes.splitlines():
        code = line.partition("#")[0]
        assert not set(code) & set("+-*/<>~%!'\"")
        assert code.count("^") == code.count("^ one")


@given(knowledge_bases())
def test_every_rule_stands_on_one_line_with_its_id(knowledge: KnowledgeBase) -> None:
    program = compile_program(knowledge)
    planes, _, one_case = write_source(program).partition("def answer")
    for rule in program.rules:
        assert sum(line.endswith(f"# {rule.id}") for line in planes.splitlines()) == 1
        assert sum(f"fire({rule.id!r})" in line for line in one_case.splitlines()) == 1


@pytest.mark.parametrize("name", ["pack/rule'); import os #", "pack/rule\n", "pack/Rule", "pack/rule.middle", "", "ünï/rule"])
def test_an_id_of_another_form_is_refused(name: str) -> None:
    rule = rule_of(Present(finding="f0")).model_copy(update={"id": name})
    with pytest.raises(EngineError, match="unexpected form"):
        Bitplane(program_of(rule))


@pytest.mark.parametrize("finding", ["f'); raise SystemExit #", "f\nimport os", "F", "f.middle"])
def test_a_finding_of_another_form_is_refused(finding: str) -> None:
    with pytest.raises(EngineError, match="unexpected form"):
        Bitplane(program_of(rule_of(Present(finding=finding))))


@pytest.mark.parametrize("count", range(1, 7))
def test_counts_are_right_on_every_assignment(count: int) -> None:
    for k in range(1, count + 1):
        bitplane = Bitplane(program_of(rule_of(AtLeast(k=k, of=findings(count)))))
        for held in product((False, True), repeat=count):
            expected = sum(held) >= k
            assert bool(bitplane.run([int(value) for value in held], 1).rules[0]) is expected
            assert (bitplane.fired({f"f{place}": value for place, value in enumerate(held)}) != []) is expected


@pytest.mark.parametrize("k", [0, 3])
def test_a_count_that_cannot_be_met_or_missed_is_refused(k: int) -> None:
    with pytest.raises(EngineError, match="reached the compiler"):
        Bitplane(program_of(rule_of(AtLeast(k=k, of=findings(2)))))


def test_counts_nested_in_counts_keep_apart() -> None:
    a, b, c, d, e, f = findings(6)
    inner, other = AtLeast(k=2, of=(a, b, c)), AtLeast(k=2, of=(d, e, f))
    rules = rule_of(AtLeast(k=2, of=(inner, other, AnyOf(of=(a, f)))), "pack/one"), rule_of(All(of=(inner, a)), "pack/two")
    bitplane = Bitplane(program_of(*rules))
    for held in product((False, True), repeat=6):
        values = {f"f{place}": value for place, value in enumerate(held)}
        counted = [sum(held[:3]) >= 2, sum(held[3:]) >= 2, held[0] or held[5]]
        expected = [sum(counted) >= 2, counted[0] and held[0]]
        assert [bool(plane) for plane in bitplane.run([int(value) for value in held], 1).rules] == expected
        assert bitplane.fired(values) == [rule.id for rule, fires in zip(rules, expected, strict=True) if fires]


def test_the_ladder_leaves_out_rungs_that_are_out_of_reach() -> None:
    assert len(list(ladder(["a", "b", "c", "d"], 4))) == 4
    assert list(ladder(["a", "b"], 1)) == ["    u0 = a", "    u0 = u0 | b"]


@pytest.mark.parametrize("form", [All, AnyOf])
def test_thousands_of_members_compile(form: type[All | AnyOf]) -> None:
    count = 5_000
    bitplane = Bitplane(program_of(rule_of(form(of=findings(count)))))
    assert bitplane.run([1] * count, 1).rules == (1,)
    assert bitplane.run([0] * count, 1).rules == (0,)
    assert bitplane.fired({f"f{number}": True for number in range(count)}) == ["pack/rule"]


def test_thousands_of_rules_for_one_conclusion_compile() -> None:
    rules = [rule_of(Present(finding="f0"), f"pack/r{number}") for number in range(5_000)]
    bitplane = Bitplane(program_of(*rules))
    assert bitplane.run([1], 1).grades == (1,)
    assert len(bitplane.fired({"f0": True})) == len(rules)


def test_many_terms_are_grouped() -> None:
    names = [f"a{number}" for number in range(WIDEST * WIDEST + 1)]
    text = grouped(names, " | ")
    assert eval(text, dict.fromkeys(names, 0) | {names[-1]: 1}) == 1
    assert eval(text, dict.fromkeys(names, 0)) == 0


def test_a_conclusion_without_rules_is_never_derived() -> None:
    bitplane = Bitplane(program_of(rule_of(Present(finding="f0")), conclusions=("done", "idle")))
    assert bitplane.run([1], 1).grades == (1, 0)
    assert bitplane.evaluate(Case()).grades == ()


def test_a_base_without_rules_answers() -> None:
    assert Bitplane(Program("", (), (), ())).evaluate(Case()).fired == frozenset()
