"""Rule bases for measurements, in a neutral form that every adapter reads: plain tuples, no class of any engine.

In: sizes and a seed. Out: `Base` and cases. A test is a tuple: ("present" | "absent" | "unknown" | "known", finding),
("number", finding, operator, bound), ("choice", finding, choices), ("derived" | "not_derived", conclusion, rank); a branch is
("all" | "any", members) or ("at_least", k, members).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

STRATA = 5
CHOICES = ("left", "right", "both", "midline")
VALUES: dict[str, tuple[Any, ...]] = {"yes_no": (True, True, False, False, False), "number": tuple(range(101)), "choice": CHOICES}
Test = tuple[Any, ...]


@dataclass(frozen=True)
class RuleSpec:
    """A rule: fires when `when` holds and none of `unless` (conclusion, rank) was derived; grants `then` (conclusion, rank)."""

    id: str
    when: Test
    unless: tuple[tuple[str, int], ...]
    then: tuple[tuple[str, int], ...]
    stratum: int


@dataclass(frozen=True)
class Base:
    """A rule base: findings with the values they may take, conclusions with their number of grades, rules by stratum."""

    findings: dict[str, tuple[Any, ...]]
    conclusions: dict[str, int]
    rules: tuple[RuleSpec, ...]

    @property
    def strata(self) -> list[list[RuleSpec]]:
        """Rules grouped by stratum."""
        layers: list[list[RuleSpec]] = [[] for _ in range(1 + max(rule.stratum for rule in self.rules))]
        for rule in self.rules:
            layers[rule.stratum].append(rule)
        return layers


def make_base(rules: int, findings: int, seed: int = 1, *, typed: bool = False) -> Base:
    """A random base of five strata; `typed` makes one finding in ten a number and one a choice."""
    random = Random(seed)
    types = {f"f{n}": _type(n) if typed else "yes_no" for n in range(findings)}
    count = max(STRATA, rules // 4)
    layers = [[f"c{n}" for n in range(count) if n % STRATA == stratum] for stratum in range(STRATA)]
    conclusions = {f"c{n}": 1 + n % 3 for n in range(count)}
    made = []
    for number in range(rules):
        stratum = number * STRATA // rules
        names = [name for layer in layers[:stratum] for name in layer]
        near = layers[stratum - 1] if stratum else []
        drawer = _Drawer(random, types, conclusions, names, near)
        target = random.choice(layers[stratum])
        then = ((target, random.randrange(conclusions[target])),)
        made.append(RuleSpec(f"bench/r{number}", drawer.when(), drawer.unless(), then, stratum))
    return Base({name: VALUES[kind] for name, kind in types.items()}, conclusions, tuple(made))


def _type(number: int) -> str:
    return {0: "number", 5: "choice"}.get(number % 10, "yes_no")


class _Drawer:
    """Draws the tests of one rule."""

    def __init__(
        self, random: Random, types: dict[str, str], conclusions: dict[str, int], names: list[str], near: list[str]
    ) -> None:
        self.random, self.types, self.conclusions, self.names, self.near = random, types, conclusions, names, near

    def when(self) -> Test:
        """One of five forms; above the first stratum one member is a conclusion of the stratum below."""
        form = self.random.choice(["all", "any", "at_least", "nested", "nested"])
        if form == "all":
            members = self.leaves(self.random.randint(2, 3))
        elif form == "any":
            members = self.leaves(self.random.randint(2, 4))
        elif form == "at_least":
            members = self.leaves(self.random.randint(4, 6))
        else:
            members = [("any", tuple(self.leaves(3))), ("at_least", 2, tuple(self.leaves(4))), *self.leaves(1)]
            form = "all"
        if self.near and form != "any":
            members[-1] = self.derived(self.near)
        return ("at_least", self.random.randint(2, 3), tuple(members)) if form == "at_least" else (form, tuple(members))

    def unless(self) -> tuple[tuple[str, int], ...]:
        """A third of the rules above the first stratum are blocked by one conclusion."""
        if not self.names or self.random.random() > 0.33:
            return ()
        _, name, rank = self.derived(self.names)
        return ((name, rank),)

    def leaves(self, count: int) -> list[Test]:
        """Different tests of different findings."""
        return [self.leaf(name) for name in self.random.sample(sorted(self.types), count)]

    def leaf(self, name: str) -> Test:
        """One test of a finding."""
        if self.types[name] == "number":
            return ("number", name, self.random.choice([">", ">=", "<", "<="]), self.random.randrange(10, 90))
        if self.types[name] == "choice":
            return ("choice", name, tuple(sorted(self.random.sample(CHOICES, self.random.randint(1, 2)))))
        return (self.random.choices(["present", "absent", "unknown"], [6, 3, 1])[0], name)

    def derived(self, names: list[str]) -> Test:
        """A conclusion at some grade."""
        name = self.random.choice(names)
        return ("derived", name, self.random.randrange(self.conclusions[name]))


def make_cases(base: Base, count: int, seed: int = 2) -> Iterator[dict[str, Any]]:
    """Cases as mappings: three findings in four are known, of the yes/no ones two in five present."""
    random = Random(seed)
    for _ in range(count):
        yield {name: random.choice(values) for name, values in base.findings.items() if random.random() < 0.75}


def leaves_of(test: Test) -> Iterator[Test]:
    """The tests in a condition, left to right."""
    if test[0] in ("all", "any", "at_least"):
        for member in test[-1]:
            yield from leaves_of(member)
    else:
        yield test
