"""The traps of durable-rules 2.0.28, one by one: the bare library falls in, the adapter does not."""

from __future__ import annotations

import itertools
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from sijoint.engine import rete
from sijoint.engine.case import Case, Recorded
from sijoint.engine.program import compile_program
from sijoint.knowledge.conditions import (
    All,
    AnyOf,
    AtLeast,
    ChoiceTest,
    Condition,
    Derived,
    NotDerived,
    NumberTest,
    Present,
)
from sijoint.knowledge.errors import EngineError
from sijoint.knowledge.language import Conclusion, Consequence, Finding, KnowledgeBase, Rule

engine = pytest.importorskip("durable.engine", exc_type=ImportError)

BARE = """
import itertools, os, sys
from durable import engine
numbers = itertools.count(1)
fired = []
def bare(rules):
    made = {}
    for name, (test, run) in rules.items():
        made[name] = {"all": test if isinstance(test, list) else [{"m": test}], "run": run}
    return engine.Ruleset(f"bare{next(numbers)}", None, made)
def tell(ruleset, fact):
    answers = []
    ruleset.do_actions(ruleset.assert_fact(fact), lambda error, state: answers.append((error, state)))
    return answers
def note(name):
    return lambda c: fired.append(name)
"""
names = dict[str, Any]()
exec(BARE, names)  # the same few lines here and in child processes
bare, tell, note, fired = names["bare"], names["tell"], names["note"], names["fired"]


@pytest.fixture(autouse=True)
def _nothing_fired() -> None:
    fired.clear()


def child(code: str, seconds: float = 50) -> subprocess.CompletedProcess[str] | None:
    """A process that may crash; none when it does not end in time."""
    command = [sys.executable, "-c", BARE + textwrap.dedent(code)]
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=seconds)
    except subprocess.TimeoutExpired:
        return None


def crashes(code: str) -> bool:
    """Whether a signal ends the process, or its memory gives out."""
    done = child(code)
    return done is not None and (done.returncode < 0 or "MemoryError" in done.stderr)


def adapter(*conditions: Condition) -> rete.Rete:
    """Our evaluator of rules p/r0, p/r1 ...; each concludes c0, c1 ..."""
    rules = [
        Rule(
            id=f"p/r{place}",
            title="t",
            when=condition,
            then=(Consequence(conclusion=f"c{place}", grade="given"),),
            source=("S",),
        )
        for place, condition in enumerate(conditions)
    ]
    knowledge = KnowledgeBase(
        packs=(),
        kinds=(),
        parameters=(),
        references=(),
        findings=(Finding(id="f0", type="yes_no", obtained_by="history", source=("S",)),),
        conclusions=tuple(Conclusion(id=f"c{n}", kind="k", source=("S",)) for n in range(len(rules))),
        rules=tuple(rules),
    )
    return rete.Rete(compile_program(knowledge))


def present(*places: int) -> tuple[Present, ...]:
    return tuple(Present(finding=f"f{place}") for place in places)


def case(*places: int, **values: bool | float | str) -> Case:
    given = {f"f{place}": True for place in places} | values
    return Case(findings=tuple(Recorded(finding=key, value=value) for key, value in given.items()))


def rulesets(evaluator: rete.Rete) -> list[Any]:
    return [ruleset for _, group in evaluator._strata for ruleset in group]


@pytest.fixture
def facts(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """Every fact that the adapter asserts."""
    told: list[Any] = []
    assert_fact = engine.Ruleset.assert_fact

    def listen(self: Any, fact: Any) -> Any:
        told.append(dict(fact))
        return assert_fact(self, fact)

    monkeypatch.setattr(engine.Ruleset, "assert_fact", listen)
    for other in ("assert_facts", "assert_event", "assert_events", "retract_fact"):
        monkeypatch.delattr(engine.Ruleset, other)
    yield told
    assert told


def test_deleting_a_sid_for_which_no_action_ran_does_not_happen() -> None:
    assert crashes("""
        ruleset = bare({"a": ({"x": 1}, note("a"))})
        try: tell(ruleset, {"sid": 1, "y": 1})
        except engine.MessageNotHandledException: pass
        for sid in range(2, 50):
            try: tell(ruleset, {"sid": sid, "y": 1})
            except engine.MessageNotHandledException: pass
        for sid in range(1, 50): ruleset.delete_state(sid)
    """)
    evaluator = adapter(All(of=present(0, 1)))
    assert [bool(evaluator.evaluate(case(0)).fired) for _ in range(50)] == [False] * 50


def test_a_thousand_live_sids_are_never_reached() -> None:
    assert crashes("""
        ruleset = bare({"a": ({"x": 1}, note("a"))})
        for sid in range(1030): tell(ruleset, {"sid": sid, "x": 1})
    """)
    evaluator = adapter(*present(0))
    assert all(evaluator.evaluate(case(0)).fired for _ in range(1500))


def test_two_sids_with_one_hash_never_share_facts() -> None:
    ruleset = bare({"a": ({"x": 1}, note("a")), "b": ({"y": 1}, note("b"))})
    tell(ruleset, {"sid": "liquid", "x": 1})
    tell(ruleset, {"sid": "costarring", "y": 1})
    assert len(ruleset.get_facts("liquid")) == 2
    assert len({rete.fnv1a(str(sid)) for sid in range(100_000)}) == 100_000


def test_sids_are_sequential_numbers(facts: list[Any]) -> None:
    evaluator = adapter(*present(0))
    for _ in range(3):
        evaluator.evaluate(case(0))
    sids = [fact["sid"] for fact in facts]
    assert sids == [sid for first in (sids[0],) for sid in (first, first, first + 1, first + 1, first + 2, first + 2)]


def test_two_property_names_with_one_hash_are_never_used(monkeypatch: pytest.MonkeyPatch) -> None:
    tell(bare({"a": ({"liquid": 1}, note("a"))}), {"sid": 1, "costarring": 1})
    assert fired == ["a"]
    used = [*itertools.islice(rete.distinct_names(), 20_000), "on", "sid", "id", "$s", "$forward"]
    assert len(set(map(rete.fnv1a, used))) == len(used)
    plain = rete.fnv1a
    monkeypatch.setattr(rete, "fnv1a", lambda name: plain("x0" if name == "x2" else "sid" if name == "x3" else name))
    assert [*itertools.islice(rete.distinct_names(), 4)] == ["x0", "x1", "x4", "x5"]


def test_a_negation_that_turns_false_withdraws_the_rule() -> None:
    def derive(c: Any) -> None:
        fired.append("derive")
        c.assert_fact({"y": 1})

    negation = [{"m": {"x": 1}}, {"n$not": {"y": 1}}]
    ruleset = bare({"derive": ({"x": 1}, derive), "unless": (negation, note("unless")), "y": ({"y": 1}, note("y"))})
    tell(ruleset, {"sid": 1, "x": 1})
    assert "unless" in fired
    blocked = All(of=(*present(0), NotDerived(conclusion="c0", grade="given")))
    evaluator = adapter(Present(finding="f1"), blocked, Derived(conclusion="c1", grade="given"))
    assert evaluator.evaluate(case(0)).fired == {"p/r1", "p/r2"}
    assert evaluator.evaluate(case(0, 1)).fired == {"p/r0"}


def test_absence_is_asserted_so_that_nothing_loops_for_ever(facts: list[Any]) -> None:
    endless = """
        def again(c):
            fired.append(1)
            if len(fired) > 5000: print("endless", flush=True); os._exit(0)
        tell(bare({"a": ({"$nex": {"y": 1}}, again)}), {"sid": 1, "x": 1})
    """
    done = child(endless)
    assert done is not None
    assert done.stdout.strip() == "endless"
    evaluator = adapter(NotDerived(conclusion="c1", grade="given"), Present(finding="f0"))
    assert evaluator.evaluate(case()).fired == {"p/r0"}
    assert [fact for fact in facts if len(fact) == 3] == [facts[-1]]


@pytest.mark.parametrize("error", [ValueError, SystemExit, KeyboardInterrupt])
def test_exceptions_are_never_stored_as_text(monkeypatch: pytest.MonkeyPatch, error: type[BaseException]) -> None:
    def fail(*_: object) -> None:
        raise error("inside")

    [(returned, state)] = tell(bare({"a": ({"x": 1}, lambda c: fail())}), {"sid": 1, "x": 1})
    assert returned is None
    assert "inside" in state["exception"]
    evaluator = adapter(*present(0))
    monkeypatch.setattr(rete.json, "loads", fail)  # type: ignore[attr-defined]
    with pytest.raises(error, match="inside"):
        evaluator.evaluate(case(0))
    monkeypatch.undo()
    assert evaluator.evaluate(case(0)).fired == {"p/r0"}


def test_every_fact_is_read_by_a_rule_and_differs_from_the_one_before(facts: list[Any]) -> None:
    ruleset = bare({"a": ({"x": 1}, note("a"))})
    with pytest.raises(engine.MessageNotHandledException):
        tell(ruleset, {"sid": 1, "y": 1})
    tell(ruleset, {"sid": 1, "x": 1})
    with pytest.raises(engine.MessageObservedException):
        tell(ruleset, {"sid": 1, "x": 1})
    facts.clear()
    evaluator = adapter(All(of=present(0, 1)), Present(finding="f2"))
    assert [len(evaluator.evaluate(case(*given)).fired) for given in ((0,), (0,), (0, 2), (0, 1, 2))] == [0, 0, 1, 2]
    assert all(fact["on"] == 1 for fact in facts)
    assert all(start != wide for start, wide in zip(facts[::2], facts[1::2], strict=True))


def test_an_unread_fact_inside_an_action_cannot_skip_the_rest_of_it() -> None:
    def remainder(c: Any) -> None:
        c.assert_fact({"unread": 1})
        fired.append("rest")

    tell(bare({"a": ({"x": 1}, remainder)}), {"sid": 1, "x": 1})
    assert fired == []
    evaluator = adapter(*present(0), Derived(conclusion="c0", grade="given"))
    assert evaluator.evaluate(case(0)).fired == {"p/r0", "p/r1"}


def test_facts_are_told_one_at_a_time(facts: list[Any]) -> None:
    done = child("""
        ruleset = bare({"a": ({"x": 1}, lambda c: fired.append(c.s.sid))})
        ruleset.do_actions(ruleset.assert_facts([{"sid": 1, "x": 1}, {"sid": 2, "x": 1}]), lambda error, state: None)
        print(fired)
    """)
    assert done is not None
    assert done.stdout.strip() == "['2']"
    adapter(*present(0)).evaluate(case(0))  # `facts` removes every other way to tell
    assert [type(fact) for fact in facts] == [dict, dict]


def test_no_action_is_dropped_after_ten_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]

    def slow(c: Any) -> None:
        clock[0] += 11
        fired.append("slow")

    def later() -> float:
        clock[0] += 11
        return clock[0]

    monkeypatch.setattr(engine, "_unix_now", lambda: clock[0])
    assert tell(bare({"a": ({"x": 1}, slow), "b": ({"x": 1}, note("b"))}), {"sid": 1, "x": 1}) == []
    assert fired == ["slow"]
    monkeypatch.setattr(engine, "_unix_now", later)
    assert adapter(*present(0, 0)).evaluate(case(0)).fired == {"p/r0", "p/r1"}


def test_only_zeros_and_ones_reach_the_library(facts: list[Any]) -> None:
    ruleset = bare({"eq": ({"x": 1}, note("eq")), "over": ({"$gte": {"x": 5}}, note("over"))})
    for sid, value in enumerate((True, "1", 1.0)):
        tell(ruleset, {"sid": sid, "x": value})
    tell(ruleset, {"sid": 9, "x": "abc"})
    assert fired == ["eq", "eq", "eq", "over"]
    for value in (float("inf"), 1e-7, 1e16):
        with pytest.raises(engine.durable_rules_engine.error):
            tell(ruleset, {"sid": 10, "x": value})
    facts.clear()
    tests = (NumberTest(finding="n", comparison="at_least", value=5), ChoiceTest(finding="c", choices=("1",)))
    evaluator = adapter(*tests, AtLeast(k=2, of=(*tests, *present(0))))
    for n, choice, count in ((1e16, "1", 3), (1e-7, "a" * 65_536, 0), (4, "1", 1), (5, "1", 3)):
        assert len(evaluator.evaluate(case(n=n, c=choice)).fired) == count
    assert {type(value) for fact in facts for key, value in fact.items()} == {int}
    assert {value for fact in facts for key, value in fact.items() if key != "sid"} == {0, 1}
    assert {key for fact in facts for key in fact} <= {"sid", "on", "x0", "x1", "x2"}


def test_more_than_64_waiting_tests_are_divided() -> None:
    for tests in ([{f"x{n}": 1} for n in range(65)], [{"$and": [{"y": 1}, {f"x{n}": 1}]} for n in range(70)]):
        ruleset = bare({f"r{n}": (test, note(n)) for n, test in enumerate(tests)})
        with pytest.raises(engine.durable_rules_engine.error, match="303"):
            tell(ruleset, {"sid": 1, "y": 1} | {f"x{n}": 1 for n in range(70)})
    assert fired == []
    first = [All(of=present(0, n)) for n in range(1, 80)]
    wide = [AnyOf(of=present(*range(n, n + 8))) for n in range(60)]
    crossed = [All(of=(AnyOf(of=present(n, n + 1)), AnyOf(of=present(n + 2, n + 3)))) for n in range(60)]
    evaluator = adapter(*first, *wide, *crossed, *present(*range(100)))
    assert len(evaluator.evaluate(case(*range(100))).fired) == 79 + 60 + 60 + 100
    assert all(sum(1 for _ in ruleset._read) <= rete.MOST_READ for ruleset in rulesets(evaluator))


def test_any_number_of_conditions_is_one_fact() -> None:
    ruleset = bare({"a": ([{f"m{n}": {f"x{n}": 1}} for n in range(17)], note("a"))})
    for n in range(16):
        tell(ruleset, {"sid": 1, f"x{n}": 1})
    with pytest.raises(engine.durable_rules_engine.error, match="304"):
        tell(ruleset, {"sid": 1, "x16": 1})
    evaluator = adapter(All(of=present(*range(100))))
    assert evaluator.evaluate(case(*range(100))).fired == {"p/r0"}
    assert evaluator.evaluate(case(*range(99))).fired == set()


def test_more_keys_than_a_fact_holds_are_divided() -> None:
    ruleset = bare({"a": ({"x0": 1}, note("a"))})
    with pytest.raises(engine.durable_rules_engine.error, match="302"):
        tell(ruleset, {"sid": 1} | {f"x{n}": 1 for n in range(253)})
    evaluator = adapter(*(AtLeast(k=49, of=present(*range(n, n + 50))) for n in range(0, 600, 50)))
    assert len(evaluator.evaluate(case(*range(600))).fired) == 12
    assert len(rulesets(evaluator)) == 3
    limit = adapter(AtLeast(k=rete.MOST_READ - 1, of=present(*range(rete.MOST_READ))))
    assert len(limit.evaluate(case(*range(rete.MOST_READ))).fired) == 1


@pytest.mark.parametrize("test", ['{f"x{n}": 1}', '{"x": n}'])
def test_rulesets_stay_small_enough_to_compile(test: str) -> None:
    endings = [child(f'bare({{f"r{{n}}": ({test}, note(n)) for n in range({many})}})', 4) for many in (500, 600)]
    assert [done is not None for done in endings] == [True, False]
    bounds = [NumberTest(finding="n", comparison="at_least", value=n) for n in range(1000)]
    evaluator = adapter(*bounds, *present(*range(600)))
    assert len(evaluator.evaluate(case(*range(600), n=499)).fired) == 1100


def test_more_branches_than_a_rule_holds_become_one_comparison() -> None:
    deep: Any = {"x": 1}
    for _ in range(16):
        deep = {"$and": [deep]}
    with pytest.raises(engine.durable_rules_engine.error, match="113"):
        bare({"a": (deep, note("a"))})
    nested: Condition = Present(finding="f0")
    for _ in range(40):
        nested = AnyOf(of=(All(of=(nested, *present(1))), *present(2)))
    evaluator = adapter(nested)
    assert [len(evaluator.evaluate(case(*held)).fired) for held in ((0, 1), (2,), (0,), (1,), ())] == [1, 1, 0, 0, 0]


def test_a_refused_fact_leaves_a_state_that_can_be_deleted(monkeypatch: pytest.MonkeyPatch) -> None:
    assert crashes("""
        ruleset = bare({f"r{n}": ({f"x{n}": 1}, note(n)) for n in range(70)})
        try: tell(ruleset, {"sid": 1} | {f"x{n}": 1 for n in range(70)})
        except engine.durable_rules_engine.error: pass
        finally: ruleset.delete_state(1)
    """)
    monkeypatch.setattr(rete, "MOST_WAYS", 100)  # so that the fact is refused
    evaluator = adapter(*present(*range(90)))
    for _ in range(20):
        with pytest.raises(EngineError, match="303"):
            evaluator.evaluate(case(*range(90)))
    assert len(evaluator.evaluate(case(3, 4)).fired) == 2


def test_no_action_is_taken_for_asynchronous() -> None:
    ruleset = bare({"a": ({"x": 1}, lambda c, k=1: fired.append(k))})
    assert tell(ruleset, {"sid": 1, "x": 1}) == []
    assert fired != [1]
    evaluator = adapter(*present(0))
    actions = [action for ruleset in rulesets(evaluator) for action in ruleset._durable._actions.values()]
    assert [action._func.__code__.co_argcount for action in actions] == [1, 1]
    assert evaluator.evaluate(case(0)).fired == {"p/r0"}


def test_a_sum_over_a_missing_property_is_never_asked(facts: list[Any]) -> None:
    tests = AtLeast(k=2, of=present(0, 1, 2)), Present(finding="f3")
    evaluator = adapter(*tests)
    assert evaluator.evaluate(case(0, 3)).fired == {"p/r1"}
    told = facts[-1]
    assert {key: told.get(key) for key in ("x0", "x1", "x2", "x3")} == {"x0": 1, "x1": 0, "x2": 0, "x3": 1}
    assert evaluator.evaluate(case(0)).fired == set()
    assert "x3" not in facts[-1]


def test_rulesets_are_freed_with_their_evaluator() -> None:
    counted = """
        def megabytes():
            return int(open("/proc/self/statm").read().split()[1]) * 4096 / 2**20
        def make():
            return bare({f"r{n}": ({"$and": [{f"x{n}": 1}, {f"x{n + 1}": 1}]}, note(n)) for n in range(50)})
        make()
        before = megabytes()
        for _ in range(100): {each}
        print(megabytes() - before > 20)
    """
    if not sys.platform.startswith("linux"):
        pytest.skip("reads /proc")
    freed = "engine.durable_rules_engine.delete_ruleset(make()._handle)"
    answers = [child(counted.replace("{each}", each)) for each in ("make()", freed)]
    assert [done and done.stdout.strip() for done in answers] == ["True", "False"]
    evaluator = adapter(*present(0))
    [handle] = [ruleset._durable._handle for ruleset in rulesets(evaluator)]
    del evaluator
    with pytest.raises(engine.durable_rules_engine.error):
        engine.durable_rules_engine.delete_ruleset(handle)


def test_no_thread_is_started() -> None:
    done = child("import threading; host = engine.Host(); print(threading.active_count())")
    assert done is not None
    assert done.stdout.strip() == "3"
    before = threading.active_count()
    adapter(*present(0)).evaluate(case(0))
    assert threading.active_count() == before


def test_threads_take_turns() -> None:
    evaluator, busy, most = adapter(*present(0)), [0], [0]
    [ruleset] = rulesets(evaluator)
    tell_plainly = ruleset._tell

    def tell_and_count(fact: Any) -> Any:
        busy[0] += 1
        most[0] = max(most[0], busy[0])
        ran = tell_plainly(fact)
        busy[0] -= 1
        return ran

    ruleset._tell = tell_and_count
    threads = [threading.Thread(target=lambda: [evaluator.evaluate(case(0)) for _ in range(50)]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1]
