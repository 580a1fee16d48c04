"""Which rule rests on which: cycles, and the stratum of every rule.

In: rules. Out: rules grouped by stratum, or the cycle that forbids it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from graphlib import CycleError, TopologicalSorter

from .conditions import Derived, NotDerived, findings_of, leaves
from .language import Rule


def conclusions_read(rule: Rule) -> frozenset[str]:
    """The conclusions that a rule tests, in `when`, `unless` and its gates."""
    tested = (leaf.conclusion for leaf in leaves(rule.when) if isinstance(leaf, Derived | NotDerived))
    return frozenset((*tested, *(item.conclusion for item in rule.blockers)))


def dependencies(rules: Iterable[Rule]) -> Mapping[str, set[str]]:
    """Rule ids, each with the ids of the rules that may conclude what it tests."""
    rules = tuple(rules)
    concluders: dict[str, set[str]] = {}
    for rule in rules:
        for consequence in rule.then:
            concluders.setdefault(consequence.conclusion, set()).add(rule.id)
    nothing: set[str] = set()
    return {rule.id: set().union(*(concluders.get(key, nothing) for key in conclusions_read(rule))) for rule in rules}


def find_cycle(rules: Iterable[Rule]) -> tuple[str, ...]:
    """One cycle of rule ids, first equal to last; empty when there is none."""
    edges = dependencies(rules)
    try:
        TopologicalSorter({key: sorted(edges[key]) for key in sorted(edges)}).prepare()
    except CycleError as error:
        return tuple(reversed(error.args[1]))
    return ()


def strata_of(rules: Iterable[Rule]) -> tuple[tuple[Rule, ...], ...]:
    """Rules by stratum: the longest path over all dependencies; within a stratum in the order given.

    Raises:
        graphlib.CycleError: the rules depend on one another in a circle.
    """
    rules = tuple(rules)
    edges = dependencies(rules)
    depth: dict[str, int] = {}
    for rule_id in TopologicalSorter(edges).static_order():
        depth[rule_id] = 1 + max((depth[key] for key in edges[rule_id]), default=-1)
    layers: list[list[Rule]] = [[] for _ in range(1 + max(depth.values(), default=-1))]
    for rule in rules:
        layers[depth[rule.id]].append(rule)
    return tuple(tuple(layer) for layer in layers)


def findings_behind(conclusion: str, rules: Iterable[Rule]) -> frozenset[str]:
    """Every finding that a conclusion may rest on, through all rules."""
    concluders: dict[str, list[Rule]] = {}
    for rule in rules:
        for consequence in rule.then:
            concluders.setdefault(consequence.conclusion, []).append(rule)
    found: set[str] = set()
    waiting, seen = [conclusion], {conclusion}
    while waiting:
        for rule in concluders.get(waiting.pop(), ()):
            found |= {name for leaf in leaves(rule.when) for name in findings_of(leaf)}
            new = conclusions_read(rule) - seen
            seen |= new
            waiting += sorted(new)
    return frozenset(found)
