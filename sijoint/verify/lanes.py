"""Many cases at once: one bit of a long int for each case, run through the compiled program in one pass.

In: cases, or the cases beside the rules with what they expect. Out: planes of atoms, and the lanes in which an expectation fails.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ..engine.atoms import decide
from ..engine.case import Case
from ..engine.infer import Engine
from ..engine.suite import Suite, rule_ids
from ..knowledge.conditions import Atom
from ..knowledge.errors import KnowledgeError
from ..knowledge.language import KnowledgeBase


def planes_of(tests: Iterable[Atom], cases: Sequence[Case]) -> list[int]:
    """A plane for each test: bit n says whether it holds in case n."""
    return [int("".join("1" if decide(test, case) else "0" for case in reversed(cases)) or "0", 2) for test in tests]


@dataclass
class Lane:
    """One case and what is expected of it: rules that fire, rules that stay silent, grades, and conclusions not derived."""

    name: str
    case: Case
    fires: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()
    then: Mapping[str, str] = field(default_factory=dict)
    never: tuple[str, ...] = ()


def suite_lanes(knowledge: KnowledgeBase) -> list[Lane]:
    """A lane for every case that expects something of rules, and for each of its near misses.

    Raises:
        KnowledgeError: a case cannot be read.
    """
    engine = Engine(knowledge, ("compiled",))
    suite = Suite(knowledge, engine)
    found: list[Lane] = []
    for item in knowledge.cases:
        name = f"{item.pack}/{item.case}"
        fires, silent = (tuple(rule_ids(suite, item, names)) for names in (item.fires, item.silent))
        expects = fires or silent or item.then or item.never
        if (case := suite.case(item, {})) and expects:
            found.append(Lane(name, engine.infer_moments(case)[-1].case, fires, silent, item.then, item.never))
        for number, miss in enumerate(item.near_misses, 1):
            quiet = tuple(rule_ids(suite, item, miss.silent or item.fires))
            if (case := suite.case(item, miss.change)) and quiet:
                found.append(Lane(f"{name} near miss {number}", engine.infer_moments(case)[-1].case, silent=quiet))
    if suite.problems:
        raise KnowledgeError(suite.problems)
    return found


@dataclass(frozen=True)
class Expected:
    """What lanes expect, as planes: by rule, by conclusion and grade, and by conclusion."""

    fires: Mapping[str, int]
    silent: Mapping[str, int]
    grades: Mapping[tuple[str, str], int]
    never: Mapping[str, int]


def expected_of(lanes: Sequence[Lane]) -> Expected:
    """The expectations of lanes as planes."""
    fires: dict[str, int] = {}
    silent: dict[str, int] = {}
    grades: dict[tuple[str, str], int] = {}
    never: dict[str, int] = {}
    for number, lane in enumerate(lanes):
        bit = 1 << number
        for rule in lane.fires:
            fires[rule] = fires.get(rule, 0) | bit
        for rule in lane.silent:
            silent[rule] = silent.get(rule, 0) | bit
        for key in lane.then.items():
            grades[key] = grades.get(key, 0) | bit
        for name in lane.never:
            never[name] = never.get(name, 0) | bit
    return Expected(fires, silent, grades, never)
