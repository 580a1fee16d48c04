"""Rete: the evaluator on durable-rules, and the only importer of `durable`.

In: a `Program` once, then cases. Out: `Outcome`. The host drives the strata; within one, durable-rules does the logic
on one wide fact of 0/1 properties with internal names: no text, number or id of a user reaches its C code. Comments
name the traps of durable-rules 2.0.28; tests/test_rete_traps.py has a test for each.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import reduce
from itertools import chain, count
from math import prod
from typing import Any
from weakref import finalize

from ..knowledge.conditions import BRANCHES, All, AnyOf, AtLeast, Branch, ConclusionTest, Condition, Derived, Leaf, leaves
from ..knowledge.errors import EngineError
from ..knowledge.language import Consequence, Rule
from .atoms import decide_all
from .case import Case
from .program import Outcome, Program

MOST_WAYS = 60
"""Ways in which a fact may satisfy the rules of one ruleset. The tests that wait at one moment begin different ways, so
no more than this wait; durable-rules holds 64, and beyond that no rule fires (error 303)."""
MOST_WAYS_PER_RULE = 8
"""A rule fires once per way; one with more ways becomes a single arithmetic test, which fires once."""
MOST_BRANCHES = 15
"""`$and` and `$or` in one rule (error 113 beyond)."""
MOST_READ = 240
"""Properties in one fact; durable-rules holds 254, its own included (error 302), and hangs on rulesets of 600."""
ON = "on"
"""The property that is 1 in every fact: the tail rule tests it, and counting starts from it."""

Json = dict[str, Any]
Names = Mapping[Leaf, str]

_numbers = count(1)
_turn = [threading.Lock()]
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=lambda: _turn.__setitem__(0, threading.Lock()))


def available() -> bool:
    """Whether durable-rules can be imported; it cannot on Python 3.13 and newer."""
    try:
        import durable.engine  # noqa: F401
    except ImportError:
        return False
    return True


def can_hold(program: Program) -> bool:
    """Whether durable-rules can hold every rule: each, or each part of one that can be divided, reads few enough tests."""
    return all(len(set(leaves(part))) <= MOST_READ for rule in program.rules for part in parts_of(rule))


class Rete:
    """The durable-rules evaluator of one program; threads take turns."""

    def __init__(self, program: Program) -> None:
        if not available():
            raise EngineError("durable-rules cannot be imported here; it is made for Python before 3.13")
        self.program = program
        read = chain(program.atoms, *(leaves(condition_of(rule)) for rule in program.rules))
        self._names = dict(zip(dict.fromkeys(read), distinct_names(), strict=False))
        self._atoms = [self._names[atom] for atom in program.atoms]
        self._grants = {rule.id: [*map(self._rank_of, rule.then)] for rule in program.rules}
        self._strata = [(self._settled(rules), [*map(_Ruleset, split(rules, self._names))]) for rules in program.strata]

    def evaluate(self, case: Case) -> Outcome:
        """The outcome of one case.

        Raises:
            EngineError: durable-rules gave no complete answer.
        """
        held = dict(zip(self._atoms, map(int, decide_all(self.program.atoms, case)), strict=True))
        fired: list[str] = []
        ranks: dict[str, int] = {}
        with _turn[0]:
            for settled, rulesets in self._strata:
                for name, conclusion, rank, wanted in settled:
                    held[name] = int((ranks.get(conclusion, -1) >= rank) is wanted)
                now = [rule for ruleset in rulesets for rule in ruleset.fired(held)]
                for conclusion, rank in (grant for rule in now for grant in self._grants[rule]):
                    ranks[conclusion] = max(rank, ranks.get(conclusion, -1))
                fired += now
        return self.program.outcome(frozenset(fired))

    def _settled(self, rules: Iterable[Rule]) -> list[tuple[str, str, int, bool]]:
        """Tests of conclusions in a stratum: name, conclusion, rank, and whether the rank is to be reached or not."""
        read = dict.fromkeys(leaf for rule in rules for leaf in leaves(condition_of(rule)))
        tests = (leaf for leaf in read if isinstance(leaf, ConclusionTest))
        return [(self._names[t], *self._rank_of(t), isinstance(t, Derived)) for t in tests]

    def _rank_of(self, item: ConclusionTest | Consequence) -> tuple[str, int]:
        return item.conclusion, self.program.conclusion_by_id[item.conclusion].rank(item.grade)


class _Ruleset:
    """One ruleset of durable-rules, freed with this object; for one thread at a time."""

    def __init__(self, patterns: Sequence[tuple[str, Json]]) -> None:
        self._read = sorted(set(chain(*(properties(test) for _, test in patterns))))
        # The tail rule sees to it that every fact is read by a rule and every sid has run an action.
        self._rules = {f"r{place}": it for place, it in enumerate([*patterns, ("", {ON: 1})])}
        self._make()

    def _make(self) -> None:
        from durable import engine

        rules = {name: {"all": [{"m": test}], "run": _told_by_the_host} for name, (_, test) in self._rules.items()}
        # Not in a `Host`, which starts two timer threads that would touch the ruleset behind the lock.
        self._durable = engine.Ruleset(f"sijoint{next(_numbers)}", None, rules)
        self._library: Any = engine.durable_rules_engine
        self._refusals = (self._library.error, engine.MessageNotHandledException, engine.MessageObservedException)
        self._free = finalize(self, self._library.delete_ruleset, self._durable._handle)
        self._free.atexit = False
        self._whole = True

    def fired(self, held: Mapping[str, int]) -> Iterable[str]:
        """Ids of the rules that fire; none does where no property they read is 1, as no test is negative.

        An exception of the host, such as one that a signal's handler raises, goes through as it is.

        Raises:
            EngineError: durable-rules refused the facts or ran no rule; the cause is named.
        """
        if not any(held[name] for name, _ in self._read):
            return ()
        fact = {name: held[name] for name, counted in self._read if counted or held[name]}
        if not self._whole:
            self._free()
            self._make()
        self._whole = False
        try:
            found = self._answer(next(_numbers), fact)
            self._whole = True
        except self._refusals as error:
            raise EngineError(f"durable-rules failed: {_cause(error)}") from error
        finally:
            # Deleting a sid that has run no action aborts the process, deleting the ruleset with its sids does not.
            if not self._whole:
                self._free()
        return found

    def _answer(self, sid: int, fact: Json) -> set[str]:
        """The rules that fire for a fact under a sid, which is deleted again."""
        # A fact of its own first, so that the sid has run an action even if the next fact is refused.
        self._tell({"sid": sid, ON: 1})
        ran = self._tell({"sid": sid, ON: 1} | fact)
        self._durable.delete_state(sid)
        return {rule for name in ran if (rule := self._rules[name][0])}

    def _tell(self, fact: Json) -> list[str]:
        """Assert a fact and run every rule that follows from it; their names.

        `do_actions` of the library is passed by: it drops actions after 10 seconds by the clock, logs and stores
        exceptions instead of raising them, and asks a clock that warns.
        """
        ran: list[str] = []
        handle, state = self._durable._handle, self._durable.assert_fact(fact)
        started = self._library.start_action_for_state(handle, state)
        if not started:
            raise EngineError("durable-rules failed: no rule ran")
        result, message = started[0], started[1]
        while message:
            ran += json.loads(message)
            self._library.update_state(handle, result)
            message = self._library.complete_and_start_action(handle, state)
        return ran


def _told_by_the_host(closure: object) -> None:
    """The action of every rule: nothing, as the host reads from the answer which rules ran."""


def _cause(error: Exception) -> str:
    """What failed; of a fact that was refused only the kind, as its text holds the fact."""
    said = f": {error}" if type(error).__module__ != "durable.engine" else ""
    return type(error).__name__ + said


def condition_of(rule: Rule) -> Condition:
    """All that must hold for a rule to fire, its blockers included."""
    return All(of=(rule.when, *rule.blockers))


def parts_of(rule: Rule) -> Iterator[Condition]:
    """Conditions any of which lets a rule fire: one, or several where an `any` reads more than one fact may hold."""
    whole = condition_of(rule)
    if len(set(leaves(whole))) <= MOST_READ or not isinstance(rule.when, AnyOf):
        yield whole
        return
    part: list[Condition] = []
    read = always = set(chain(*map(leaves, rule.blockers)))
    for member in rule.when.of:
        read = read.union(leaves(member))
        if part and len(read) > MOST_READ:
            yield All(of=(AnyOf(of=tuple(part)), *rule.blockers))
            part, read = [], always.union(leaves(member))
        part.append(member)
    yield All(of=(AnyOf(of=tuple(part)), *rule.blockers))


def pattern(condition: Condition, rule: Rule, names: Names) -> Json:
    """The test of a rule or a part of it: nested where that is small, else one comparison.

    Raises:
        EngineError: it reads more than one fact may hold.
    """
    if len(set(leaves(condition))) > MOST_READ:
        raise EngineError(f"{rule.id} has over {MOST_READ} different tests, too many for durable-rules: divide it")
    test = nested(condition, names)
    small = ways(test) <= MOST_WAYS_PER_RULE and str(test).count("[") <= MOST_BRANCHES  # each branch holds one list
    return test if small else at_least(1, [term(condition, names)])


def nested(condition: Condition, names: Names) -> Json:
    """A condition as `$and` and `$or`, with one comparison for any other count."""
    if not isinstance(condition, BRANCHES):
        return {names[condition]: 1}
    k = quota(condition)
    if 1 < k < len(condition.of):
        return at_least(k, [term(member, names) for member in condition.of])
    return {"$or" if k == 1 else "$and": [nested(member, names) for member in condition.of]}


def at_least(k: int, terms: Sequence[Json]) -> Json:
    """The comparison that holds when at least `k` of some 0/1 terms are 1: `on >= k + 1 - (x0 + x1)`."""
    return {"$gte": {ON: {"$sub": {"$l": k + 1, "$r": total(terms)}}}}


def term(condition: Condition, names: Names) -> Json:
    """A condition as a number, 0 or 1: at least k of n is (sum + n - k) / n in whole numbers."""
    if not isinstance(condition, BRANCHES):
        return {"$m": names[condition]}
    n, members = len(condition.of), total([term(member, names) for member in condition.of])
    return {"$div": {"$l": {"$add": {"$l": members, "$r": n - quota(condition)}}, "$r": n}}


def total(terms: Sequence[Json]) -> Json:
    """The sum of terms, as a balanced tree so that it stays shallow."""
    half = len(terms) // 2
    return {"$add": {"$l": total(terms[:half]), "$r": total(terms[half:])}} if half else terms[0]


def quota(branch: Branch) -> int:
    """How many members of a branch must hold."""
    k = branch.k if isinstance(branch, AtLeast) else len(branch.of) if isinstance(branch, All) else 1
    if not 1 <= k <= len(branch.of):
        raise EngineError(f"{k} of {len(branch.of)} conditions: durable-rules needs a test that depends on the case")
    return k


def ways(test: Json) -> int:
    """In how many ways a fact may satisfy a test."""
    ((key, value),) = test.items()
    return prod(map(ways, value)) if key == "$and" else sum(map(ways, value)) if key == "$or" else 1


def properties(test: Json) -> Iterator[tuple[str, bool]]:
    """Each property of a test, and whether arithmetic reads it: then it must be given when 0 too."""
    waiting: list[Json] = [test]
    while waiting:
        for key, value in waiting.pop().items():
            if key == "$m":
                yield value, True
            elif not isinstance(value, int):
                waiting += value if isinstance(value, list) else [value]
            elif not key.startswith("$"):
                yield key, False


def split(rules: Iterable[Rule], names: Names) -> Iterator[list[tuple[str, Json]]]:
    """Tests with their rule ids, in groups that fit into one ruleset together with its tail rule."""
    group: list[tuple[str, Json]] = []
    taken, read = 1, set[str]()
    for rule in rules:
        for test in (pattern(part, rule, names) for part in parts_of(rule)):
            reads = {name for name, _ in properties(test)}
            if group and (taken + ways(test) > MOST_WAYS or len(read | reads) > MOST_READ):
                yield group
                group, taken, read = [], 1, set()
            group.append((rule.id, test))
            taken, read = taken + ways(test), read | reads
    yield group


def distinct_names() -> Iterator[str]:
    """x0, x1 and so on, without any that durable-rules would take for another name."""
    taken = set(map(fnv1a, (ON, "sid", "id", "$s", "$i", "$forward")))
    for name in map("x{}".format, count()):
        if fnv1a(name) not in taken:
            taken.add(fnv1a(name))
            yield name


def fnv1a(name: str) -> int:
    """The 32-bit FNV-1a hash, by which alone durable-rules tells names apart: `liquid` and `costarring` share one."""
    return reduce(lambda value, byte: (value ^ byte) * 0x01000193 & 0xFFFFFFFF, name.encode(), 0x811C9DC5)
