"""Rules as written -> rules resolved, once per side, with their gates; then constraints, invariants and the rules of screens.

In: `Loading` with its names. Out: its rules, constraints and invariants.
"""

from __future__ import annotations

from collections.abc import Iterable

from .claims import InvariantItem
from .conditions import ConclusionTest, Earlier, MomentTest, NotDerived, leaves
from .errors import nearest
from .graph import find_cycle, strata_of
from .invariants import resolve_invariant
from .items import ONLY_GRADE, SIDES, Item, Side
from .language import Conclusion, Consequence, Constraint, ConstraintItem, Flag, Rule, RuleItem, Screen
from .loading import Loading, both_sides
from .reading import PackItems
from .resolve import Resolver
from .screens import NEVER, Reach, screen_rule

DEEPEST = 1_000
"""Strata of a knowledge base: rules that rest on one another, each on the one before."""


def resolve_rules(loading: Loading) -> None:
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
        add_flags(loading)
    if not loading.problems and not refuse_depth(loading):
        add_screens(loading)


def _resolver(loading: Loading, pack: PackItems, item: Item, title: str, side: Side | None) -> Resolver:
    return Resolver(loading.names, side, title, item.file, lambda path: pack.line(item, *path), loading.problems)


_SAME = ("title", "source", "interpretation", "because", "certainty", "pack", "file", "line")


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
        if any(isinstance(leaf, ConclusionTest | MomentTest) for leaf in leaves(test)):
            why, fix = "only answers can contradict one another", "test findings"
            resolver.refuse(("never", number), "a test of a conclusion", why, fix, "K007")
    place = {key: getattr(item, key) for key in ("id", "because", "pack", "file", "line")}
    loading.constraints.append(Constraint(never=never, **place))


def refuse_circle(loading: Loading) -> bool:
    """Record rules that depend on one another in a circle, once; whether there is one."""
    circle = find_cycle(loading.rules)
    if circle and not any(problem.code == "K010" for problem in loading.problems):
        rule = next(item for item in loading.rules if item.id == circle[0])
        what = f"rules depend on one another: {' -> '.join(circle)}"
        why = "no order of evaluation gives one meaning"
        loading.refuse(rule, f"rule {rule.id}", what, why, "remove one dependency", "K010")
    return bool(circle)


def add_flags(loading: Loading) -> None:
    """Generate the rules by which each flag stays raised, one for each grade."""
    conclusions = loading.names.conclusions
    for flag in loading.of(Flag):
        title = f"flag {flag.id}"
        named = ((flag.raised, conclusions), (flag.resolved, conclusions), (flag.open, conclusions))
        wrong = [(name, known) for name, known in (*named, (flag.work_up, loading.names.findings)) if name not in known]
        for name, known in wrong:
            fix = nearest(name, known)
            loading.refuse(flag, title, f"unknown id {name}", "the flag would not stay raised", fix, "K018")
        if not wrong and conclusions[flag.raised].grades != conclusions[flag.open].grades:
            what, why = (
                f"{flag.raised} and {flag.open} have different grades",
                "an open flag has the grade at which it was raised",
            )
            loading.refuse(flag, title, what, why, "declare both with the same grades", "K018")
        if not wrong:
            loading.rules += flag_rules(flag, conclusions[flag.raised])


def flag_rules(flag: Flag, raised: Conclusion) -> Iterable[Rule]:
    """The rules that keep a flag raised: raised at a grade at an earlier moment, it is raised at that grade now."""
    for rank, grade in enumerate(raised.grades):
        yield Rule(
            id=flag.staying(grade),
            title=f"{flag.title} raised at an earlier moment" + (f", {grade}" if len(raised.grades) > 1 else ""),
            when=Earlier(conclusion=raised.id, grades=raised.grades[rank:]),
            then=(Consequence(conclusion=raised.id, grade=grade),),
            source=flag.source,
            interpretation=flag.interpretation,
            pack=flag.pack,
            file=flag.file,
            line=flag.line,
        )


def refuse_depth(loading: Loading) -> bool:
    """Record rules that rest on one another in a longer chain than can be answered and explained; whether they do."""
    if find_cycle(loading.rules):
        return False
    strata = strata_of(loading.rules)
    if len(strata) <= DEEPEST:
        return False
    rule = strata[DEEPEST][0]
    what = f"it rests on a chain of {DEEPEST} rules, each on the one before; {DEEPEST} in a chain is the most"
    why = "no explanation of it could be read, and every further link costs time in every answer"
    loading.refuse(rule, f"rule {rule.id}", what, why, "conclude it from findings, or in fewer steps", "K048")
    return True


def add_screens(loading: Loading) -> None:
    """Generate the rule of each screen from the rules resolved so far."""
    conclusions = {item.id: item for item in both_sides(loading.names.conclusions.values())}
    findings = {item.id: item for item in both_sides(loading.names.findings.values())}
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
        elif not wrong and not refuse_circle(loading):
            reach = Reach(tuple(loading.rules), conclusions, findings, loading.constraints, screen)
            rule = screen_rule(screen, reach)
            loading.rules += [part for _, part in reach.parts]
            loading.rules.append(rule)
            loading.screen_parts += [item for item, _ in reach.parts]
            conclusions |= {item.id: item for item, _ in reach.parts}
            if rule.when == NEVER:
                loading.refuse(
                    screen,
                    title,
                    "no rule gives the grades of reach",
                    "it would never be open",
                    "name a grade that some rule gives",
                    "K018",
                )
