"""The oracle: a rule base in, the ids that fire out, in the plainest Python there is. It shares no code with any engine."""

from __future__ import annotations

from typing import Any

from benchmarks.bases import Base, Test

_COMPARE = {
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    "==": lambda a, b: a == b,
}


def fired(base: Base, case: dict[str, Any]) -> set[str]:
    """The rules that fire on a case."""
    ranks: dict[str, int] = {}
    found = set()
    for rule in base.rules:
        blocked = any(ranks.get(name, -1) >= rank for name, rank in rule.unless)
        if not blocked and holds(rule.when, case, ranks):
            found.add(rule.id)
            for name, rank in rule.then:
                ranks[name] = max(rank, ranks.get(name, -1))
    return found


def holds(test: Test, case: dict[str, Any], ranks: dict[str, int]) -> bool:
    """Whether a condition holds."""
    kind = test[0]
    if kind in ("all", "any", "at_least"):
        count = sum(holds(member, case, ranks) for member in test[-1])
        needed = {"all": len(test[-1]), "any": 1}.get(kind, test[1])
        return bool(count >= needed)
    if kind in ("derived", "not_derived"):
        return bool(ranks.get(test[1], -1) >= test[2]) is (kind == "derived")
    return atom(test, case)


def atom(test: Test, case: dict[str, Any]) -> bool:
    """Whether one test of a finding holds."""
    kind, name = test[0], test[1]
    value = case.get(name)
    if kind == "number":
        return value is not None and bool(_COMPARE[test[2]](value, test[3]))
    if kind == "choice":
        return value in test[2]
    answers = {"present": value is True, "absent": value is False, "unknown": value is None, "known": value is not None}
    return answers[kind]
