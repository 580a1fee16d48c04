"""Pack folders -> one checked `KnowledgeBase`; every mistake in every file is reported at once.

In: folders. Out: `KnowledgeBase`, or one `KnowledgeError`. The passes stand in order in `load_knowledge`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any, TypeVar

from .checks import check_knowledge
from .conditions import ConclusionTest, NotDerived, leaves
from .errors import KnowledgeError, Problem, nearest
from .graph import find_cycle
from .invariants import resolve_invariant
from .language import (
    ONLY_GRADE,
    SIDES,
    Accepted,
    Card,
    Conclusion,
    Consequence,
    Constraint,
    ConstraintItem,
    Difference,
    Estimate,
    Finding,
    Invariant,
    InvariantItem,
    Item,
    Kind,
    KnowledgeBase,
    NotEncoded,
    Pack,
    PackCase,
    Parameter,
    Reference,
    Rule,
    RuleItem,
    Screen,
    Side,
    Wording,
)
from .reading import PackItems, read_pack
from .resolve import Names, Resolver
from .screens import NEVER, Reach, screen_rule

SHIPPED = Path(__file__).parent / "packs"

T = TypeVar("T", bound=Item)


def load_knowledge(*folders: str | Path, cases: bool = True) -> KnowledgeBase:
    """Load packs from folders and, by name, the shipped packs they require; without folders, the three shipped packs.

    `cases=False` leaves the cases beside the rules unread, for programs that only assess.

    Raises:
        KnowledgeError: with every mistake found, sorted by file and line.
    """
    if not folders:
        return _load_shipped(cases)
    return _load(tuple(Path(folder) for folder in folders), cases)


@cache
def _load_shipped(cases: bool) -> KnowledgeBase:
    return _load(tuple(path.parent for path in sorted(SHIPPED.glob("*/pack.yaml"))), cases)


def _load(folders: tuple[Path, ...], cases: bool) -> KnowledgeBase:
    loading = Loading(cases=cases)
    _read_all(loading, folders)
    _stop_if_wrong(loading)
    _declare(loading)
    _override(loading)
    _resolve(loading)
    _stop_if_wrong(loading)
    knowledge = _assemble(loading)
    loading.problems += check_knowledge(knowledge)
    _stop_if_wrong(loading)
    return knowledge


@dataclass
class Loading:
    """What is known so far while packs are loaded, required packs first."""

    cases: bool = True
    packs: list[PackItems] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    kinds: dict[str, Kind] = field(default_factory=dict)
    names: Names = field(default_factory=lambda: Names({}, {}, {}))
    parameters: dict[str, Parameter] = field(default_factory=dict)
    rules: list[Rule] = field(default_factory=list)
    constraints: list[Constraint] = field(default_factory=list)
    invariants: list[Invariant] = field(default_factory=list)

    def of(self, model: type[T]) -> list[T]:
        """Every item of one model, in order."""
        return [item for pack in self.packs for item in pack.of(model)]

    def refuse(self, item: Item, title: str, what: str, why: str, fix: str, code: str, line: int = 0) -> None:
        """Record a problem at an item."""
        self.problems.append(Problem(item.file, line or item.line, title, what, why, fix, code))


def _stop_if_wrong(loading: Loading) -> None:
    if loading.problems:
        raise KnowledgeError(loading.problems)


def _read_all(loading: Loading, folders: tuple[Path, ...]) -> None:
    """Read the folders given, then the shipped packs they require, and order them by what they require."""
    read: dict[str, PackItems] = {}
    waiting = list(folders)
    while waiting:
        folder = waiting.pop(0)
        if folder.name in read:
            if read[folder.name].folder.resolve() != folder.resolve():
                what = f"two folders are called {folder.name}"
                loading.problems.append(Problem(folder.name, 0, "pack", what, "ids would clash", "rename one", "K005"))
            continue
        items = read[folder.name] = read_pack(folder, loading.cases)
        loading.problems += items.problems
        if items.pack and items.pack.pack != folder.name:
            loading.refuse(
                items.pack,
                "pack",
                f"pack is {items.pack.pack}, its folder {folder.name}",
                "rules are named by both",
                "give both one name",
                "K003",
            )
        for name in items.pack.requires if items.pack else ():
            here = next((path for path in (folder.parent / name, SHIPPED / name) if (path / "pack.yaml").is_file()), None)
            if here and name not in read and here not in waiting:
                waiting.append(here)
    loading.packs = _in_order(loading, read)


def _in_order(loading: Loading, read: Mapping[str, PackItems]) -> list[PackItems]:
    edges: dict[str, tuple[str, ...]] = {}
    for name, items in sorted(read.items()):
        edges[name] = tuple(key for key in (items.pack.requires if items.pack else ()) if key in read)
        for missing in sorted(set(items.pack.requires if items.pack else ()) - set(read)):
            assert items.pack
            loading.refuse(
                items.pack,
                f"pack {name}",
                f"requires {missing}, which is not loaded",
                "its ids would be unknown",
                f"load it too, or {nearest(missing, read)}",
                "K014",
            )
    try:
        return [read[name] for name in TopologicalSorter(edges).static_order()]
    except CycleError as error:
        circle = " -> ".join(reversed(error.args[1]))
        loading.problems.append(
            Problem(
                f"{error.args[1][0]}/pack.yaml",
                1,
                "requires",
                f"packs require one another: {circle}",
                "no order of loading exists",
                "remove one requirement",
                "K010",
            )
        )
        return []


def _declare(loading: Loading) -> None:
    """Collect kinds, findings, conclusions and parameters; a second owner is a mistake."""
    for pack in loading.of(Pack):
        for name, kind in pack.kinds.items():
            if loading.kinds.setdefault(name, kind) != kind:
                loading.refuse(
                    pack,
                    f"kind {name}",
                    "declared differently by another pack",
                    "its gate would depend on the pack",
                    "declare it alike in both",
                    "K011",
                )
            if kind.actionable and not kind.unless:
                loading.refuse(
                    pack,
                    f"kind {name}",
                    "actionable without a gate",
                    "advice could be given with a red flag open",
                    "add unless: [treatment_on_hold]",
                    "K011",
                )
    owners: dict[str, Item] = {}
    findings = _unique(loading, Finding, owners)
    conclusions = _unique(loading, Conclusion, owners)
    loading.parameters = _unique(loading, Parameter, {})
    _unique(loading, Reference, {})
    loading.names = Names(findings, conclusions, loading.parameters)


def _unique(loading: Loading, model: type[T], owners: dict[str, Item]) -> dict[str, T]:
    found: dict[str, T] = {}
    for item in loading.of(model):
        key = item.id  # type: ignore[attr-defined]
        title = f"{model.__name__.lower()} {key}"
        if "." in key:
            loading.refuse(item, title, "an id with a side", "sides are made by 'per: side'", "drop the side", "K016")
        elif key in owners:
            first = owners[key]
            what = f"declared before, at {first.file}:{first.line}"
            loading.refuse(item, title, what, "an id has one owner and one meaning", "rename or remove one", "K005")
        else:
            owners[key] = found[key] = item
    return found


def _override(loading: Loading) -> None:
    """Let local policies set parameters: same unit, inside the range, once."""
    for pack in loading.of(Pack):
        if pack.overrides and pack.kind != "local_policy":
            loading.refuse(
                pack,
                "overrides",
                "only a local policy overrides parameters",
                "two authorities would be mixed",
                "set kind: local_policy",
                "K015",
            )
            continue
        for override in pack.overrides:
            _override_one(loading, pack, override.parameter, override.value)


def _override_one(loading: Loading, pack: Pack, name: str, value: int | float) -> None:
    title = f"override of {name}"
    parameter = loading.parameters.get(name)
    if parameter is None:
        loading.refuse(pack, title, "unknown parameter", "nothing would change", nearest(name, loading.parameters), "K015")
    elif parameter.overridden_by:
        what = f"{parameter.overridden_by} overrides it too"
        loading.refuse(pack, title, what, "it is unclear which value counts", "keep one of them", "K015")
    elif not parameter.range[0] <= value <= parameter.range[1]:
        what = f"{value} is outside {parameter.range[0]} to {parameter.range[1]} {parameter.unit}"
        loading.refuse(pack, title, what, "the rule's source does not cover it", "choose a value inside", "K015")
    else:
        change = {"value": value, "overridden_by": pack.pack, "declared_value": parameter.value}
        loading.parameters[name] = parameter.model_copy(update=change)


def _resolve(loading: Loading) -> None:
    """Resolve rules and constraints, side by side, and generate the rules of the screens."""
    for pack in loading.packs:
        seen: dict[str, RuleItem] = {}
        for item in pack.of(RuleItem):
            if item.id in seen:
                what = f"declared before, at {seen[item.id].file}:{seen[item.id].line}"
                loading.refuse(item, f"rule {item.id}", what, "an id has one meaning", "rename or remove one", "K005")
            seen[item.id] = item
            for side in SIDES if item.for_ else (None,):
                _resolve_rule(loading, pack, item, side)
        for constraint in pack.of(ConstraintItem):
            _resolve_constraint(loading, pack, constraint)
        for invariant in pack.of(InvariantItem):
            resolver = _resolver(loading, pack, invariant, f"invariant {invariant.id}", None)
            loading.invariants += resolve_invariant(invariant, resolver, loading.kinds)
    if not loading.problems:
        _add_screens(loading)


def _resolver(loading: Loading, pack: PackItems, item: Item, title: str, side: Side | None) -> Resolver:
    return Resolver(loading.names, side, title, item.file, lambda path: pack.line(item, *path), loading.problems)


def _resolve_rule(loading: Loading, pack: PackItems, item: RuleItem, side: Side | None) -> None:
    resolver = _resolver(loading, pack, item, f"rule {item.id}", side)
    then = _consequences(resolver, item)
    rule = Rule(
        id=f"{item.pack}/{item.id}" + (f".{side}" if side else ""),
        side=side,
        when=resolver.condition(item.when, ("when",)),
        unless=resolver.unless(item.unless, ("unless",)),
        gates=_gates(loading, resolver, then),
        then=then or (Consequence(conclusion="nothing", grade=ONLY_GRADE),),
        **{key: getattr(item, key) for key in _SAME},
    )
    _check_owner(loading, item, rule)
    loading.rules.append(rule)


_SAME = ("title", "source", "interpretation", "because", "certainty", "pack", "file", "line")


def _consequences(resolver: Resolver, item: RuleItem) -> tuple[Consequence, ...]:
    written = item.then
    pairs: Iterable[tuple[str, str | None]] = (
        written.items()
        if isinstance(written, dict)
        else [(key, None) for key in ((written,) if isinstance(written, str) else written)]
    )
    found = []
    for name, grade in pairs:
        finding, conclusion, sided = resolver.look_up(name, ("then",))
        if finding is not None:
            why, fix = "findings are observed, not concluded", "conclude a declared conclusion"
            resolver.refuse(("then",), f"concludes the finding {name}", why, fix, "K007")
        if conclusion is None:
            continue
        if grade is None and len(conclusion.grades) > 1:
            what, fix = f"{name} without a grade", f"write {{{name}: ...}} with one of {', '.join(conclusion.grades)}"
            resolver.refuse(("then",), what, "how strongly it holds is not said", fix, "K006")
            continue
        grade = grade or conclusion.grades[0]
        if grade not in conclusion.grades:
            resolver.grade(conclusion, sided, grade, ("then",))
            continue
        found.append(Consequence(conclusion=sided, grade=grade))
    return tuple(found)


def _gates(loading: Loading, resolver: Resolver, then: tuple[Consequence, ...]) -> tuple[NotDerived, ...]:
    names: dict[str, None] = {}
    for consequence in then:
        conclusion = loading.names.conclusions[consequence.conclusion.partition(".")[0]]
        kind = loading.kinds.get(conclusion.kind)
        if kind is None:
            what, why = f"{conclusion.id} is of the unknown kind {conclusion.kind}", "its gate is not known"
            resolver.refuse(("then",), what, why, nearest(conclusion.kind, loading.kinds), "K004")
        else:
            names |= dict.fromkeys(kind.unless if kind.actionable else ())
    return resolver.unless(names, ("then",))


def _check_owner(loading: Loading, item: RuleItem, rule: Rule) -> None:
    packs = {pack.folder.name: pack.pack for pack in loading.packs}
    mine = packs[item.pack]
    for consequence in rule.then:
        conclusion = loading.names.conclusions.get(consequence.conclusion.partition(".")[0])
        if conclusion and conclusion.pack != item.pack and not conclusion.shared:
            what = f"concludes {conclusion.id}, which {conclusion.pack} owns"
            why = "a pack never overwrites another's conclusion"
            loading.refuse(item, f"rule {item.id}", what, why, "conclude one of your own, or declare it shared", "K017")
    if mine and mine.kind == "local_policy":
        loading.refuse(item, f"rule {item.id}", "a rule in a local policy", "a policy only sets parameters", "move it", "K015")


def _resolve_constraint(loading: Loading, pack: PackItems, item: ConstraintItem) -> None:
    resolver = _resolver(loading, pack, item, f"constraint {item.id}", None)
    never = tuple(resolver.condition(raw, ("never", number)) for number, raw in enumerate(item.never))
    for number, test in enumerate(never):
        if any(isinstance(leaf, ConclusionTest) for leaf in leaves(test)):
            why, fix = "only answers can contradict one another", "test findings"
            resolver.refuse(("never", number), "a test of a conclusion", why, fix, "K007")
    place = {key: getattr(item, key) for key in ("id", "because", "pack", "file", "line")}
    loading.constraints.append(Constraint(never=never, **place))


def _add_screens(loading: Loading) -> None:
    conclusions = {item.id: item for item in _both_sides(loading.names.conclusions.values())}
    findings = {item.id: item for item in _both_sides(loading.names.findings.values())}
    for screen in loading.of(Screen):
        title = f"screen {screen.id}"
        wrong = [name for name in screen.ask if name not in findings]
        wrong += [name for name in (screen.open, *screen.reach) if name not in conclusions]
        wrong += [grade for name, grade in screen.reach.items() if name in conclusions and grade not in conclusions[name].grades]
        for name in wrong:
            loading.refuse(
                screen,
                title,
                f"unknown id {name}",
                "the screen would not close or not open",
                nearest(name, (*findings, *conclusions)),
                "K018",
            )
        if not screen.ask and not screen.reach:
            loading.refuse(screen, title, "neither ask nor reach", "it would never be open", "add one of them", "K018")
        elif not wrong:
            reach = Reach(tuple(loading.rules), conclusions, findings, loading.constraints)
            rule = screen_rule(screen, reach)
            loading.rules.append(rule)
            if rule.when == NEVER:
                loading.refuse(
                    screen,
                    title,
                    "no rule gives the grades of reach",
                    "it would never be open",
                    "name a grade that some rule gives",
                    "K018",
                )


def _both_sides(items: Iterable[Any]) -> list[Any]:
    """Sided items once per side, others once."""
    return [
        item.model_copy(update={"id": f"{item.id}.{side}", "side": side}) if side else item
        for item in items
        for side in (SIDES if item.per else (None,))
    ]


def _assemble(loading: Loading) -> KnowledgeBase:
    circle = find_cycle(loading.rules)
    if circle:
        rule = next(item for item in loading.rules if item.id == circle[0])
        loading.refuse(
            rule,
            f"rule {rule.id}",
            f"rules depend on one another: {' -> '.join(circle)}",
            "no order of evaluation gives one meaning",
            "remove one dependency",
            "K010",
        )
        _stop_if_wrong(loading)
    knowledge = KnowledgeBase(
        packs=tuple(loading.of(Pack)),
        kinds=tuple(loading.kinds.items()),
        findings=tuple(_both_sides(loading.names.findings.values())),
        conclusions=tuple(_both_sides(loading.names.conclusions.values())),
        parameters=tuple(loading.parameters.values()),
        references=tuple(loading.of(Reference)),
        rules=tuple(loading.rules),
        constraints=tuple(loading.constraints),
        screens=tuple(loading.of(Screen)),
        differences=tuple(loading.of(Difference)),
        estimates=tuple(loading.of(Estimate)),
        not_encoded=tuple(loading.of(NotEncoded)),
        wording=tuple(loading.of(Wording)),
        cases=tuple(loading.of(PackCase)),
        invariants=tuple(loading.invariants),
        accepted=tuple(loading.of(Accepted)),
        cards=tuple(loading.of(Card)),
    )
    return knowledge.model_copy(update={"fingerprint": fingerprint_of(knowledge)})


def fingerprint_of(knowledge: KnowledgeBase) -> str:
    """SHA-256 over every item and word; without files, lines and what only speaks about the knowledge (cases, invariants)."""
    content = knowledge.model_dump(mode="json", exclude=_ABOUT)
    canonical = json.dumps(_without_places(content), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).hexdigest()


_ABOUT = {"cases", "invariants", "accepted", "cards", "fingerprint"}


def _without_places(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_places(part) for key, part in value.items() if key not in {"file", "line"}}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_without_places(part) for part in value]
    return value
