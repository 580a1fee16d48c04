"""Analyses against brute force where a wrong verdict would stay unseen: changes, work-ups, comparisons, ledgers and steps.

In: small random knowledge bases and the small pack. Out: each verdict equals what trying every patient says.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import reduce
from itertools import combinations, product
from operator import and_
from pathlib import Path
from typing import Any

import pytest
from brute import completions, dated, plain_answers
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from sijoint.engine import reference
from sijoint.engine.case import Case, Moment, Recorded
from sijoint.engine.moments import moments_of
from sijoint.engine.program import Outcome
from sijoint.engine.reference import Reference
from sijoint.explain.arguments import Ledger, arguments
from sijoint.knowledge.claims import Changing, Invariant
from sijoint.knowledge.conditions import FINDING_TESTS, All, AnyOf, ChoiceTest, Derived, Known, Later, Present, Unknown, leaves
from sijoint.knowledge.errors import EngineError
from sijoint.knowledge.language import Finding, Kind, KnowledgeBase, Rule
from sijoint.knowledge.regions import regions
from small_pack import load, parts, rule, yes_no
from strategies import bases_and_cases, cases, knowledge_bases
from test_prove import everyone

from sijoint.verify.compare import compare
from sijoint.verify.examples import Example, Examples
from sijoint.verify.formula import Formula
from sijoint.verify.mutants import mutants_of
from sijoint.verify.mutate import with_mutant
from sijoint.verify.prove import Prover, prove

SLOW = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))


# Changes ---------------------------------------------------------------------------------------------------------------------


def state(value: object) -> str:
    return "unknown" if value is None else "absent" if value is False else "present"


def changed(knowledge: KnowledgeBase, change: Changing) -> Iterator[tuple[tuple[Any, ...], tuple[Any, ...]]]:
    """Every two patients, as values in the order of the findings, of whom the second differs by the change."""
    read = regions(knowledge)
    names = [item.id for item in knowledge.findings]
    arrives = {"present": (True,), "absent": (False,), "unknown": (None,)}.get(change.after)
    for before in product(*(read[name] for name in names)):
        starting = [name for name in change.findings if state(before[names.index(name)]) in change.before]
        for size in range(1, len(starting) + 1):
            for moved in combinations(starting, size):
                for values in product(*(arrives or read[name] for name in moved)):
                    after = dict(zip(names, before, strict=True)) | dict(zip(moved, values, strict=True))
                    yield before, tuple(after.values())


def ranks(knowledge: KnowledgeBase, conclusion: str) -> dict[tuple[Any, ...], int]:
    """By patient, as values in the order of the findings, the rank of a conclusion; -1 where it is not derived."""
    names = [item.id for item in knowledge.findings]
    grades = knowledge.conclusion_by_id[conclusion].grades
    found = {}
    for case in everyone(knowledge):
        grade = reference.evaluate(knowledge, case).grade.get(conclusion)
        found[tuple(case.values.get(name) for name in names)] = -1 if grade is None else grades.index(grade)
    return found


@SLOW
@given(st.data(), st.sampled_from(["present", "absent", "unknown", "anything"]), st.sampled_from(["lowers", "raises"]))
def test_a_change_is_refuted_exactly_where_two_patients_show_it(data: st.DataObject, after: Any, direction: Any) -> None:
    knowledge = data.draw(knowledge_bases(max_findings=3, max_rules=5, later=False, screens=False))
    named = [item.id for item in knowledge.findings if after == "anything" or item.type == "yes_no"]
    states = st.lists(st.sampled_from(["unknown", "absent", "present"]), min_size=1, unique=True)
    change = Changing(
        findings=tuple(data.draw(st.lists(st.sampled_from(named), min_size=1, max_size=2, unique=True))),
        before=tuple(data.draw(states)),
        after=after,
    )
    conclusion = data.draw(st.sampled_from(knowledge.conclusions)).id
    rank = ranks(knowledge, conclusion)
    moves = ((rank[was], rank[becomes]) for was, becomes in changed(knowledge, change))
    wrong = any(becomes < was if direction == "lowers" else becomes > was for was, becomes in moves)
    invariant = Invariant(id="one", says="x", form="change", change=change, guarded=(conclusion,), direction=direction)
    (proof,) = prove(knowledge.with_items(invariants=(invariant,)))
    assert proof.verdict == ("refuted" if wrong else "proved")
    assert (proof.case is not None) is wrong


# Work-ups that are later -------------------------------------------------------------------------------------------------------


def with_work_ups() -> dict[str, Any]:
    """The small pack with two work-ups: each clears what it is later than, and two cannot each be the later one."""
    pack = parts()
    pack["findings.yaml"] = [*pack["findings.yaml"], yes_no("scanned"), yes_no("seen")]
    words = pack["wording/en.yaml"]
    words["findings"] |= {key: {"label": key, "question": f"Was it {key}?"} for key in ("scanned", "seen")}
    words["conclusions"] |= {key: {"label": "y", "text": "y"} for key in ("first", "second")}
    source = {"source": ["S1"]}
    pack["conclusions.yaml"] = [
        *pack["conclusions.yaml"],
        *({"id": name, "kind": "flag", **source} for name in ("first", "second")),
    ]
    pack["rules.yaml"] = [
        *pack["rules.yaml"],
        rule("scan_is_later", {"all": ["seen", "numb", {"later": "scanned", "than": ["seen", "numb"]}]}, "first"),
        rule("look_is_later", {"all": ["scanned", {"later": "seen", "than": ["scanned"]}]}, "second"),
    ]
    return pack


CLAIMS = {
    "never_later": ({"never": "first"}, "refuted"),
    "never_the_other": ({"never": "second"}, "refuted"),
    "needs_the_work_up": ({"whenever": "first", "then": "scanned"}, "proved"),
    "not_each_later": ({"never_together": ["first", "second"]}, "proved"),
    "later_than_all": ({"never": {"all": ["first", {"not": "numb"}]}}, "proved"),
}


@pytest.mark.parametrize("claim", CLAIMS)
def test_proofs_about_work_ups(claim: str, tmp_path: Path) -> None:
    says, verdict = CLAIMS[claim]
    pack = {**with_work_ups(), "invariants.yaml": [{"id": claim, "says": "x", **says}]}
    (proof,) = prove(load(tmp_path, pack))
    assert proof.verdict == verdict


EARLY, BETWEEN, LATE, LAST = date(2020, 1, 1), date(2023, 6, 1), date(2026, 12, 31), date(2027, 6, 1)
SITE = ("low", "high")


@st.composite
def two_work_ups(draw: st.DrawFn) -> KnowledgeBase:
    """Rules over two work-ups and what they have to follow: a choice in several words, and each other."""
    options: dict[str, Any] = {"sides": False, "gates": False, "screens": False, "constraints": False}
    base = draw(knowledge_bases(max_rules=3, max_findings=1, max_conclusions=2, max_leaves=1, **options))
    place: dict[str, Any] = {"obtained_by": "history", "source": ("R1",), "pack": "base", "file": "base/findings.yaml", "line": 1}
    findings = [Finding(id=name, type="yes_no", **place) for name in ("scan", "look")]
    rules = []
    for item in base.rules:
        work_up, other = draw(st.permutations(["scan", "look"]))
        of_site = [Known(finding="site"), *(ChoiceTest(finding="site", choices=(name,)) for name in SITE)]
        tests = st.lists(st.sampled_from([*of_site * 2, Present(finding=other)]), min_size=1, max_size=2, unique=True)
        later = Later(finding=work_up, than=tuple(draw(tests)))
        besides = draw(st.sampled_from([*of_site, Present(finding=other)]))
        shape = draw(st.sampled_from([later, All(of=(later, besides)), AnyOf(of=(later, besides))]))
        rules.append(item.model_copy(update={"when": shape}))
    site = Finding(id="site", type="choice", choices=SITE, **place)
    return base.with_items(findings=(*findings, site), rules=tuple(rules))


def signed_answers(item: Finding, knowledge: KnowledgeBase) -> list[Recorded]:
    """Every answer undated, and what a work-up has to follow or may be signed on either of two days."""
    found = plain_answers(item, knowledge)
    counting = [answer for answer in found if answer.value is not False]
    return found + [
        answer.model_copy(update={"recorded_by": "Dr B", "recorded_on": day}) for day in (EARLY, LATE) for answer in counting
    ]


def patients(knowledge: KnowledgeBase) -> Iterator[Case]:
    """Every patient, without a past and with one or two answers of earlier moments."""
    given = [
        answer.model_copy(update={"recorded_on": day})
        for item in knowledge.findings
        for answer in plain_answers(item, knowledge)
        for day in (BETWEEN, LAST)
        if answer.value is not False
    ]
    pasts = [past for size in range(3) for past in combinations(given, size)]
    for case in completions(knowledge, Case(), signed_answers):
        for past in pasts:
            yield Moment(findings=case.findings, history=past)


@settings(SLOW, max_examples=10)
@given(two_work_ups())
def test_rules_that_read_dates_have_a_patient_wherever_trying_finds_one(knowledge: KnowledgeBase) -> None:
    """Of every two rules the one fires and the other is silent for the patient that is found; where none is found none does."""
    references = (Reference(knowledge, case) for case in patients(knowledge))
    tried = {frozenset(item.id for item in knowledge.rules if each.fires(item)) for each in references}
    formula = Formula(knowledge)
    examples, planes = Examples(formula), formula.planes.rules
    for one, other in product(knowledge.rules, repeat=2):
        holds = lambda case, one=one, other=other: fires(knowledge, case, one, None if other == one else other)  # noqa: E731
        goal = planes[one.id] if one == other else planes[one.id] & ~planes[other.id]
        found = examples.find(goal, holds, fewest=False)  # type: ignore[arg-type]
        if isinstance(found, Example):
            assert holds(found.case)
        else:
            assert found is False
            assert not any(one.id in fired and (one == other or other.id not in fired) for fired in tried)


def fires(knowledge: KnowledgeBase, case: Case, one: Rule, silent: Rule | None) -> bool:
    reference = Reference(knowledge, case)
    return reference.fires(one) and not (silent and reference.fires(silent))


OF_SITE = (Known(finding="site"), *(ChoiceTest(finding="site", choices=(name,)) for name in SITE))
FOLLOWING = st.builds(
    lambda work_up, than: Later(finding=work_up, than=tuple(than)),
    st.sampled_from(["scan", "look"]),
    st.lists(st.sampled_from(OF_SITE), min_size=1, max_size=2, unique=True),
)


@settings(SLOW, max_examples=30)
@given(two_work_ups(), st.lists(FOLLOWING, min_size=2, max_size=3, unique=True))
def test_what_earlier_answers_allow_is_exactly_what_some_past_shows(base: KnowledgeBase, tests: list[Later]) -> None:
    """Both work-ups are signed and the site is unknown now: only answers of earlier moments tell the tests apart."""
    conditions = [*(Later(finding=name, than=()) for name in ("scan", "look")), Unknown(finding="site"), *tests]
    plain = base.rules[0].model_copy(update={"unless": (), "gates": ()})
    rules = [plain.model_copy(update={"id": f"base/x{n}", "when": condition}) for n, condition in enumerate(conditions)]
    knowledge = base.with_items(rules=tuple(rules))
    pattern = lambda case: tuple(Reference(knowledge, case).fires(item) for item in rules)  # noqa: E731
    shown = {pattern(case) for case in pasts_of_site()}
    formula = Formula(knowledge)
    examples, planes = Examples(formula), formula.planes.rules
    for signs in product((True, False), repeat=len(tests)):
        wanted = (True, True, True, *signs)
        gates = [planes[item.id] if sign else ~planes[item.id] for item, sign in zip(rules, wanted, strict=True)]
        found = examples.find(reduce(and_, gates), lambda case, wanted=wanted: pattern(case) == wanted, fewest=False)  # type: ignore[misc]
        assert bool(found) is (wanted in shown)
        assert not isinstance(found, Example) or pattern(found.case) == wanted


def pasts_of_site() -> Iterator[Case]:
    """Two work-ups signed on every two of two days, with every set of earlier answers about the site."""
    given = [Recorded(finding="site", value=name, recorded_on=day) for name in SITE for day in (BETWEEN, LAST)]
    for days in product((EARLY, LATE), repeat=2):
        signed = zip(("look", "scan"), days, strict=True)
        found = tuple(Recorded(finding=name, value=True, recorded_by="Dr B", recorded_on=day) for name, day in signed)
        for size in range(len(given) + 1):
            for past in combinations(given, size):
                yield Moment(findings=found, history=past)


@settings(SLOW, max_examples=25)
@given(dated())
def test_a_rule_over_any_findings_fires_for_the_patient_that_is_found(drawn: tuple[KnowledgeBase, Case]) -> None:
    knowledge, _ = drawn
    formula = Formula(knowledge)
    examples = Examples(formula)
    for item in knowledge.rules:
        holds = lambda case, item=item: fires(knowledge, case, item, None)  # noqa: E731
        found = examples.find(formula.planes.rules[item.id], holds, fewest=False)  # type: ignore[arg-type]
        assert found is False or holds(found.case)  # type: ignore[union-attr]


# Verdicts as a whole -----------------------------------------------------------------------------------------------------------


def test_every_form_of_an_invariant_can_be_refuted(tmp_path: Path) -> None:
    pack = with_work_ups()
    pack["rules.yaml"] = [*pack["rules.yaml"], rule("never_fires", {"all": ["sore", "held"]}, "walk")]
    pack["invariants.yaml"] = [
        {"id": "one", "says": "x", "never": {"alarm": "now"}},
        {"id": "two", "says": "x", "always": "held"},
        {"id": "three", "says": "x", "whenever": "alarm", "then": "numb"},
        {"id": "four", "says": "x", "never_together": ["alarm", "held"]},
        {"id": "five", "says": "x", "changing": {"findings": ["numb"], "after": "absent"}, "never_lowers": ["alarm"]},
        {"id": "six", "says": "x", "changing": {"findings": ["age"], "after": "anything"}, "never_raises": ["alarm"]},
        {"id": "seven", "says": "x", "unknown_only_for": ["exercise"]},
        {"id": "eight", "says": "x", "reachable": "rules"},
    ]
    proofs = prove(load(tmp_path, pack))
    assert {proof.invariant.id: proof.verdict for proof in proofs} == dict.fromkeys(
        ("one", "two", "three", "four", "five", "six", "seven", "eight"), "refuted"
    )
    shown = {proof.invariant.id for proof in proofs if proof.case or proof.where}
    assert shown == {proof.invariant.id for proof in proofs}


def test_what_is_reached_names_its_example(tmp_path: Path) -> None:
    knowledge = load(tmp_path, with_work_ups())
    (invariant,) = (item for item in knowledge.invariants if item.id == "all_reached")
    proof = Prover(knowledge).reachable(invariant)
    expected = [f"{item.id}: {grade}" for item in knowledge.conclusions for grade in item.grades]
    assert [item.name for item in proof.reached] == expected
    for item in proof.reached:
        name, _, grade = item.name.partition(": ")
        assert item.example
        assert reference.evaluate(knowledge, item.example.case).grade[name] == grade


# Comparison of versions --------------------------------------------------------------------------------------------------------


@SLOW
@given(st.data())
def test_a_comparison_lists_exactly_what_changes_and_how(data: st.DataObject) -> None:
    old = data.draw(knowledge_bases(max_findings=3, later=False, screens=False))
    mutants = list(mutants_of(old))
    assume(mutants)
    regraded = [item for item in mutants if item.kind == "grade moved"]
    new = with_mutant(old, data.draw(st.sampled_from(regraded or mutants)))
    patients = everyone(old.with_items(rules=(*old.rules, *new.rules)))
    grades = [(reference.evaluate(old, case).grade, reference.evaluate(new, case).grade) for case in patients]
    changing = {name for was, becomes in grades for name in {*was, *becomes} if was.get(name) != becomes.get(name)}
    comparison = compare(old, new, patients)
    assert {item.conclusion for item in comparison.affected} == changing
    assert comparison.unchanged is (not changing)
    for item in comparison.affected:
        assert item.case
        shown = [reference.evaluate(base, item.case).grade.get(item.conclusion, "not derived") for base in (old, new)]
        assert shown == [item.was, item.becomes]
        assert item.was != item.becomes
    counts = {name: sum(was.get(name) != becomes.get(name) for was, becomes in grades) for name in changing}
    assert dict(comparison.counts) == counts
    assert (comparison.cases, comparison.changed_cases) == (len(patients), sum(was != becomes for was, becomes in grades))


# Ledgers -----------------------------------------------------------------------------------------------------------------------


def candidates(knowledge: KnowledgeBase) -> KnowledgeBase:
    return knowledge.with_items(kinds=tuple((name, Kind(candidates=True)) for name, _ in knowledge.kinds))


def sides_of(ledger: Ledger) -> tuple[set[str], set[str], set[str]]:
    supports, against, unconfirmed = (
        {item.finding for item in part} for part in (ledger.supports, ledger.against, ledger.unconfirmed)
    )
    return supports, against, unconfirmed


def read_for(knowledge: KnowledgeBase, conclusion: str) -> set[Any]:
    """Every test of a finding in the rules for a conclusion and for those it rests on; not what only blocks."""
    found: set[Any] = set()
    for each in knowledge.rules_for[conclusion]:
        for leaf in leaves(each.when):
            if isinstance(leaf, Derived):
                found |= read_for(knowledge, leaf.conclusion)
            elif isinstance(leaf, FINDING_TESTS):
                found.add(leaf)
    return found


@settings(SLOW, max_examples=100)
@given(bases_and_cases(3))
def test_a_ledger_leaves_no_answer_out(drawn: tuple[KnowledgeBase, list[Case]]) -> None:
    knowledge = candidates(drawn[0])
    for case in drawn[1]:
        holds = Reference(knowledge, case).holds
        for ledger in arguments(knowledge, case, {}):
            supports, against, unconfirmed = sides_of(ledger)
            tests = {test for test in read_for(knowledge, ledger.conclusion) if test.test != "unknown"}
            read = {test.finding for test in tests}
            assert supports == {test.finding for test in tests if holds(test)}
            assert read - supports - set(case.values) == unconfirmed
            assert (read & set(case.values)) - supports <= against
            blocked = {
                test.finding
                for each in knowledge.rules_for[ledger.conclusion]
                for item in each.blockers
                if not holds(item)
                for test in read_for(knowledge, item.conclusion)
                if holds(test) and test.test not in ("unknown", "later")
            }
            assert against == ((read & set(case.values)) - supports) | blocked


def test_what_speaks_against_is_an_answer_or_what_blocks(tmp_path: Path) -> None:
    pack = parts()
    pack["pack.yaml"]["kinds"]["exercise"]["candidates"] = True
    pack["rules.yaml"][-1]["when"] = {"all": ["sore", "weak"]}
    knowledge = load(tmp_path, pack)
    case = Case.model_validate({"findings": [{"finding": "numb", "value": True}, {"finding": "weak", "value": False}]})
    (ledger,) = arguments(knowledge, case, {})
    assert (ledger.conclusion, *sides_of(ledger)) == ("walk", set(), {"numb", "weak"}, {"sore"})


# Steps -------------------------------------------------------------------------------------------------------------------------


@settings(SLOW, max_examples=100)
@given(st.data())
def test_each_moment_holds_what_was_given_and_not_taken_back(data: st.DataObject) -> None:
    knowledge = data.draw(knowledge_bases(max_rules=2))
    case = data.draw(cases(knowledge, steps=True))
    expected = {item.finding: item.value for item in case.findings}
    moments = moments_of(case, knowledge)
    assert dict(moments[0].values) == expected
    for step, moment in zip(case.steps, moments[1:], strict=True):
        for name in step.withdrawn:
            expected.pop(name, None)
        expected |= {item.finding: item.value for item in step.findings}
        assert dict(moment.values) == expected
        assert list(moment.values) == sorted(moment.values)


def test_a_refutation_that_the_reference_does_not_share_is_no_verdict(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pack = with_work_ups()
    pack["invariants.yaml"] = [
        {"id": "one", "says": "x", "never": {"alarm": "now"}},
        {"id": "two", "says": "x", "changing": {"findings": ["numb"], "after": "absent"}, "never_lowers": ["alarm"]},
    ]
    prover = Prover(load(tmp_path, pack))
    nothing = Outcome(frozenset(), ())
    monkeypatch.setattr("sijoint.verify.prove.reference.evaluate", lambda knowledge, case: nothing)
    for invariant, form in zip(prover.knowledge.invariants, (prover.never, prover.change), strict=True):
        with pytest.raises(EngineError, match="no verdict is given"):
            form(invariant)
