"""Brute force for the analyses: every assignment tried one by one, by the reference; nothing of the analyses is used."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from itertools import combinations, product

from hypothesis import strategies as st
from sijoint.engine.case import Case, Recorded
from sijoint.engine.reference import Reference
from sijoint.knowledge.conditions import All, AnyOf, AtLeast, ChoiceTest, Condition, Derived, Later, NumberTest, Present, leaves
from sijoint.knowledge.language import Finding, KnowledgeBase, Rule
from strategies import cases, knowledge_bases, moments, symptom, values_of

Meets = Callable[[Reference], bool]


@st.composite
def small(draw: st.DrawFn, *, later: bool = False, findings: int = 4) -> tuple[KnowledgeBase, Case]:
    """A small knowledge base that often wants several answers at once, some findings fixed and some past, with a case."""
    base = draw(knowledge_bases(max_rules=6, max_findings=findings, max_conclusions=4, max_leaves=4, later=later))
    marked = tuple(_marked(item, draw(st.sampled_from(["", "", "", "fixed", "past"]))) for item in base.findings)
    several = st.lists(st.sampled_from(base.findings), min_size=1, max_size=4, unique_by=lambda item: item.id)
    rules = tuple(_demanding(rule, draw(several), draw(st.integers(0, 4))) for rule in base.rules)
    knowledge = base.with_items(findings=marked, rules=rules)
    return knowledge, draw(moments(knowledge) if later else cases(knowledge))


@st.composite
def wanting(draw: st.DrawFn) -> tuple[KnowledgeBase, Case]:
    """A knowledge base whose rules want several answers and build on one another, and a case that knows little."""
    base = draw(
        knowledge_bases(max_rules=4, max_findings=5, max_conclusions=3, max_leaves=2, later=False, sides=False, gates=False)
    )
    rules = []
    for rule in base.rules:
        which = draw(st.integers(0, 2))
        members = tuple(_test(item, which) for item in draw(st.permutations(base.findings))[:3])
        wanted = AtLeast(k=min(draw(st.sampled_from([2, 3])), len(members)), of=members)
        built_on = tuple(leaf for leaf in leaves(rule.when) if isinstance(leaf, Derived))[:1]
        rules.append(rule.model_copy(update={"when": All(of=(*built_on, wanted)) if draw(st.booleans()) else wanted}))
    return _of_rules(base, rules, draw)


def _demanding(rule: Rule, findings: list[Finding], kind: int) -> Rule:
    """The rule as drawn, or wanting all or two or three of some different findings, instead or as another way."""
    members = tuple(_test(item) for item in findings)
    if kind == 0 or len(members) < 2:
        return rule
    wanted = All(of=members) if kind in (1, 3) else AtLeast(k=min(kind, len(members)), of=members)
    return rule.model_copy(update={"when": AnyOf(of=(rule.when, wanted)) if kind == 4 else wanted})


def _test(item: Finding, which: int = 0) -> Condition:
    if item.type == "yes_no":
        return Present(finding=item.id)
    if item.type == "choice":
        return ChoiceTest(finding=item.id, choices=(item.choices[which % len(item.choices)],))
    return NumberTest(finding=item.id, comparison=("at_least", "over", "at_most")[which % 3], value=1)


@st.composite
def dated(draw: st.DrawFn) -> tuple[KnowledgeBase, Case]:
    """A knowledge base whose rules rest on work-ups that are later than symptoms, and a case with some of them recorded."""
    bases = knowledge_bases(max_rules=3, max_findings=5, max_conclusions=2, max_leaves=2, sides=False, gates=False)
    base = draw(bases.filter(lambda base: len(base.findings) > 2 and any(item.type == "yes_no" for item in base.findings)))
    yes_no = [item for item in base.findings if item.type == "yes_no"]
    rules = []
    for rule in base.rules:
        work_up = draw(st.sampled_from(yes_no))
        symptoms = [item for item in draw(st.permutations(base.findings)) if item.id != work_up.id]
        later = Later(finding=work_up.id, than=tuple(draw(symptom(item)) for item in symptoms[: draw(st.integers(1, 2))]))
        read_twice = [item for item in base.findings if item.id == symptoms[0].id]
        besides = _test(draw(st.sampled_from([*read_twice * 3, *base.findings])), draw(st.integers(0, 2)))
        shape = draw(st.sampled_from([All(of=(later, besides)), AnyOf(of=(later, besides)), All(of=(later,))]))
        rules.append(rule.model_copy(update={"when": shape}))
    knowledge, _ = _of_rules(base, rules, draw)
    entries = [
        draw(st.sampled_from([None, *_signed(item, knowledge)])) for item in sorted(knowledge.findings, key=lambda item: item.id)
    ]
    return knowledge, Case(findings=tuple(entry for entry in entries if entry is not None))


def _signed(item: Finding, knowledge: KnowledgeBase) -> list[Recorded]:
    """The last values of a finding, undated, and signed on each of two days."""
    found = plain_answers(item, knowledge)[-2:]
    days = (date(2026, 1, 5), date(2026, 1, 8))
    return found + [entry.model_copy(update={"recorded_by": "Dr A", "recorded_on": day}) for day in days for entry in found]


def _of_rules(base: KnowledgeBase, rules: list[Rule], draw: st.DrawFn) -> tuple[KnowledgeBase, Case]:
    knowledge = base.with_items(rules=tuple(rules))
    case = draw(cases(knowledge))
    return knowledge, Case(as_of=case.as_of, findings=case.findings[: draw(st.integers(0, 3))])


def _marked(item: Finding, mark: str) -> Finding:
    return item.model_copy(update={mark: True}) if mark else item


def reads_dates(knowledge: KnowledgeBase) -> frozenset[str]:
    """The work-ups whose signature some rule reads."""
    return frozenset(leaf.finding for rule in knowledge.rules for leaf in leaves(rule.when) if isinstance(leaf, Later))


def recorded(case: Case, entries: tuple[Recorded, ...]) -> Case:
    return case.with_findings(entries)


def plain_answers(item: Finding, knowledge: KnowledgeBase) -> list[Recorded]:
    return [Recorded(finding=item.id, value=value) for value in values_of(item, knowledge)]


def dated_answers(item: Finding, knowledge: KnowledgeBase) -> list[Recorded]:
    """Every value undated, and signed on a day before and on a day after all others."""
    found = plain_answers(item, knowledge)
    days = (date(2020, 1, 1), date(2026, 12, 31))
    return found + [item.model_copy(update={"recorded_by": "Dr B", "recorded_on": day}) for day in days for item in found]


def minimal_changes(knowledge: KnowledgeBase, case: Case, meets: Meets, most: int = 3) -> set[frozenset[tuple[str, object]]]:
    """Every subset-minimal set of changes of findings to known values, fixed ones left alone."""
    free = [item for item in knowledge.findings if not item.fixed]
    answers = {
        item.id: [entry for entry in plain_answers(item, knowledge) if entry.value != case.values.get(item.id)] for item in free
    }
    found: set[frozenset[tuple[str, object]]] = set()
    if meets(Reference(knowledge, case)):
        return found
    for size in range(1, most + 1):
        for names in combinations(answers, size):
            for entries in product(*(answers[name] for name in names)):
                key = frozenset((entry.finding, entry.value) for entry in entries)
                if not any(smaller <= key for smaller in found) and meets(Reference(knowledge, recorded(case, entries))):
                    found.add(key)
    return found


def completions(
    knowledge: KnowledgeBase, case: Case, answers: Callable[[Finding, KnowledgeBase], list[Recorded]] = plain_answers
) -> Iterator[Case]:
    """Every completion: each unknown finding left unknown or given one of its answers."""
    unknown = [item for item in knowledge.findings if item.id not in case.values]
    for chosen in product(*([None, *answers(item, knowledge)] for item in unknown)):
        yield recorded(case, tuple(entry for entry in chosen if entry is not None))


def holds(knowledge: KnowledgeBase, case: Case, conclusion: str, grade: str) -> bool:
    return Reference(knowledge, case).rank(conclusion) >= knowledge.conclusion_by_id[conclusion].grades.index(grade)
