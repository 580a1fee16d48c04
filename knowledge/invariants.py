"""Invariants as written -> what a counterexample would fulfil: conditions with every negation pushed to the tests.

In: `InvariantItem` and a resolver. Out: `Invariant`. Beside the forms of rules an invariant may say `{kind: exercise}`,
`{actionable: yes}`, `{any_conclusion: yes}`, `{exactly: 1, of: [...]}` and `{not: ...}` of a conclusion or of a whole
condition. `{not: finding}` means known absent, as everywhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from .claims import Invariant, InvariantItem
from .conditions import (
    OPPOSITE,
    Absent,
    All,
    AnyOf,
    AtLeast,
    ChoiceTest,
    Condition,
    Derived,
    Earlier,
    Known,
    Later,
    NotDerived,
    NotEarlier,
    NumberTest,
    Present,
    Unknown,
)
from .errors import nearest
from .items import SIDES
from .language import Conclusion, Finding, Kind
from .resolve import NOTHING, Path, Resolver

FORMS = ("never", "always", "whenever", "never_together", "changing", "unknown_only_for", "reachable")


class NoNegationError(Exception):
    """A test that has no opposite in the language."""


def negated(condition: Condition, findings: Mapping[str, Finding]) -> Condition:
    """The condition that holds exactly when `condition` does not.

    Raises:
        NoNegationError: it rests on a `later` test, which has no opposite.

    >>> negated(Absent(finding="fever"), {})
    AnyOf(test='any', of=(Present(test='present', finding='fever'), Unknown(test='unknown', finding='fever')))
    """
    match condition:
        case All(of=members):
            return _joined(AnyOf, tuple(negated(member, findings) for member in members))
        case AnyOf(of=members):
            return _joined(All, tuple(negated(member, findings) for member in members))
        case AtLeast(k=k, of=members):
            return AtLeast(k=len(members) - k + 1, of=tuple(negated(member, findings) for member in members))
        case Derived(conclusion=name, grade=grade):
            return NotDerived(conclusion=name, grade=grade)
        case NotDerived(conclusion=name, grade=grade):
            return Derived(conclusion=name, grade=grade)
        case Earlier(conclusion=name, grades=grades):
            return NotEarlier(conclusion=name, grades=grades)
        case NotEarlier(conclusion=name, grades=grades):
            return Earlier(conclusion=name, grades=grades)
        case Later():
            raise NoNegationError
        case _:
            opposites = _opposites(condition, findings)
            return opposites[0] if len(opposites) == 1 else AnyOf(of=opposites)


def _joined(branch: type[All] | type[AnyOf], members: tuple[Condition, ...]) -> Condition:
    unique = tuple(dict.fromkeys(members))
    return unique[0] if len(unique) == 1 else branch(of=unique)


def _opposites(
    test: Present | Absent | Unknown | Known | NumberTest | ChoiceTest, findings: Mapping[str, Finding]
) -> tuple[Condition, ...]:
    unknown = Unknown(finding=test.finding)
    match test:
        case Unknown(finding=name):
            return (Known(finding=name),)
        case Known():
            return (unknown,)
        case Present(finding=name):
            return (Absent(finding=name), unknown)
        case Absent(finding=name):
            return (Present(finding=name), unknown)
        case NumberTest():
            return (*(test.model_copy(update={"comparison": key}) for key in OPPOSITE[test.comparison]), unknown)
        case ChoiceTest(finding=name, choices=choices):
            others = tuple(choice for choice in findings[name.partition(".")[0]].choices if choice not in choices)
            return (ChoiceTest(finding=name, choices=others), unknown) if others else (unknown,)


@dataclass(frozen=True)
class ClaimResolver(Resolver):
    """Resolves the conditions of an invariant: those of rules, and those about kinds and what does not hold."""

    kinds: Mapping[str, Kind] = field(default_factory=dict)

    def condition(self, raw: Any, path: Path) -> Condition:
        """One condition of any form, the forms of invariants first."""
        keys = set(raw) if isinstance(raw, dict) else set()
        if keys == {"exactly", "of"}:
            return self.exactly(raw, path)
        if keys == {"not"} and not isinstance(raw["not"], str):
            return self.opposite(raw["not"], (*path, "not"))
        if keys == {"not"} and raw["not"].partition(".")[0] in self.names.conclusions:
            return self.opposite(raw["not"], (*path, "not"))
        if keys and keys <= {"kind", "grade"} and "kind" in keys:
            named = raw["kind"] if isinstance(raw["kind"], list) else [raw["kind"]]
            return self.of_kinds(named, raw.get("grade"), path)
        if keys == {"actionable"}:
            return self.of_kinds([name for name, kind in self.kinds.items() if kind.actionable], None, path)
        if keys == {"any_conclusion"}:
            return self.of_kinds(list(self.kinds), None, path)
        return super().condition(raw, path)

    def mistaken(self, path: Path, what: str, why: str, fix: str, code: str) -> Condition:
        """Record a problem and stand in a placeholder."""
        self.refuse(path, what, why, fix, code)
        return NOTHING

    def opposite(self, raw: Any, path: Path) -> Condition:
        """The negation of a condition."""
        try:
            return negated(self.condition(raw, path), self.names.findings)
        except NoNegationError:
            fix = "name the conclusion that rests on it"
            return self.mistaken(path, "not of a later test", "it depends on dates that are not stated", fix, "K007")

    def exactly(self, raw: dict[str, Any], path: Path) -> Condition:
        """Exactly `k` members hold."""
        enough = self.at_least({"at_least": raw["exactly"], "of": raw["of"]}, path)
        if not isinstance(enough, AtLeast) or enough.k == len(enough.of):
            return enough
        too_many = AtLeast(k=enough.k + 1, of=enough.of)
        return All(of=(enough, negated(too_many, self.names.findings)))

    def of_kinds(self, kinds: Iterable[str], grade: str | None, path: Path) -> Condition:
        """Some conclusion of these kinds was derived, at `grade` or above where it is given."""
        kinds = list(kinds)
        for name in kinds:
            if name not in self.kinds:
                fix = nearest(str(name), self.kinds)
                return self.mistaken(path, f"unknown kind {str(name)[:60]}", "it would never hold, silently", fix, "K004")
        chosen = (item for item in self.names.conclusions.values() if item.kind in kinds)
        found = tuple(test for item in chosen for test in _derived(item, grade))
        if not found:
            what, fix = "no conclusion of this kind and grade", "correct the kind or grade"
            return self.mistaken(path, what, "it would never hold", fix, "K008")
        return found[0] if len(found) == 1 else AnyOf(of=found)


def _derived(item: Conclusion, grade: str | None) -> Iterator[Derived]:
    if grade is not None and grade not in item.grades:
        return
    for name in [f"{item.id}.{side}" for side in SIDES] if item.per else [item.id]:
        yield Derived(conclusion=name, grade=grade or item.grades[0])


def resolve_invariant(item: InvariantItem, resolver: Resolver, kinds: Mapping[str, Kind]) -> Iterator[Invariant]:
    """The invariant that an item states; none after a mistake."""
    claims = ClaimResolver(resolver.names, None, resolver.item, resolver.file, resolver.line, resolver.problems, kinds)
    given = [name for name in FORMS if getattr(item, name) not in (None, ())]
    guarded = bool(item.never_lowers or item.never_raises)
    complete = (item.whenever is None) == (item.then is None) and (item.changing is None) is not guarded
    if len(given) != 1 or not complete:
        fix = f"write one of {', '.join(FORMS)}; whenever needs then, changing needs never_lowers or never_raises"
        claims.refuse((), "not one form", "it is unclear what is claimed", fix, "K007")
        return
    place = {key: getattr(item, key) for key in ("id", "says", "because", "pack", "file", "line")}
    if given[0] == "changing":
        yield from _changes(item, claims, place)
    elif given[0] == "unknown_only_for":
        yield Invariant(form="unknown_only_for", kinds=_known_kinds(item, claims), **place)
    elif given[0] == "reachable":
        yield Invariant(form="reachable", reachable=item.reachable, **place)
    else:
        yield Invariant(form="never", violation=_violation(item, claims), **place)


def _violation(item: InvariantItem, claims: ClaimResolver) -> Condition:
    if item.never is not None:
        return claims.condition(item.never, ("never",))
    if item.always is not None:
        return claims.opposite(item.always, ("always",))
    if item.never_together is not None:
        members = claims.members(item.never_together, ("never_together",))
        if len(members) > 1:
            return AtLeast(k=2, of=members)
        return claims.mistaken(("never_together",), "fewer than two", "nothing is claimed", "list two or more", "K007")
    return All(of=(claims.condition(item.whenever, ("whenever",)), claims.opposite(item.then, ("then",))))


def _known_kinds(item: InvariantItem, claims: ClaimResolver) -> tuple[str, ...]:
    for name in (name for name in item.unknown_only_for if name not in claims.kinds):
        fix = nearest(name, claims.kinds)
        claims.refuse(("unknown_only_for",), f"unknown kind {name}", "it allows nothing", fix, "K004")
    return item.unknown_only_for


def _changes(item: InvariantItem, claims: ClaimResolver, place: dict[str, Any]) -> Iterator[Invariant]:
    assert item.changing
    path: Path = ("changing",)
    named = _sided(item.changing.findings, claims, path)
    excluded = _sided(item.changing.not_these, claims, path)
    if item.changing.pack:
        owned = [found for found in claims.names.findings.values() if found.pack == item.changing.pack]
        wanted = [found.id for found in owned if found.type == "yes_no" or item.changing.after == "anything"]
        named += _sided(wanted, claims, path)
    findings = tuple(name for name in dict.fromkeys(named) if name not in excluded)
    if not findings:
        fix = "name findings, or a pack that owns some"
        claims.refuse(path, "no finding changes", "nothing is claimed", fix, "K007")
    change = item.changing.model_copy(update={"findings": findings, "not_these": (), "pack": None})
    for key, direction in (("never_lowers", "lowers"), ("never_raises", "raises")):
        names: tuple[str, ...] = getattr(item, key)
        guarded = tuple(sided for name in names for sided in _conclusions(name, claims, (key,)))
        if guarded:
            yield Invariant(form="change", change=change, guarded=guarded, direction=direction, **place)


def _sided(names: Iterable[str], claims: ClaimResolver, path: Path) -> list[str]:
    found: list[str] = []
    for name in names:
        item = claims.names.findings.get(name.partition(".")[0])
        if item is None:
            fix = nearest(name, claims.names.findings)
            claims.refuse(path, f"unknown finding {name}", "nothing changes", fix, "K004")
        elif item.per and "." not in name:
            found += [f"{name}.{side}" for side in SIDES]
        else:
            found.append(name)
    return found


def _conclusions(name: str, claims: ClaimResolver, path: Path) -> tuple[str, ...]:
    item = claims.names.conclusions.get(name.partition(".")[0])
    if item is None:
        fix = nearest(name, claims.names.conclusions)
        claims.refuse(path, f"unknown conclusion {name}", "nothing is guarded", fix, "K004")
        return ()
    return tuple(f"{name}.{side}" for side in SIDES) if item.per and "." not in name else (name,)
