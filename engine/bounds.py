"""Sound bounds over the unknowns: what holds whatever else is answered, and what may still come to hold.

In: a compiled program and a case. Out: `Bounds`. The program runs once on (must, may) pairs of planes; tests of one
finding are taken as independent, so that the bounds may be wider than the truth, never narrower.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..knowledge.conditions import Atom, Earlier, Later, NotEarlier
from .atoms import decide, is_later
from .bitplane import Bitplane
from .case import Case


@dataclass(frozen=True, slots=True)
class Pair:
    """Planes of any kind: `must` holds in every completion, `may` in some; `^` is only for complement against `one`.

    >>> one = Pair(1, 1)
    >>> Pair(0, 1) & one, Pair(1, 1) ^ one
    (Pair(must=0, may=1), Pair(must=0, may=0))
    """

    must: Any
    may: Any

    def __and__(self, other: Pair) -> Pair:
        return Pair(self.must & other.must, self.may & other.may)

    def __or__(self, other: Pair) -> Pair:
        return Pair(self.must | other.must, self.may | other.may)

    def __xor__(self, one: Pair) -> Pair:
        return Pair(self.may ^ one.may, self.must ^ one.must)


NEVER, OPEN, ALWAYS = Pair(0, 0), Pair(0, 1), Pair(1, 1)


@dataclass(frozen=True)
class Bounds:
    """Rules that fire whatever else is answered, rules that may yet fire, and the least and greatest grade per conclusion.

    A conclusion that is not in `least` may stay underived, one that is not in `greatest` can no longer be derived.
    """

    must_fire: frozenset[str]
    may_fire: frozenset[str]
    least: Mapping[str, str]
    greatest: Mapping[str, str]


def bounds_of(bitplane: Bitplane, case: Case, answerable: Iterable[str] | None = None) -> Bounds:
    """The bounds of a case while any of its unknown findings may be answered, in any way, or stay unknown.

    `answerable` names the findings that may still be answered; by default all that the case leaves unknown.
    """
    read = frozenset(answerable) if answerable is not None else None
    results = bitplane.run([atom_bounds(atom, case, read) for atom in bitplane.program.atoms], ALWAYS)
    fires = list(zip((rule.id for rule in bitplane.program.rules), results.rules, strict=True))
    grades = list(zip(bitplane.grade_keys, results.grades, strict=True))
    return Bounds(
        must_fire=frozenset(rule for rule, pair in fires if pair.must),
        may_fire=frozenset(rule for rule, pair in fires if pair.may),
        least={conclusion: grade for (conclusion, grade), pair in grades if pair.must},
        greatest={conclusion: grade for (conclusion, grade), pair in grades if pair.may},
    )


def atom_bounds(atom: Atom, case: Case, answerable: frozenset[str] | None = None) -> Pair:
    """Whether one test must and may hold, given what may still be answered; no answer changes an earlier moment."""
    if isinstance(atom, Later):
        return _later_bounds(atom, case, answerable)
    if not isinstance(atom, Earlier | NotEarlier) and _is_open(atom.finding, case, answerable):
        return OPEN
    return ALWAYS if decide(atom, case) else NEVER


def _later_bounds(atom: Later, case: Case, answerable: frozenset[str] | None) -> Pair:
    """A symptom answered later can only break what holds now; an open work-up can still make it hold."""
    if _is_open(atom.finding, case, answerable):
        return OPEN
    if not is_later(atom, case):
        return NEVER
    return OPEN if any(_is_open(symptom.finding, case, answerable) for symptom in atom.than) else ALWAYS


def _is_open(finding: str, case: Case, answerable: frozenset[str] | None) -> bool:
    return finding not in case.values and (answerable is None or finding in answerable)
