"""Hypothesis strategies: small random knowledge bases that are valid, and cases for any knowledge base.

In: sizes and features. Out: strategies of `KnowledgeBase` and `Case`. Everything is drawn from Hypothesis, so examples are
reproducible and shrink: fewer rules, fewer findings, shallower conditions, more unknowns.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from itertools import islice, product
from typing import Any, Literal

from hypothesis import strategies as st
from sijoint.engine.case import Case, Moment, Recorded, Step, Value
from sijoint.knowledge.conditions import (
    BRANCHES,
    FINDING_TESTS,
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
    Symptom,
    Unknown,
    findings_of,
    leaves,
    value_tests,
)
from sijoint.knowledge.items import SIDES, Side
from sijoint.knowledge.language import (
    Conclusion,
    Consequence,
    Constraint,
    Finding,
    Kind,
    KnowledgeBase,
    Pack,
    Parameter,
    Reference,
    Rule,
    Screen,
)
from sijoint.knowledge.screens import LARGEST, NEVER, Reach, screen_rule
from sijoint.knowledge.words import ConclusionWords, FindingWords, Wording

DAYS: tuple[date | None, ...] = (
    None,
    date(2026, 3, 1),
    date(2026, 3, 2),
    datetime(2026, 3, 2, 8, 0),
    datetime(2026, 3, 2, 8, 30),
    datetime(2026, 3, 2, 8, 30, tzinfo=UTC),
    datetime(2026, 3, 2, 9, 0, tzinfo=timezone(timedelta(hours=5))),
    datetime(2026, 3, 1, 23, 0, tzinfo=timezone(timedelta(hours=-9))),
    date(2026, 3, 3),
    date(2026, 3, 6),
)
LAST_DAY = date(2026, 3, 6)
GRADES = (("given",), ("possible", "likely"), ("low", "middle", "high"))
CHOICES = ("left", "right", "both", "midline")
SOURCE = ("R1",)
BASE, SECOND = "base", "second"
HOLD, DISPOSITION, SCREEN_OPEN = "hold", "disposition", "screen_open"


# Knowledge bases -------------------------------------------------------------------------------------------------------------


@st.composite
def knowledge_bases(
    draw: st.DrawFn,
    max_rules: int = 8,
    max_findings: int = 6,
    max_conclusions: int = 5,
    max_leaves: int = 6,
    *,
    later: bool = True,
    sides: bool = True,
    screens: bool | Literal["reach"] = True,
    gates: bool = True,
    constraints: bool = True,
) -> KnowledgeBase:
    """A valid random knowledge base of two packs, with every condition form unless a feature is switched off.

    Conclusions stand in an order and a rule tests only conclusions before those it draws, so there is no cycle; strata are as
    deep as that order allows.
    """
    findings = draw(declared_findings(max_findings, sides=sides))
    conclusions = draw(declared_conclusions(max_conclusions, sides=sides, gates=gates))
    parameters = draw(st.lists(st.integers(1, 3), max_size=2).map(_parameters))
    wanted = screens == "reach" or (screens and draw(st.booleans()))
    screen = draw(screens_over(findings, conclusions, reach=screens == "reach" or draw(st.booleans()))) if wanted else None
    gated_by = (HOLD, SCREEN_OPEN) if screen else (HOLD,)
    kinds = (("plain", Kind()), ("advice", Kind(actionable=True, unless=gated_by)))
    drawer = _Rules(findings, conclusions, parameters, gated_by, later=later, max_leaves=max_leaves)
    items = [draw(drawer.rule(number)) for number in range(draw(st.integers(min(1, max_rules), max_rules)))]
    rules = [rule for rules in items for rule in rules]
    return _base(
        kinds=kinds,
        findings=findings,
        conclusions=conclusions,
        parameters=parameters,
        rules=rules,
        constraints=draw(st.lists(_constraints(findings, parameters), max_size=2)) if constraints else [],
        screen=screen,
        largest=draw(st.sampled_from([LARGEST, 1])) if screen else LARGEST,
    )


def _base(
    *,
    kinds: tuple[tuple[str, Kind], ...],
    findings: list[Finding],
    conclusions: list[Conclusion],
    parameters: list[Parameter],
    rules: list[Rule],
    constraints: list[Constraint],
    screen: Screen | None,
    largest: int,
) -> KnowledgeBase:
    """The parts as one knowledge base; the screen's rule is made as the loader makes it, or left out where nothing opens it."""
    screen_parts: tuple[str, ...] = ()
    if screen:
        conclusions = [
            *conclusions,
            Conclusion(id=SCREEN_OPEN, kind="plain", source=SOURCE, pack=BASE, file="c", line=99),
        ]
        reach = Reach(
            rules, {item.id: item for item in conclusions}, {item.id: item for item in findings}, constraints, screen, largest
        )
        opening = screen_rule(screen, reach)
        made = reach.parts if opening.when != NEVER else []
        rules, screen = ([*rules, *(rule for _, rule in made), opening], screen) if opening.when != NEVER else (rules, None)
        conclusions = [*conclusions, *(item for item, _ in made)]
        screen_parts = tuple(item.id for item, _ in made)
    numbered = {f"{item.id}{number}": item for number, item in enumerate(constraints)}
    knowledge = KnowledgeBase(
        packs=(_pack(BASE, (), dict(kinds)), _pack(SECOND, (BASE,), {})),
        kinds=kinds,
        findings=tuple(findings),
        conclusions=tuple(conclusions),
        parameters=tuple(parameters),
        references=(Reference(id="R1", kind="design", claim="made up", pack=BASE, file="references", line=1),),
        rules=tuple(rules),
        constraints=tuple(item.model_copy(update={"id": key}) for key, item in numbered.items()),
        screens=(screen,) if screen else (),
        screen_parts=screen_parts,
        wording=(_wording(findings, conclusions),),
    )
    return knowledge.with_items()


def _pack(name: str, requires: tuple[str, ...], kinds: dict[str, Kind]) -> Pack:
    return Pack(
        pack=name,
        title=name,
        version="1.0.0",
        authority="random",
        requires=requires,
        intended_use="tests",
        misuse="anything else",
        kinds=kinds,
        file=f"{name}/pack.yaml",
        line=1,
    )


def _wording(findings: Sequence[Finding], conclusions: Sequence[Conclusion]) -> Wording:
    return Wording(
        language="en",
        kinds={"plain": "Plain", "advice": "Advice"},
        findings={
            item.base: FindingWords(label=item.base, question=f"{item.base}?", choices={key: key for key in item.choices})
            for item in findings
        },
        conclusions={item.base: ConclusionWords(label=item.base, text=f"It is {item.base}.") for item in conclusions},
        pack=BASE,
        file="base/wording/en.yaml",
        line=1,
    )


def _parameters(values: list[int]) -> list[Parameter]:
    return [
        Parameter(
            id=f"p{number}",
            value=value,
            unit="days",
            range=(0, 10),
            source=SOURCE,
            checked=date(2026, 1, 1),
            pack=BASE,
            file="base/parameters.yaml",
            line=number + 1,
        )
        for number, value in enumerate(values)
    ]


@st.composite
def declared_findings(draw: st.DrawFn, most: int, *, sides: bool = True) -> list[Finding]:
    """Findings of every type; the first is a yes/no; a sided one comes as two."""
    forms = ["yes_no", "number", "fraction", "choice", *(["sided"] if sides else [])]
    drawn = ["yes_no", *draw(st.lists(st.sampled_from(forms), max_size=most - 1))]
    return [item for number, form in enumerate(drawn) for item in _finding(form, number)]


def _finding(form: str, number: int) -> list[Finding]:
    place: dict[str, Any] = {
        "source": SOURCE,
        "obtained_by": "history",
        "pack": BASE,
        "file": "base/findings.yaml",
        "line": number + 1,
    }
    name = f"f{number}"
    match form:
        case "number":
            return [Finding(id=name, type="number", unit="days", range=(0, 9), whole=True, **place)]
        case "fraction":
            return [Finding(id=name, type="number", unit="days", range=(-1.5, 4), **place)]
        case "choice":
            return [Finding(id=name, type="choice", choices=CHOICES[: 2 + number % 3], **place)]
        case "sided":
            return [Finding(id=f"{name}.{side}", type="yes_no", per="side", side=side, **place) for side in SIDES]
        case _:
            return [Finding(id=name, type="yes_no", **place)]


@st.composite
def declared_conclusions(draw: st.DrawFn, most: int, *, sides: bool = True, gates: bool = True) -> list[Conclusion]:
    """Conclusions in the order in which rules may build on them: the gate, the urgency, then others of either kind."""
    place: dict[str, Any] = {"source": SOURCE, "pack": BASE, "file": "base/conclusions.yaml"}
    found = [Conclusion(id=HOLD, kind="plain", shared=True, line=1, **place)]
    count = draw(st.integers(1, max(1, most)))
    urgency_after = draw(st.integers(0, count))
    for number in range(count):
        if number == urgency_after:
            found.append(_urgency(place))
        kind = draw(st.sampled_from(["plain", "advice"])) if gates and number >= urgency_after else "plain"
        owner = BASE if number < urgency_after else draw(st.sampled_from([BASE, SECOND]))
        content: dict[str, Any] = {
            "kind": kind,
            "grades": draw(st.sampled_from(GRADES)),
            **place,
            "line": number + 3,
            "pack": owner,
        }
        if sides and draw(st.booleans()):
            found += [Conclusion(id=f"c{number}.{side}", per="side", side=side, **content) for side in SIDES]
        else:
            found.append(Conclusion(id=f"c{number}", shared=owner == BASE and draw(st.booleans()), **content))
    return found if urgency_after < count else [*found, _urgency(place)]


def _urgency(place: dict[str, Any]) -> Conclusion:
    return Conclusion(id=DISPOSITION, kind="plain", grades=("routine", "soon", "urgent"), shared=True, line=2, **place)


@st.composite
def screens_over(draw: st.DrawFn, findings: list[Finding], conclusions: list[Conclusion], *, reach: bool) -> Screen:
    """A screen that asks, or one that guards a grade of the urgency."""
    ask: tuple[str, ...] = ()
    grades: dict[str, str] = {}
    if not reach:
        ask = tuple(draw(st.lists(st.sampled_from([item.id for item in findings]), min_size=1, max_size=3, unique=True)))
    else:
        urgency = next(item for item in conclusions if item.id == DISPOSITION)
        grades = {DISPOSITION: draw(st.sampled_from(urgency.grades))}
    return Screen(
        id="screen",
        title="Screen",
        ask=ask,
        reach=grades,
        open=SCREEN_OPEN,
        source=SOURCE,
        pack=BASE,
        file="base/screens.yaml",
        line=1,
    )


# Conditions and rules --------------------------------------------------------------------------------------------------------


def finding_tests(
    findings: Sequence[Finding], parameters: Sequence[Parameter] = (), *, later: bool = True
) -> st.SearchStrategy[Condition]:
    """Every test of a finding that the language has."""
    options: list[st.SearchStrategy[Condition]] = []
    for item in findings:
        if item.type == "yes_no":
            options.append(st.sampled_from([Present(finding=item.id), Absent(finding=item.id)]))
            if item.side == "left":
                pair = tuple(Present(finding=f"{item.base}.{side}") for side in SIDES)
                options.append(st.sampled_from([AnyOf(of=pair), All(of=pair)]))
        elif item.type == "number":
            options.append(_comparisons(item, parameters))
        else:
            chosen = st.lists(st.sampled_from(item.choices), min_size=1, unique=True)
            options.append(chosen.map(lambda names, item=item: _choice(item, names)))
        options.append(st.sampled_from([Unknown(finding=item.id), Known(finding=item.id)]))
    if later:
        options.append(_later(findings))
    return st.one_of(options)


def _choice(item: Finding, names: list[str]) -> ChoiceTest:
    return ChoiceTest(finding=item.id, choices=tuple(name for name in item.choices if name in names))


def _later(findings: Sequence[Finding]) -> st.SearchStrategy[Condition]:
    work_ups = st.sampled_from([item.id for item in findings if item.type == "yes_no"])
    symptoms = st.lists(st.one_of(list(map(symptom, findings))), min_size=1, max_size=3, unique=True).map(tuple)
    return st.builds(lambda finding, than: Later(finding=finding, than=than), work_ups, symptoms)


def symptom(item: Finding) -> st.SearchStrategy[Symptom]:
    """An answer that a work-up has to follow: a yes, any value, or a value that passes a test."""
    if item.type == "yes_no":
        return st.just(Present(finding=item.id))
    known: st.SearchStrategy[Symptom] = st.just(Known(finding=item.id))
    if item.type == "number":
        return st.one_of(known, _comparisons(item, ()))
    chosen = st.lists(st.sampled_from(item.choices), min_size=1, unique=True)
    return st.one_of(known, chosen.map(lambda names: _choice(item, names)))


def earlier_tests(conclusions: Sequence[Conclusion]) -> st.SearchStrategy[Condition]:
    """Tests of what an earlier moment came to, of any conclusion: they make no circle."""
    pairs = [(item.id, item.grades[rank:]) for item in conclusions for rank in range(len(item.grades))]
    tests = [kind(conclusion=name, grades=grades) for name, grades in pairs for kind in (Earlier, NotEarlier)]
    return st.sampled_from(tests)


def _comparisons(item: Finding, parameters: Sequence[Parameter]) -> st.SearchStrategy[NumberTest]:
    low, high = item.range or (0, 0)
    bounds: list[tuple[int | float, str | None]] = [(value, None) for value in (0, low, 1, high, *(() if item.whole else (0.5,)))]
    bounds += [(parameter.value, parameter.id) for parameter in parameters]
    return st.builds(
        lambda comparison, bound: NumberTest(finding=item.id, comparison=comparison, value=bound[0], parameter=bound[1]),
        st.sampled_from(["over", "at_least", "under", "at_most", "exactly"]),
        st.sampled_from(bounds),
    )


def conclusion_tests(conclusions: Sequence[Conclusion]) -> st.SearchStrategy[Condition]:
    """Every test of a conclusion that may stand in `when`."""
    tests: list[Condition] = [Derived(conclusion=item.id, grade=grade) for item in conclusions for grade in item.grades]
    for item in (item for item in conclusions if item.side == "left"):
        pair = tuple(Derived(conclusion=f"{item.base}.{side}", grade=item.grades[0]) for side in SIDES)
        tests += [AnyOf(of=pair), All(of=pair)]
    return st.sampled_from(tests)


def conditions(leaf: st.SearchStrategy[Condition], max_leaves: int = 6) -> st.SearchStrategy[Condition]:
    """A leaf, or branches nested a few deep; no list holds one condition twice. The leaf is drawn unnamed: its repr is long."""
    return st.recursive(st.none().flatmap(lambda _: leaf), _branches, max_leaves=max_leaves)


def _branches(members: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
    of = st.lists(members, min_size=1, max_size=4, unique=True).map(tuple)
    counted = of.flatmap(lambda found: st.builds(lambda k: AtLeast(k=k, of=found), st.integers(1, len(found))))
    return st.one_of(of.map(lambda found: All(of=found)), of.map(lambda found: AnyOf(of=found)), counted)


class _Rules:
    """Draws the rules of one knowledge base."""

    def __init__(
        self,
        findings: list[Finding],
        conclusions: list[Conclusion],
        parameters: list[Parameter],
        gated_by: tuple[str, ...],
        *,
        later: bool,
        max_leaves: int,
    ) -> None:
        self.conclusions, self.gated_by, self.max_leaves = conclusions, gated_by, max_leaves
        tests = finding_tests(findings, parameters, later=later)
        self.tests = st.one_of(tests, tests, tests, earlier_tests(conclusions)) if later else tests
        self.bases = list(dict.fromkeys(item.base for item in conclusions))
        self.by_id = {item.id: item for item in conclusions}

    def rule(self, number: int) -> st.SearchStrategy[list[Rule]]:
        """One rule as written: one, or two mirrored ones where it concludes for each side."""
        return _draw_rule(self, number)

    def readable(self, names: Sequence[str]) -> list[Conclusion]:
        """Conclusions before the first of those that a rule draws."""
        first = min(self.bases.index(name) for name in names)
        return [item for item in self.conclusions if self.bases.index(item.base) < first]

    def gates(self, then: Sequence[Consequence]) -> tuple[NotDerived, ...]:
        """What the kinds of its conclusions add to a rule."""
        gated = any(self.by_id[item.conclusion].kind == "advice" for item in then)
        return tuple(NotDerived(conclusion=name, grade="given") for name in self.gated_by) if gated else ()


@st.composite
def _draw_rule(draw: st.DrawFn, rules: _Rules, number: int) -> list[Rule]:
    pack = draw(st.sampled_from([BASE, SECOND]))
    allowed = [
        item for item in rules.conclusions if item.side != "right" and (item.pack == pack or (item.shared and pack == SECOND))
    ]
    drawn = draw(st.lists(st.sampled_from(allowed), min_size=1, max_size=2, unique_by=lambda item: item.id))
    # What leads to the urgency may not be held back by the screen of the urgency: that would be a circle.
    drawn = [item for item in drawn if item.kind == drawn[0].kind]
    then = tuple(Consequence(conclusion=item.id, grade=draw(st.sampled_from(item.grades))) for item in drawn)
    # The second pack requires the first, not the other way round: a rule tests only what its pack may use.
    before = [item for item in rules.readable([item.base for item in drawn]) if item.pack in (BASE, pack)]
    leaf = st.one_of(rules.tests, conclusion_tests(before)) if before else rules.tests
    blockers = (
        st.sampled_from([NotDerived(conclusion=item.id, grade=grade) for item in before for grade in item.grades])
        if before
        else st.nothing()
    )
    rule = Rule(
        id=f"{pack}/r{number}",
        title=f"Rule {number}",
        when=draw(conditions(leaf, rules.max_leaves)),
        unless=tuple(draw(st.lists(blockers, max_size=2, unique=True))) if before else (),
        gates=rules.gates(then),
        then=then,
        source=SOURCE,
        interpretation=draw(st.sampled_from([None, "our reading"])),
        pack=pack,
        file=f"{pack}/rules.yaml",
        line=number + 1,
    )
    sided = any(item.side for item in drawn)
    return [_on_side(rule, side) for side in SIDES] if sided else [rule]


def _on_side(rule: Rule, side: Side) -> Rule:
    """The rule of one side: drawn for the left, mirrored for the right."""
    swap = side == "right"
    return rule.model_copy(
        update={
            "id": f"{rule.id}.{side}",
            "side": side,
            "when": _mirrored(rule.when) if swap else rule.when,
            "unless": tuple(_mirrored(item) if swap else item for item in rule.unless),
            "then": tuple(
                Consequence(conclusion=_other(item.conclusion) if swap else item.conclusion, grade=item.grade)
                for item in rule.then
            ),
        }
    )


def _other(name: str) -> str:
    base, dot, side = name.partition(".")
    return f"{base}.{'right' if side == 'left' else 'left'}" if dot else name


def _mirrored(condition: Any) -> Any:
    if isinstance(condition, BRANCHES):
        return condition.model_copy(update={"of": tuple(_mirrored(member) for member in condition.of)})
    if isinstance(condition, Derived | NotDerived | Earlier | NotEarlier):
        return condition.model_copy(update={"conclusion": _other(condition.conclusion)})
    change: dict[str, Any] = {"finding": _other(condition.finding)}
    if isinstance(condition, Later):
        change["than"] = tuple(map(_mirrored, condition.than))
    return condition.model_copy(update=change)


def _constraints(findings: Sequence[Finding], parameters: Sequence[Parameter]) -> st.SearchStrategy[Constraint]:
    tests = finding_tests(findings, parameters, later=False)
    never = st.lists(tests, min_size=2, max_size=3, unique=True).map(tuple)
    return never.map(
        lambda tests: Constraint(id="k", never=tests, because="both cannot be", pack=BASE, file="base/constraints.yaml", line=1)
    )


# Cases -----------------------------------------------------------------------------------------------------------------------


_UNKNOWN = st.sampled_from([True, False, False])


@st.composite
def cases(draw: st.DrawFn, knowledge: KnowledgeBase, *, complete: bool = False, steps: bool = False) -> Case:
    """A valid case: each finding unknown or known, numbers around tested bounds, who and when where `later` reads it.

    With `complete` every finding is known; with `steps` some values are recorded or withdrawn later.
    """
    dated = dated_findings(knowledge)
    findings = _drawn(draw, knowledge.findings, knowledge, dated, complete=complete)
    later: list[Step] = []
    if steps:
        for number in range(draw(st.integers(0, 2))):
            day = date(2026, 4, number + 1)
            known = _recorded_on(day, _drawn(draw, knowledge.findings, knowledge, dated, complete=False))
            gone = draw(st.lists(st.sampled_from([item.id for item in knowledge.findings]), max_size=2, unique=True))
            gone = sorted(set(gone) - {item.finding for item in known})
            later.append(Step(as_of=day, title=f"step {number}", findings=known, withdrawn=tuple(gone)))
    as_of = LAST_DAY if later or any(item.recorded_on for item in findings) else draw(st.sampled_from([None, LAST_DAY]))
    return Case(case="random", as_of=as_of, findings=findings, steps=tuple(later))


@st.composite
def moments(draw: st.DrawFn, knowledge: KnowledgeBase) -> Case:
    """A case at a first or a later moment: with answers that were replaced since, and what earlier moments came to."""
    case = draw(cases(knowledge))
    if draw(st.booleans()):
        return case
    dated = dated_findings(knowledge)
    gone = _drawn(draw, [item for item in knowledge.findings if item.id in dated], knowledge, dated, complete=False)
    earlier = []
    for item in knowledge.conclusions:
        grade = draw(st.sampled_from([None, *item.grades]))
        earlier += [(item.id, grade)] if grade and item.id in knowledge.remembered else []
    content = {name: getattr(case, name) for name in ("case", "as_of", "findings")}
    return Moment(**content, history=tuple(item for item in gone if item.value is not False), earlier=tuple(earlier))


def _drawn(
    draw: st.DrawFn, findings: Sequence[Finding], knowledge: KnowledgeBase, dated: frozenset[str], *, complete: bool
) -> tuple[Recorded, ...]:
    found = []
    for item in sorted(findings, key=lambda item: item.id):
        if not complete and draw(_UNKNOWN):
            continue
        who: dict[str, Any] = {}
        if item.id in dated:
            who = {"recorded_by": draw(st.sampled_from([None, "Dr A"])), "recorded_on": draw(st.sampled_from(DAYS))}
        found.append(Recorded(finding=item.id, value=draw(st.sampled_from(values_of(item, knowledge))), **who))
    return tuple(found)


def _recorded_on(day: date, findings: tuple[Recorded, ...]) -> tuple[Recorded, ...]:
    """What a dated step records was recorded on its day, where nothing else is said."""
    return tuple(item.model_copy(update={"recorded_on": item.recorded_on or day}) for item in findings)


def dated_findings(knowledge: KnowledgeBase) -> frozenset[str]:
    """The findings whose date some `later` test reads."""
    tests = (leaf for rule in knowledge.rules for leaf in leaves(rule.when))
    return frozenset(name for leaf in tests if isinstance(leaf, Later) for name in findings_of(leaf))


def values_of(item: Finding, knowledge: KnowledgeBase) -> list[Value]:
    """The values worth trying: yes and no, every choice, range ends, each tested bound and its neighbours."""
    if item.type == "yes_no":
        return [False, True]
    if item.type == "choice":
        return list(item.choices)
    low, high = item.range or (0, 0)
    tried: set[int | float] = {low, high}
    for bound in _bounds(item.id, knowledge):
        tried |= {bound - 1, bound, bound + 1, *(() if item.whole else (bound - 0.25, bound + 0.25))}
    kept = sorted(value for value in tried if low <= value <= high and (not item.whole or value == int(value)))
    return [int(value) if float(value).is_integer() else value for value in kept]


def _bounds(finding: str, knowledge: KnowledgeBase) -> Iterator[int | float]:
    tests = [leaf for rule in knowledge.rules for leaf in value_tests(rule.when)]
    tests += [leaf for item in knowledge.constraints for test in item.never for leaf in value_tests(test)]
    yield from (leaf.value for leaf in tests if isinstance(leaf, NumberTest) and leaf.finding == finding)


def completions(knowledge: KnowledgeBase, case: Case, *, limit: int = 4096) -> Iterator[Case]:
    """Cases in which every finding that the case leaves unknown is known; all that rules can tell apart, up to a limit.

    A finding whose date is read is tried unsigned, and signed on a day after every other.
    """
    dated = dated_findings(knowledge)
    read = {
        name
        for rule in knowledge.rules
        for leaf in leaves(rule.when)
        if isinstance(leaf, FINDING_TESTS)
        for name in findings_of(leaf)
    }
    open_findings = [item for item in knowledge.findings if item.id not in case.values and item.id in read]
    options = [_ways(item, knowledge, signed=item.id in dated) for item in open_findings]
    for chosen in islice(product(*options), limit):
        findings = sorted((*case.findings, *chosen), key=lambda item: item.finding)
        yield case.with_findings(findings)


def _ways(item: Finding, knowledge: KnowledgeBase, *, signed: bool) -> list[Recorded]:
    plain = [Recorded(finding=item.id, value=value) for value in values_of(item, knowledge)]
    late = [entry.model_copy(update={"recorded_by": "Dr B", "recorded_on": date(2026, 12, 31)}) for entry in plain]
    return [*plain, *late] if signed else plain


def mapping_of(case: Case, order: Sequence[int] | None = None) -> dict[str, Any]:
    """A case as the plain mapping that `assess` takes, its findings in another order where one is given."""
    items = list(case.findings)
    if order is not None:
        items = [items[number] for number in order]
    raw: dict[str, Any] = {"case": case.case, "findings": {item.finding: _plain(item) for item in items}}
    if case.as_of:
        raw["as_of"] = case.as_of
    if case.steps:
        raw["steps"] = [_plain_step(step) for step in case.steps]
    return raw


def _plain(item: Recorded) -> Any:
    content = item.model_dump(exclude={"finding"}, exclude_none=True)
    return content if len(content) > 1 else item.value


def _plain_step(step: Step) -> dict[str, Any]:
    findings = {item.finding: _plain(item) for item in step.findings} | dict.fromkeys(step.withdrawn)
    return {"as_of": step.as_of, "title": step.title, "findings": findings}


@st.composite
def bases_and_cases(draw: st.DrawFn, most_cases: int = 5, **features: Any) -> tuple[KnowledgeBase, list[Case]]:
    """A knowledge base with some of its cases."""
    knowledge = draw(knowledge_bases(**features))
    return knowledge, draw(st.lists(moments(knowledge), min_size=1, max_size=most_cases))


def moments_of_any_year() -> st.SearchStrategy[date]:
    """Days, and times without zone, of every year that a date can have: early ones have fewer than four digits."""
    years = st.one_of(st.sampled_from([1, 9, 10, 99, 100, 999, 1000, 2026, 9999]), st.integers(1, 9999))
    days = st.builds(date, years, st.integers(1, 12), st.integers(1, 28))
    times = st.builds(datetime, years, st.integers(1, 12), st.integers(1, 28), st.integers(0, 23), st.integers(0, 59))
    return st.one_of(days, times)
