"""Condition as written -> condition resolved: ids checked, sides expanded, parameters filled in.

In: plain YAML and the declared names. Out: frozen conditions; every mistake becomes a problem and a placeholder, so that
all are found.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from .conditions import (
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
from .errors import Problem, nearest
from .items import SIDES, Side
from .language import Conclusion, Finding, Parameter

NOTHING = All(of=())
"""Placeholder for a condition that could not be resolved; loading has already failed when it stands."""

Path = tuple[str | int, ...]
COMPARISONS = ("over", "at_least", "under", "at_most", "exactly")


@dataclass(frozen=True)
class Names:
    """What may be referred to: unsided findings and conclusions as declared, and parameters."""

    findings: Mapping[str, Finding]
    conclusions: Mapping[str, Conclusion]
    parameters: Mapping[str, Parameter]


@dataclass(frozen=True)
class Resolver:
    """Resolves the conditions of one rule, for one side where it has one."""

    names: Names
    side: Side | None
    item: str
    file: str
    line: Callable[[Path], int]
    problems: list[Problem]

    def refuse(self, path: Path, what: str, why: str, fix: str, code: str) -> Condition:
        """Record a problem and stand in a placeholder."""
        self.problems.append(Problem(self.file, self.line(path), self.item, what, why, fix, code))
        return NOTHING

    def condition(self, raw: Any, path: Path) -> Condition:
        """One condition of any form."""
        if isinstance(raw, str):
            return self.bare(raw, path)
        if not isinstance(raw, dict) or not raw or not all(isinstance(key, str) for key in raw):
            return self.refuse(path, "not a condition", "it has no meaning", "write an id or one of the forms", "K007")
        keys = set(raw)
        if keys == {"at_least", "of"}:
            return self.at_least(raw, path)
        if keys == {"later", "than"}:
            return self.later(raw, path)
        if len(keys) > 1:
            fix = "write one test in each condition and combine them with all, any or at_least"
            return self.refuse(path, f"several tests in one condition: {', '.join(sorted(keys))}", "unclear", fix, "K007")
        ((key, value),) = raw.items()
        if key in {"all", "any"}:
            of = self.members(value, (*path, key))
            return All(of=of) if key == "all" else AnyOf(of=of)
        if key == "earlier":
            return self.earlier(value, (*path, key))
        if key == "not" and isinstance(value, dict) and set(value) == {"earlier"}:
            return self.opposite_of_earlier(value["earlier"], (*path, key, "earlier"))
        if key in {"not", "unknown", "known"}:
            return self.recorded(key, value, path)
        if key in {"either", "both"}:
            return self.across(key, value, path)
        return self.test(key, value, path)

    def members(self, raw: Any, path: Path) -> tuple[Condition, ...]:
        """The members of a branch; a duplicate is a mistake."""
        if not isinstance(raw, list) or not raw:
            self.refuse(path, "no list of conditions", "it has no meaning", "list at least one condition", "K007")
            return ()
        found = tuple(self.condition(member, (*path, number)) for number, member in enumerate(raw))
        for number, member in enumerate(found):
            if member in found[:number] and member != NOTHING:
                why = "it would be counted twice"
                self.refuse((*path, number), "the same condition twice in one list", why, "keep one of them", "K008")
        return found

    def at_least(self, raw: dict[str, Any], path: Path) -> Condition:
        """A count over members."""
        members = self.members(raw["of"], (*path, "of"))
        k, parameter = self.number(raw["at_least"], (*path, "at_least"))
        if k is None and parameter:
            return NOTHING
        if not isinstance(k, int) or isinstance(k, bool) or not 1 <= k <= max(len(members), 1):
            what = f"at_least {k} of {len(members)}"
            why, fix = "it can never hold, or always does", f"choose a whole number from 1 to {len(members)}"
            return self.refuse((*path, "at_least"), what, why, fix, "K008")
        return AtLeast(k=k, of=members, parameter=parameter)

    def number(self, raw: Any, path: Path) -> tuple[Any, str | None]:
        """A literal number, or the value of `$parameter` with its name; a name without a value after a problem."""
        if isinstance(raw, str) and raw.startswith("$"):
            parameter = self.names.parameters.get(raw[1:])
            if parameter is None:
                fix = nearest(raw[1:], self.names.parameters)
                self.refuse(path, f"unknown parameter {raw[:60]}", "there is no number to compare with", fix, "K004")
                return None, raw
            return parameter.value, parameter.id
        return raw, None

    def bare(self, name: str, path: Path) -> Condition:
        """A bare id: a finding that is present, or a conclusion at any grade."""
        finding, conclusion, sided = self.look_up(name, path)
        if finding is not None:
            if finding.type != "yes_no":
                fix = f"write {{{name}: ...}} with a test, or {{known: {name}}}"
                return self.refuse(path, f"{name} is a {finding.type}, not a yes/no", "it is never 'present'", fix, "K007")
            return Present(finding=sided)
        if conclusion is not None:
            return Derived(conclusion=sided, grade=conclusion.grades[0])
        return NOTHING

    def look_up(self, name: Any, path: Path) -> tuple[Finding | None, Conclusion | None, str]:
        """The declared item behind an id, and the id with its side; a problem is recorded when there is none."""
        base, _, side = str(name).partition(".")
        item = self.names.findings.get(base) or self.names.conclusions.get(base)
        if item is None:
            known = (*self.names.findings, *self.names.conclusions)
            why = "a test of it would never hold, silently"
            self.refuse(path, f"unknown id {str(name)[:80]}", why, nearest(base, known), "K004")
            return None, None, ""
        sided = self.sided(base, side, item.per is not None, path)
        if not sided:
            return None, None, ""
        return (item, None, sided) if isinstance(item, Finding) else (None, item, sided)

    def sided(self, base: str, side: str, has_sides: bool, path: Path) -> str:
        """The id with the side it means here; empty after a problem."""
        if not has_sides and not side:
            return base
        if has_sides and (side in SIDES or (not side and self.side)):
            return f"{base}.{side or self.side}"
        what = f"{base} has sides" if has_sides else f"{base} has no sides"
        fix = f"write {base}.left, {base}.right, either or both, or make the rule 'for: side'" if has_sides else "drop it"
        self.refuse(path, what, "it is unclear which side is meant", fix, "K016")
        return ""

    def recorded(self, key: str, name: Any, path: Path) -> Condition:
        """`not`, `unknown` and `known`: only of findings."""
        finding, conclusion, sided = self.look_up(name, path)
        if conclusion is not None:
            why, fix = "a conclusion that was not derived is not known to be false", f"write unless: [{name}]"
            return self.refuse(path, f"{key} of the conclusion {name}", why, fix, "K007")
        if finding is None:
            return NOTHING
        if key == "unknown":
            return Unknown(finding=sided)
        if key == "known":
            return Known(finding=sided)
        if finding.type != "yes_no":
            fix = f"test its value, for example {{{name}: ...}}"
            return self.refuse(path, f"not of {name}, a {finding.type}", "it is never 'absent'", fix, "K007")
        return Absent(finding=sided)

    def across(self, key: str, name: Any, path: Path) -> Condition:
        """`either` and `both` sides of a sided id."""
        item = self.names.findings.get(str(name)) or self.names.conclusions.get(str(name))
        if item is None or item.per is None:
            fix = "name a finding or conclusion that is declared 'per: side'"
            return self.refuse(path, f"{key}: {str(name)[:80]} has no sides", "there is nothing to combine", fix, "K016")
        members = tuple(self.bare(f"{name}.{side}", path) for side in SIDES)
        return AnyOf(of=members) if key == "either" else All(of=members)

    def later(self, raw: dict[str, Any], path: Path) -> Condition:
        """A work-up later than symptoms."""
        than = raw["than"] if isinstance(raw["than"], list) else [raw["than"]]
        if not than:
            return self.refuse((*path, "than"), "later than nothing", "it has no meaning", "list the symptoms", "K007")
        work_up, sided = self.answered(raw["later"], (*path, "later"))
        symptoms = [self.symptom(item, (*path, "than", number)) for number, item in enumerate(than)]
        if work_up is None or None in symptoms:
            return NOTHING
        if work_up.type != "yes_no":
            return self.refuse(path, f"{work_up.id} is not a yes/no", "it cannot be negative", "name a yes/no", "K007")
        return Later(finding=sided, than=tuple(symptom for symptom in symptoms if symptom is not None))

    def symptom(self, raw: Any, path: Path) -> Present | Known | NumberTest | ChoiceTest | None:
        """What a work-up has to come after: a yes, any value of a bare id, or a value that passes a test."""
        if isinstance(raw, dict) and len(raw) == 1:
            test = self.condition(raw, path)
            if isinstance(test, NumberTest | ChoiceTest | Known):
                return test
            if test != NOTHING:
                why, fix = "only an answer has a date", "name a finding, or test its value: {finding: ...}"
                self.refuse(path, "later than something that is no answer", why, fix, "K007")
            return None
        finding, sided = self.answered(raw, path)
        if finding is None:
            return None
        return Present(finding=sided) if finding.type == "yes_no" else Known(finding=sided)

    def earlier(self, raw: Any, path: Path) -> Condition:
        """A conclusion that was derived at an earlier moment of the case, at a grade or above."""
        name, grade = next(iter(raw.items())) if isinstance(raw, dict) and len(raw) == 1 else (raw, None)
        finding, conclusion, sided = self.look_up(name, path)
        if finding is not None:
            why, fix = "findings of earlier moments are read by later:", "name the conclusion that was derived from it"
            return self.refuse(path, f"earlier, of the finding {finding.id}", why, fix, "K007")
        if conclusion is None:
            return NOTHING
        test = self.grade(conclusion, sided, grade or conclusion.grades[0], path)
        if not isinstance(test, Derived):
            return NOTHING
        return Earlier(conclusion=sided, grades=conclusion.grades[conclusion.rank(test.grade) :])

    def opposite_of_earlier(self, raw: Any, path: Path) -> Condition:
        """A conclusion that was derived at no earlier moment."""
        test = self.earlier(raw, path)
        return NotEarlier(conclusion=test.conclusion, grades=test.grades) if isinstance(test, Earlier) else test

    def answered(self, name: Any, path: Path) -> tuple[Finding | None, str]:
        """A finding and its id with its side: a conclusion has no date."""
        finding, conclusion, sided = self.look_up(name, path)
        if conclusion is not None:
            self.refuse(path, f"later, of the conclusion {conclusion.id}", "only answers have a date", "name a finding", "K007")
        return finding, sided

    def test(self, name: str, raw: Any, path: Path) -> Condition:
        """`{id: ...}`: a grade, a number comparison or a choice."""
        finding, conclusion, sided = self.look_up(name, path)
        if conclusion is not None:
            return self.grade(conclusion, sided, raw, path)
        if finding is None:
            return NOTHING
        if finding.type == "number":
            return self.comparisons(finding, sided, raw, (*path, name))
        if finding.type == "choice":
            return self.choices(finding, sided, raw, (*path, name))
        fix = f"write {name} for present or {{not: {name}}} for absent"
        return self.refuse(path, f"{name} is a yes/no", "it has no value to compare", fix, "K007")

    def grade(self, conclusion: Conclusion, sided: str, raw: Any, path: Path) -> Condition:
        """A conclusion at a grade or above."""
        if raw not in conclusion.grades:
            fix = f"{nearest(str(raw), conclusion.grades)}; its grades are {', '.join(conclusion.grades)}"
            what = f"{conclusion.id} has no grade {str(raw)[:60]}"
            return self.refuse((*path, conclusion.id), what, "the test would never hold", fix, "K006")
        return Derived(conclusion=sided, grade=raw)

    def comparisons(self, finding: Finding, sided: str, raw: Any, path: Path) -> Condition:
        """One or two comparisons of a number."""
        if not isinstance(raw, dict) or not raw or not set(raw) <= set(COMPARISONS):
            fix = f"write {{{finding.id}: {{over: ...}}}} with one of {', '.join(COMPARISONS)}"
            return self.refuse(path, f"{finding.id} is a number", "it has to be compared", fix, "K007")
        tests = tuple(self.comparison(finding, sided, key, raw[key], (*path, key)) for key in raw)
        return tests[0] if len(tests) == 1 else All(of=tests)

    def comparison(self, finding: Finding, sided: str, key: Any, raw: Any, path: Path) -> Condition:
        """One comparison, its bound inside the range of the finding."""
        value, parameter = self.number(raw, path)
        if value is None and parameter:
            return NOTHING
        if not isinstance(value, int | float) or isinstance(value, bool):
            return self.refuse(path, "no number to compare with", "the test has no meaning", "write a number", "K007")
        low, high = finding.range or (value, value)
        if not low <= value <= high:
            what = f"{finding.id} {key} {value}, but its range is {low} to {high}"
            return self.refuse(path, what, "the test always holds or never does", "correct one of them", "K009")
        if parameter and (unit := self.names.parameters[parameter].unit) != finding.unit:
            what = f"{finding.id} is in {finding.unit}, ${parameter} in {unit}"
            return self.refuse(path, what, "the comparison would be wrong", "use one unit for both", "K009")
        return NumberTest(finding=sided, comparison=key, value=value, parameter=parameter)

    def choices(self, finding: Finding, sided: str, raw: Any, path: Path) -> Condition:
        """One of some choices, or none of them."""
        none_of = isinstance(raw, dict) and set(raw) == {"none_of"}
        named = raw["none_of"] if none_of else raw
        named = named if isinstance(named, list) else [named]
        for choice in named:
            if choice not in finding.choices:
                fix = f"{nearest(str(choice), finding.choices)}; its choices are {', '.join(finding.choices)}"
                what = f"{finding.id} has no choice {str(choice)[:60]}"
                return self.refuse(path, what, "the test would never hold", fix, "K019")
        chosen = tuple(choice for choice in finding.choices if (choice in named) is not none_of)
        if not chosen:
            return self.refuse(path, f"{finding.id} is tested for no choice", "it never holds", "name at least one", "K007")
        return ChoiceTest(finding=sided, choices=chosen)

    def unless(self, raw: Iterable[Any], path: Path) -> tuple[NotDerived, ...]:
        """The items of an `unless`: conclusions only."""
        found = []
        for number, item in enumerate(raw):
            here = (*path, number)
            if isinstance(item, dict) and len(item) > 1:
                why, fix = "it is unclear whether one or all of them block", "write one conclusion in each item"
                self.refuse(here, f"several conclusions in one item: {', '.join(sorted(item))}", why, fix, "K007")
                continue
            name, grade = next(iter(item.items())) if isinstance(item, dict) and item else (item, None)
            finding, conclusion, sided = self.look_up(name, here)
            if finding is not None:
                why, fix = "an unknown finding would count as absent", f"write {{not: {name}}} in when"
                self.refuse(here, f"unless of the finding {name}", why, fix, "K007")
            elif conclusion is not None:
                test = self.grade(conclusion, sided, grade or conclusion.grades[0], here)
                if isinstance(test, Derived):
                    found.append(NotDerived(conclusion=test.conclusion, grade=test.grade))
        return tuple(found)
