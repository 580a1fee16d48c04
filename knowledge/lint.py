"""Diagnostics of knowledge that loads: what can never matter, what says the same twice, what is not accounted for.

In: `KnowledgeBase`, and a day where dates are judged. Out: problems, without those that a pack accepts in `accepted.yaml`.
The passes stand in `LINTS`. Each follows whole chains of rules and reports only what is certain.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from .conditions import BRANCHES, AtLeast, Condition, NumberTest, findings_of, leaves, value_tests
from .errors import Problem
from .items import Item
from .language import KnowledgeBase, Rule
from .lint_words import WORD_LINTS
from .possible import Needs, Possible, exclude
from .sources import unsupported_counts, unsupported_parameters
from .words import PLACEHOLDER


@dataclass(frozen=True)
class Lint:
    """One knowledge base under examination, as of a day where one is given."""

    knowledge: KnowledgeBase
    as_of: date | None = None

    @cached_property
    def possible(self) -> Possible:
        """What conditions need."""
        return Possible(self.knowledge)

    @cached_property
    def written(self) -> tuple[Rule, ...]:
        """Rules that an author wrote, one of each pair of sides; what a screen generates is not judged."""
        return tuple(rule for rule in self.knowledge.rules if rule.side != "right" and rule.id not in self.knowledge.generated)


def lint(knowledge: KnowledgeBase, as_of: date | None = None, after_each: Callable[[], None] = lambda: None) -> list[Problem]:
    """Every diagnostic that no pack accepts, and every acceptance of something that is not there.

    `after_each` is called when one of `LINTS` is done.
    """
    run = Lint(knowledge, as_of)
    found: list[Problem] = []
    for check in LINTS:
        found += check(run)
        after_each()
    found += [problem for check in WORD_LINTS for problem in check(knowledge)]
    accepted = {(item.code, item.item): item for item in knowledge.accepted}
    kept = [problem for problem in found if (problem.code, problem.item) not in accepted]
    present = {(problem.code, problem.item) for problem in found}
    for key, item in accepted.items():
        if key not in present and (as_of or item.code not in DATED):
            kept.append(
                _at(
                    item,
                    f"accepted {item.code} {item.item}",
                    "it does not occur",
                    "an exception outlives its cause",
                    "remove it",
                    "K038",
                )
            )
    return sorted(set(kept))


def _at(item: Item, title: str, what: str, why: str, fix: str, code: str) -> Problem:
    return Problem(item.file, item.line, title, what, why, fix, code)


def _title(rule: Rule) -> str:
    return f"rule {rule.id.partition('.')[0]}"


def lint_firing(run: Lint) -> Iterator[Problem]:
    """K022: rules that can never fire."""
    for rule in run.written:
        if run.possible.rules[rule.id] is None:
            what = "it can never fire: what it needs excludes itself, is never concluded, or is blocked by what blocks the rule"
            yield _at(rule, _title(rule), what, "the author's intention is silently lost", "correct when or unless", "K022")


def lint_reached(run: Lint) -> Iterator[Problem]:
    """K023: conclusions that no rule reaches. K024: grades that no rule gives."""
    for item in (item for item in run.knowledge.declared if item.side != "right"):
        rules = [rule for rule in run.knowledge.rules_for[item.id] if run.possible.rules[rule.id] is not None]
        if not rules:
            yield _at(item, f"conclusion {item.base}", "nothing reaches it", "whatever reads it waits for ever",
                      "write a rule for it, or remove it", "K023")  # fmt: skip
            continue
        given = {part.grade for rule in rules for part in rule.then if part.conclusion == item.id}
        for grade in (grade for grade in item.grades if grade not in given):
            yield _at(item, f"conclusion {item.base}", f"no rule gives the grade {grade}",
                      "its words are never shown", "give it, or remove the grade", "K024")  # fmt: skip


def lint_read(run: Lint) -> Iterator[Problem]:
    """K025: findings that nothing reads."""
    read = {name for rule in run.knowledge.rules for leaf in leaves(rule.when) for name in findings_of(leaf)}
    read |= {name for screen in run.knowledge.screens for name in screen.ask}
    bases = {name.partition(".")[0] for name in read}
    for item in (item for item in run.knowledge.findings if item.side != "right" and item.base not in bases):
        yield _at(item, f"finding {item.base}", "no rule and no screen reads it", "it is asked for nothing",
                  "use it, or remove it", "K025")  # fmt: skip


def lint_conditions(run: Lint) -> Iterator[Problem]:
    """K026: conditions that always hold. K027: parts that never can. K028: members that add nothing."""
    for rule in run.written:
        if run.possible.rules[rule.id] is None:
            continue
        if run.possible.always(rule.when):
            yield _at(rule, _title(rule), "its condition always holds", "it says nothing about the patient",
                      "test something, or correct a bound", "K026")  # fmt: skip
        for part in _parts(rule.when):
            yield from _part_problems(run, rule, part)


def _parts(condition: Condition) -> Iterator[Condition]:
    if isinstance(condition, BRANCHES):
        yield condition
        for member in condition.of:
            yield from _parts(member)


def _part_problems(run: Lint, rule: Rule, part: Condition) -> Iterator[Problem]:
    assert isinstance(part, BRANCHES)
    needs = [run.possible.of(member) for member in part.of]
    failing = [run.possible.failing(member) for member in part.of]
    needless = _needless(run, part, needs, failing)
    for number, (need, fails) in enumerate(zip(needs, failing, strict=True), 1):
        if need is None:
            yield _at(rule, _title(rule), f"member {number} of its {part.test} can never hold",
                      "the list is shorter than it looks", "correct or remove the member", "K027")  # fmt: skip
        elif len(part.of) > 1 and fails is None:
            yield _at(rule, _title(rule), f"member {number} of its {part.test} always holds",
                      "it decides nothing", "correct or remove the member", "K026")  # fmt: skip
        elif number in needless:
            yield _at(rule, _title(rule), f"member {number} of its {part.test} adds nothing to the others",
                      "a reader takes it for a test", "remove it, or correct a bound", "K028")  # fmt: skip


def _needless(run: Lint, part: Condition, needs: Sequence[Needs | None], failing: Sequence[Needs | None]) -> set[int]:
    """The members of `all` that the others imply, and those of `any` that imply one of the others, counted from 1."""
    places = range(len(needs))
    if part.test == "all":
        return {at + 1 for at in places if len(needs) > 1 and _excluded(run, [*needs[:at], *needs[at + 1 :], failing[at]])}
    if part.test == "any":
        return {at + 1 for at in places if any(exclude(needs[at], failing[other]) for other in places if other != at)}
    return set()


def _excluded(run: Lint, several: Sequence[Needs | None]) -> bool:
    possible = [needs for needs in several if needs is not None]
    return len(possible) < len(several) or run.possible.meet(possible) is None


def lint_pairs(run: Lint) -> Iterator[Problem]:
    """K029: rules that are written twice. K030: rules that another one covers. K031: a weaker grade that never decides."""
    seen: dict[tuple[object, ...], Rule] = {}
    for rule in run.written:
        key = (rule.when, frozenset(rule.blockers), frozenset(rule.then))
        if key in seen:
            other = seen[key]
            yield _at(rule, _title(rule), f"the same as {other.id} at {other.file}:{other.line}",
                      "one may be changed and the other forgotten", "keep one of them", "K029")  # fmt: skip
        seen.setdefault(key, rule)
    for rule, other in meeting(run, list(seen.values())):
        yield from _covered(run, rule, other)


def meeting(run: Lint, rules: Sequence[Rule]) -> Iterator[tuple[Rule, Rule]]:
    """Rules for one conclusion, the second of which fires whenever the conditions of the first hold.

    That is so where both have one condition, or where the first needs of some finding or conclusion what the failing of the
    second excludes; so only rules that share such a need are compared.
    """
    alike: dict[tuple[object, str], list[Rule]] = {}
    needing: dict[tuple[str, str], list[Rule]] = {}
    for rule in (rule for rule in rules if run.possible.rules[rule.id] is not None):
        for part in rule.then:
            alike.setdefault((rule.when, part.conclusion), []).append(rule)
            for key in ("", *(run.possible.rules[rule.id] or ())):
                needing.setdefault((key, part.conclusion), []).append(rule)
    for other in rules:
        failing = run.possible.failing(other.when)
        for part in other.then:
            keys = ("",) if failing is None else failing.keys()
            near = (rule for key in keys for rule in needing.get((key, part.conclusion), ()))
            met = [rule for rule in near if exclude(run.possible.rules[rule.id], failing)]
            same = alike.get((other.when, part.conclusion), ())
            yield from ((rule, other) for rule in {rule.id: rule for rule in (*same, *met)}.values() if rule.id != other.id)


def _covered(run: Lint, rule: Rule, other: Rule) -> Iterator[Problem]:
    """Whether `other`, which is met whenever `rule` is, gives all that it gives, as strongly or more."""
    if not set(other.blockers) <= set(rule.blockers):
        return
    given = {part.conclusion: part.grade for part in other.then}
    ranks = [(run.knowledge.conclusion_by_id[part.conclusion], part) for part in rule.then]
    if not all(part.conclusion in given and item.rank(given[part.conclusion]) >= item.rank(part.grade) for item, part in ranks):
        return
    stronger = any(item.rank(given[part.conclusion]) > item.rank(part.grade) for item, part in ranks)
    what = f"{other.id} at {other.file}:{other.line} fires whenever it does"
    if stronger:
        yield _at(rule, _title(rule), f"{what} and gives a higher grade", "its own grade never decides",
                  "narrow one of the two, or remove it", "K031")  # fmt: skip
    else:
        yield _at(rule, _title(rule), f"{what} and gives as much", "it changes no answer",
                  "remove it, or narrow the other", "K030")  # fmt: skip


def lint_parameters(run: Lint) -> Iterator[Problem]:
    """K034: parameters that nothing uses."""
    used = {test.parameter for rule in run.knowledge.rules for test in value_tests(rule.when) if isinstance(test, NumberTest)}
    used |= {part.parameter for rule in run.knowledge.rules for part in _parts(rule.when) if isinstance(part, AtLeast)}
    used |= set(_spoken(run.knowledge))
    aged = [item.good_for for item in run.knowledge.findings] + [item.good_for for item in run.knowledge.screens]
    used |= {days[1:] for days in aged if isinstance(days, str)}
    for item in (item for item in run.knowledge.parameters if item.id not in used):
        yield _at(item, f"parameter {item.id}", "nothing uses it", "changing it changes nothing", "use it, or remove it", "K034")


def _spoken(knowledge: KnowledgeBase) -> Iterator[str]:
    """The parameters whose values stand in sentences."""
    for item in (*knowledge.wording, *knowledge.rules, *knowledge.constraints, *knowledge.differences, *knowledge.estimates):
        yield from PLACEHOLDER.findall(item.model_dump_json())


def lint_interpretation(run: Lint) -> Iterator[Problem]:
    """K033: a threshold or count that is not in the source and not explained."""
    for item in unsupported_parameters(run.knowledge):
        what = f"the value {item.value} is in none of its sources and has no interpretation"
        yield _at(item, f"parameter {item.id}", what, "a reader takes it for published", "add interpretation:", "K033")
    for rule, k in unsupported_counts(run.knowledge, run.written):
        what = f"the count {k} is in none of its sources and has no interpretation"
        yield _at(rule, _title(rule), what, "a reader takes it for published", "add interpretation:, or a parameter", "K033")


def lint_references(run: Lint) -> Iterator[Problem]:
    """K032: references and parameters due for review. K035: references nobody cites. K036: nothing to look up."""
    cited = set(_cited(run.knowledge))
    for item in run.knowledge.references:
        title = f"reference {item.id}"
        if run.as_of and item.review_by and item.review_by < run.as_of:
            what = f"its review was due on {item.review_by.isoformat()}"
            yield _at(item, title, what, "the evidence may have changed", "check it and set a new review_by:", "K032")
        if item.id not in cited and item.kind not in {"statement", "evidence"}:
            yield _at(item, title, "nothing cites it", "it supports no rule", "cite it, or remove it", "K035")
        if item.kind in {"paper", "guideline", "page"} and not (item.doi or item.url or item.citation):
            yield _at(
                item, title, "neither citation, doi nor url", "nobody can look it up", "add citation:, doi: or url:", "K036"
            )


def _cited(knowledge: KnowledgeBase) -> Iterator[str]:
    items: Iterable[Item] = (
        *knowledge.findings,
        *knowledge.conclusions,
        *knowledge.rules,
        *knowledge.parameters,
        *knowledge.screens,
    )
    for item in items:
        yield from item.source  # type: ignore[attr-defined]
    for reference in knowledge.references:
        yield from reference.cites
    for difference in knowledge.differences:
        yield from (*difference.says_source, *difference.published_source)
    for estimate in knowledge.estimates:
        yield from (key for variant in estimate.variants for key in variant.source)


def lint_wording(run: Lint) -> Iterator[Problem]:
    """K037: a rule read by others that nobody can tell from its title: two rules of a pack with one title."""
    seen: dict[tuple[str, str], Rule] = {}
    for rule in run.written:
        first = seen.setdefault((rule.pack, rule.title), rule)
        if first is not rule:
            yield _at(rule, _title(rule), f"the same title as {first.id} at {first.file}:{first.line}",
                      "an explanation does not say which of them fired", "give it a title of its own", "K037")  # fmt: skip


LINTS: tuple[Callable[[Lint], Iterator[Problem]], ...] = (
    lint_firing,
    lint_reached,
    lint_read,
    lint_conditions,
    lint_pairs,
    lint_parameters,
    lint_interpretation,
    lint_references,
    lint_wording,
)
DATED = frozenset({"K032"})
