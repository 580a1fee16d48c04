"""The durable-rules evaluator gives the answer of the reference, whatever the knowledge, case, thread or process."""

from __future__ import annotations

import gc
import itertools
import random
import subprocess
import sys
import textwrap
import warnings
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from pathlib import Path
from types import FrameType
from typing import Any
from unittest.mock import Mock

import pytest
from sijoint.engine import reference, rete
from sijoint.engine.case import Case, Recorded
from sijoint.engine.program import compile_program
from sijoint.knowledge.conditions import (
    Absent,
    All,
    AnyOf,
    AtLeast,
    ChoiceTest,
    Condition,
    Derived,
    Known,
    Later,
    NotDerived,
    NumberTest,
    Present,
    Unknown,
)
from sijoint.knowledge.errors import EngineError
from sijoint.knowledge.language import Conclusion, Consequence, Finding, KnowledgeBase, Rule

needs_durable = pytest.mark.skipif(not rete.available(), reason="durable-rules is not for this Python")

A, B, C, D = (Present(finding=key) for key in "abcd")


def rule(name: str, when: Condition, then: dict[str, str], *unless: NotDerived) -> Rule:
    consequences = tuple(Consequence(conclusion=key, grade=grade) for key, grade in then.items())
    return Rule(id=f"p/{name}", title=name, when=when, unless=unless, then=consequences, source=("S",))


def base(rules: Iterable[Rule], conclusions: dict[str, tuple[str, ...]], findings: Iterable[str] = "abcd") -> KnowledgeBase:
    return KnowledgeBase(
        packs=(),
        kinds=(),
        parameters=(),
        references=(),
        findings=tuple(Finding(id=key, type="yes_no", obtained_by="history", source=("S",)) for key in findings),
        conclusions=tuple(Conclusion(id=key, kind="k", grades=grades, source=("S",)) for key, grades in conclusions.items()),
        rules=tuple(rules),
    )


def one_rule(when: Condition, findings: Iterable[str] = "abcd") -> KnowledgeBase:
    return base([rule("r", when, {"out": "given"})], {"out": ("given",)}, findings)


def a_case(**values: bool | float | str | None) -> Case:
    known = {key: value for key, value in values.items() if value is not None}
    return Case(findings=tuple(Recorded(finding=key, value=value) for key, value in sorted(known.items())))


def evaluator(knowledge: KnowledgeBase) -> rete.Rete:
    return rete.Rete(compile_program(knowledge))


def every_case(findings: str = "abcd") -> Iterable[Case]:
    for values in itertools.product((True, False, None), repeat=len(findings)):
        yield a_case(**dict(zip(findings, values, strict=True)))


NESTED = {
    "leaf": A,
    "absent": Absent(finding="a"),
    "unknown": All(of=(Unknown(finding="a"), Known(finding="b"))),
    "single members": All(of=(AnyOf(of=(AtLeast(k=1, of=(A,)),)),)),
    "any in all": All(of=(A, AnyOf(of=(B, C)), Absent(finding="d"))),
    "all in any": AnyOf(of=(All(of=(A, B)), All(of=(C, D)))),
    "any in any": AnyOf(of=(A, AnyOf(of=(B, C)), D)),
    "any after any": All(of=(AnyOf(of=(A, B)), AnyOf(of=(B, C)), AnyOf(of=(C, D)))),
    "at_least": AtLeast(k=2, of=(A, B, C, D)),
    "at_least all of them": AtLeast(k=4, of=(A, B, C, D)),
    "any in at_least": AtLeast(k=2, of=(AnyOf(of=(A, B)), C, D)),
    "all in at_least": AtLeast(k=2, of=(All(of=(A, B)), All(of=(B, C)), D)),
    "at_least in at_least": AtLeast(k=2, of=(AtLeast(k=2, of=(A, B, C)), AtLeast(k=3, of=(A, B, C, D)), D)),
    "at_least in any in all": All(of=(AnyOf(of=(AtLeast(k=2, of=(A, B, C)), D)), Absent(finding="a"))),
    "one finding in two branches": AnyOf(of=(All(of=(A, B)), AtLeast(k=2, of=(A, C, Absent(finding="b"))))),
    "all three, four deep": AtLeast(
        k=2,
        of=(
            All(of=(A, AnyOf(of=(B, AtLeast(k=2, of=(B, C, D)))))),
            AnyOf(of=(C, All(of=(A, D)))),
            Unknown(finding="b"),
        ),
    ),
}


@needs_durable
@pytest.mark.parametrize("name", NESTED)
def test_agrees_on_every_case_when_conditions_are_nested(name: str) -> None:
    knowledge = one_rule(NESTED[name])
    durable = evaluator(knowledge)
    outcomes = [reference.evaluate(knowledge, case) for case in every_case()]
    assert [durable.evaluate(case) for case in every_case()] == outcomes
    assert len({outcome.fired for outcome in outcomes}) == 2


@needs_durable
@pytest.mark.parametrize("n", [2, 29, 30, 31, 32, 33, 64, 120, 240])
def test_counts_at_least_k_of_n(n: int) -> None:
    ids = [f"f{place}" for place in range(n)]
    for k in sorted({1, 2, n // 2, n - 1, n} - {0}):
        durable = evaluator(one_rule(AtLeast(k=k, of=tuple(Present(finding=key) for key in ids)), ids))
        for held in (0, k - 1, k, n):
            chosen = random.Random(n * k + held).sample(ids, held)
            case = a_case(**{key: key in chosen for key in ids})
            assert bool(durable.evaluate(case).fired) is (held >= k), (k, held)


@needs_durable
def test_fires_once_each_when_many_branches_hold() -> None:
    ids = [f"f{place}" for place in range(100)]
    leaves = tuple(Present(finding=key) for key in ids)
    wide = [AnyOf(of=leaves), All(of=(AnyOf(of=leaves[:50]), AnyOf(of=leaves[50:]))), All(of=leaves)]
    knowledge = base([rule(f"r{i}", when, {"out": "given"}) for i, when in enumerate(wide)], {"out": ("given",)}, ids)
    durable = evaluator(knowledge)
    assert durable.evaluate(a_case(**dict.fromkeys(ids, True))).fired == {"p/r0", "p/r1", "p/r2"}
    assert durable.evaluate(a_case(f0=True)).fired == {"p/r0"}
    assert durable.evaluate(a_case(f0=True, f99=True)).fired == {"p/r0", "p/r1"}


POSSIBLE, LIKELY = (Derived(conclusion="pain", grade=grade) for grade in ("possible", "likely"))
NO_HOLD, NO_PLAN = NotDerived(conclusion="hold", grade="given"), NotDerived(conclusion="plan", grade="full")
PART_OR_D = AtLeast(k=2, of=(Derived(conclusion="plan", grade="part"), NotDerived(conclusion="pain", grade="likely"), D))
GRADED = base(
    [
        rule("weak", A, {"pain": "possible"}),
        rule("strong", All(of=(A, B)), {"pain": "likely"}),
        rule("stop", C, {"hold": "given"}),
        rule("both", AtLeast(k=2, of=(A, B, C)), {"pain": "possible", "other": "given"}),
        rule("plan", LIKELY, {"plan": "full"}, NO_HOLD),
        rule("some_plan", POSSIBLE, {"plan": "part"}),
        rule("wait", D, {"advice": "given"}, NO_PLAN),
        rule("last", PART_OR_D, {"end": "given"}),
    ],
    {
        "pain": ("possible", "likely"),
        "hold": ("given",),
        "other": ("given",),
        "plan": ("part", "full"),
        "advice": ("given",),
        "end": ("given",),
        "never": ("given",),
    },
)


@needs_durable
def test_agrees_on_every_case_when_rules_chain_with_grades_and_unless() -> None:
    durable = evaluator(GRADED)
    for case in every_case():
        assert durable.evaluate(case) == reference.evaluate(GRADED, case)
    assert durable.evaluate(a_case(a=True)).grade == {"pain": "possible", "plan": "part", "end": "given"}
    assert durable.evaluate(a_case(a=True, b=True)).grade == {"pain": "likely", "other": "given", "plan": "full"}
    assert durable.evaluate(a_case(a=True, b=True, c=True)).grade["plan"] == "part"


@needs_durable
def test_keeps_sides_apart() -> None:
    ids = [f"{test}.{side}" for test in ("thrust", "gaenslen", "distraction") for side in ("left", "right")]
    rules = [
        Rule(
            id=f"p/tests.{side}",
            title="t",
            side=side,
            when=AtLeast(k=2, of=tuple(Present(finding=key) for key in ids if key.endswith(side))),
            then=(Consequence(conclusion=f"joint.{side}", grade="given"),),
            source=("S",),
        )
        for side in ("left", "right")
    ]
    both = All(of=tuple(Derived(conclusion=f"joint.{side}", grade="given") for side in ("left", "right")))
    conclusions = {"joint.left": ("given",), "joint.right": ("given",), "both": ("given",)}
    knowledge = base([*rules, rule("both", both, {"both": "given"})], conclusions, ids)
    durable = evaluator(knowledge)
    for held in itertools.product((True, False), repeat=len(ids)):
        case = a_case(**dict(zip(ids, held, strict=True)))
        assert durable.evaluate(case) == reference.evaluate(knowledge, case)
    assert durable.evaluate(a_case(**{"thrust.left": True, "gaenslen.right": True})).fired == set()


@needs_durable
def test_agrees_on_later_numbers_and_choices() -> None:
    tests = [
        Later(finding="work_up", than=(Present(finding="a"), Present(finding="b"))),
        *(NumberTest(finding="n", comparison=how, value=4) for how in ("over", "at_least", "under", "at_most", "exactly")),
        ChoiceTest(finding="c", choices=("x", "y")),
    ]
    rules = [rule(f"r{place}", test, {"out": "given"}) for place, test in enumerate(tests)]
    knowledge = base(rules, {"out": ("given",)}, ["work_up", "a", "b", "n", "c"])
    durable = evaluator(knowledge)
    days = (None, date(2026, 1, 1), date(2026, 1, 5), datetime(2026, 1, 5, 9), datetime(2026, 1, 7, 10, tzinfo=UTC))
    seen = set()
    for done, began, n, c in itertools.product(days, days, (None, 3, 4, 4.5), (None, "x", "z")):
        work_up = Recorded(finding="work_up", value=True, recorded_by="Dr", recorded_on=done)
        symptom = Recorded(finding="a", value=True, recorded_on=began)
        case = Case(findings=(*a_case(n=n, c=c).findings, symptom, work_up))
        outcome = durable.evaluate(case)
        assert outcome == reference.evaluate(knowledge, case)
        seen |= outcome.fired
    assert len(seen) == len(tests)


def random_condition(pick: random.Random, ids: list[str], earlier: list[Conclusion], depth: int) -> Condition:
    if depth and pick.random() < 0.5:
        members = tuple({random_condition(pick, ids, earlier, depth - 1): None for _ in range(pick.randint(1, 6))})
        k = pick.randint(1, len(members))
        return pick.choice((All(of=members), AnyOf(of=members), AtLeast(k=k, of=members)))
    if earlier and pick.random() < 0.4:
        conclusion = pick.choice(earlier)
        return Derived(conclusion=conclusion.id, grade=pick.choice(conclusion.grades))
    return pick.choice((Present, Present, Absent, Unknown, Known))(finding=pick.choice(ids))


def random_base(pick: random.Random) -> KnowledgeBase:
    ids = [f"f{place}" for place in range(pick.choice((4, 12, 40)))]
    grades = {f"c{place}": ("low", "mid", "high")[: pick.randint(1, 3)] for place in range(12)}
    conclusions = base([], grades).conclusions
    rules = []
    for place in range(pick.choice((6, 24, 90))):
        level = pick.randrange(4)
        earlier, target = list(conclusions[: level * 3]), pick.choice(conclusions[level * 3 : level * 3 + 3])
        blockers = pick.sample(earlier, min(len(earlier), pick.choice((0, 0, 1, 2))))
        unless = (NotDerived(conclusion=item.id, grade=pick.choice(item.grades)) for item in blockers)
        when = random_condition(pick, ids, earlier, 3)
        rules.append(rule(f"r{place}", when, {target.id: pick.choice(target.grades)}, *unless))
    return base(rules, grades, ids)


def random_case(pick: random.Random, knowledge: KnowledgeBase) -> Case:
    odds = pick.choice(((1, 0, 0), (0, 1, 0), (1, 1, 1), (1, 4, 4), (8, 1, 1)))
    choices = ((item.id, pick.choices((True, False, None), odds)[0]) for item in knowledge.findings)
    return a_case(**dict(choices))


@needs_durable
@pytest.mark.parametrize("seed", range(8))
def test_agrees_on_random_knowledge_and_cases(seed: int) -> None:
    pick = random.Random(seed)
    fired = 0
    for _ in range(20):
        knowledge = random_base(pick)
        durable = evaluator(knowledge)
        for case in (random_case(pick, knowledge) for _ in range(10)):
            outcome = durable.evaluate(case)
            assert outcome == reference.evaluate(knowledge, case)
            fired += len(outcome.fired)
    assert fired > 300


@needs_durable
def test_eight_threads_give_the_answers_of_one() -> None:
    pick = random.Random(1)
    bases = [random_base(pick) for _ in range(8)]
    work = [(knowledge, random_case(pick, knowledge)) for knowledge in bases for _ in range(40)]
    durable = {id(knowledge): evaluator(knowledge) for knowledge in bases}
    alone = [durable[id(knowledge)].evaluate(case) for knowledge, case in work]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda it: durable[id(it[0])].evaluate(it[1]), work * 4)) == alone * 4


@needs_durable
def test_evaluators_built_in_several_threads_at_once_work() -> None:
    def answer(_: int) -> object:
        return evaluator(GRADED).evaluate(a_case(a=True, b=True))

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(answer, range(64))) == {reference.evaluate(GRADED, a_case(a=True, b=True))}


def run_child(code: str) -> str:
    """What a fresh interpreter prints when it runs `code` with the names of this module at hand."""
    start = f"import sys; sys.path.insert(0, {str(__file__).rpartition('/')[0]!r}); from test_rete import *\n"
    done = subprocess.run([sys.executable, "-c", start + textwrap.dedent(code)], capture_output=True, text=True, timeout=50)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@needs_durable
def test_a_forked_child_works_even_when_the_lock_was_held() -> None:
    answer = run_child("""
        import os, threading
        durable, case = evaluator(GRADED), a_case(a=True, b=True)
        before = durable.evaluate(case)
        holding, done = threading.Event(), threading.Event()
        def hold():
            with rete._turn[0]:
                holding.set(); done.wait()
        thread = threading.Thread(target=hold); thread.start(); holding.wait()
        child = os.fork()
        if not child:
            os._exit(0 if durable.evaluate(case) == before == evaluator(GRADED).evaluate(case) else 1)
        status = os.waitpid(child, 0)[1]
        done.set(); thread.join()
        print(status, durable.evaluate(case) == before)
    """)
    assert answer == "0 True"


def test_durable_is_not_loaded_by_importing_the_evaluator() -> None:
    code = "import sijoint.engine.rete, sys; print('durable' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "False"


@needs_durable
def test_memory_stays_flat_over_thousands_of_cases_and_hundreds_of_evaluators() -> None:
    if not sys.platform.startswith("linux"):
        pytest.skip("reads /proc")
    answer = run_child("""
        def megabytes():
            return int(open("/proc/self/statm").read().split()[1]) * 4096 / 2**20
        rules = [rule(f"r{place}", NESTED["any in all"], {"out": "given"}) for place in range(50)]
        knowledge = base(rules, {"out": ("given",)})
        cases = list(every_case())
        durable = evaluator(knowledge)
        for place in range(500): durable.evaluate(cases[place % 81])
        warm = megabytes()
        for place in range(4000): durable.evaluate(cases[place % 81])
        used = megabytes()
        for place in range(300): evaluator(knowledge).evaluate(cases[place % 81])
        print(used - warm < 5, megabytes() - used < 10)
    """)
    assert answer == "True True"


class SignalError(Exception):
    """What the handler of a signal raises, such as a time limit of the host."""


OUTSIDE = {"evaluate", "<genexpr>"}


def interrupted(durable: rete.Rete, case: Case, place: int, error: type[BaseException]) -> bool:
    """Whether evaluating a case still went on at the instruction at this place, where a signal's handler raised an error."""
    left = [place]

    def trace(frame: FrameType, event: str, _: object) -> Callable[..., Any] | None:
        # Not in `evaluate`, which takes and gives back the turn: Python looks for no signal between a lock and its block.
        inside = frame.f_code.co_filename.endswith((rete.__file__, "durable/engine.py")) and frame.f_code.co_name not in OUTSIDE
        if not inside:
            return None
        frame.f_trace_opcodes = True
        left[0] -= event == "opcode"
        if left[0] < 0:
            raise error("by a signal")
        return trace

    before = sys.gettrace()
    sys._getframe().f_trace_opcodes = True  # Python 3.12 otherwise traces no instruction of the frames to come
    sys.settrace(trace)
    try:
        durable.evaluate(case)
    except error as raised:
        return raised.args == ("by a signal",) and raised.__cause__ is None
    finally:
        sys.settrace(before)
    return False


@needs_durable
@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, SignalError, MemoryError])
def test_an_exception_of_the_host_goes_through_wherever_it_comes(
    error: type[BaseException], caplog: pytest.LogCaptureFixture
) -> None:
    durable, sound, case = evaluator(GRADED), evaluator(GRADED), a_case(a=True, b=True)
    right = sound.evaluate(case)
    place = 0
    while interrupted(durable, case, place, error):
        assert durable.evaluate(case) == right
        place += 7
    assert place > 300
    assert caplog.records == []


@needs_durable
def test_interruptions_leave_no_state_behind() -> None:
    if not sys.platform.startswith("linux"):
        pytest.skip("reads /proc")

    def megabytes() -> float:
        return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 2**20

    durable, case = evaluator(GRADED), a_case(a=True, b=True)
    for place in range(300):
        interrupted(durable, case, place, SignalError)
    before = megabytes()
    for place in [*range(600)] * 2:
        interrupted(durable, case, place, SignalError)
    assert megabytes() - before < 10


@needs_durable
@pytest.mark.parametrize("warning", ["error", "always"])
def test_asks_no_clock_that_warns(warning: str) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter(warning)  # type: ignore[arg-type]
        evaluator(GRADED).evaluate(a_case(a=True))
    assert caught == []


@needs_durable
def test_a_refusal_names_its_cause_and_no_fact(monkeypatch: pytest.MonkeyPatch) -> None:
    from durable import engine

    refused = {
        engine.MessageNotHandledException({"x0": 1}): "MessageNotHandledException$",
        engine.durable_rules_engine.error("error code: 303"): "error: error code: 303$",
    }
    for error, message in refused.items():
        durable = evaluator(GRADED)
        monkeypatch.setattr(engine.Ruleset, "assert_fact", Mock(side_effect=error))
        with pytest.raises(EngineError, match=f"durable-rules failed: {message}") as caught:
            durable.evaluate(a_case(a=True))
        monkeypatch.undo()
        assert caught.value.__cause__ is error
        assert durable.evaluate(a_case(a=True)).fired


@needs_durable
def test_no_rule_run_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    durable = evaluator(GRADED)
    for _, group in durable._strata:
        for ruleset in group:
            monkeypatch.setattr(ruleset, "_library", Mock(start_action_for_state=lambda *_: None))
    with pytest.raises(EngineError, match="durable-rules failed: no rule ran"):
        durable.evaluate(a_case(a=True))


@needs_durable
def test_refuses_a_rule_with_more_tests_than_a_fact_holds() -> None:
    ids = [f"f{place}" for place in range(rete.MOST_READ + 1)]
    with pytest.raises(EngineError, match=r"p/r has over 240 different tests.*divide it"):
        evaluator(one_rule(All(of=tuple(Present(finding=key) for key in ids)), ids))


@needs_durable
@pytest.mark.parametrize("when", [AtLeast(k=3, of=(A, B)), AtLeast(k=0, of=(A,)), AnyOf(of=()), All(of=())])
def test_refuses_a_count_that_no_case_can_change(when: Condition) -> None:
    with pytest.raises(EngineError, match="depends on the case"):
        evaluator(one_rule(when))


def test_refuses_clearly_when_durable_rules_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "durable", None)
    monkeypatch.setitem(sys.modules, "durable.engine", None)
    assert not rete.available()
    with pytest.raises(EngineError, match="durable-rules cannot be imported here"):
        evaluator(GRADED)


@needs_durable
def test_frees_its_rulesets() -> None:
    durable = evaluator(GRADED)
    handles = [ruleset._durable._handle for _, rulesets in durable._strata for ruleset in rulesets]
    del durable
    gc.collect()
    from durable.engine import durable_rules_engine

    for handle in handles:
        with pytest.raises(durable_rules_engine.error):
            durable_rules_engine.delete_ruleset(handle)
