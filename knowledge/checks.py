"""Checks of a resolved knowledge base: references, shapes of findings, owners, words.

In: `KnowledgeBase`. Out: problems; none when it can be used. The passes stand in `CHECKS`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from .conditions import FINDING_TESTS, NumberTest, leaves
from .errors import Problem, nearest
from .graph import conclusions_read
from .items import ONLY_GRADE, Item
from .language import Conclusion, Finding, KnowledgeBase, Pack
from .words import Wording


def check_knowledge(knowledge: KnowledgeBase) -> list[Problem]:
    """Every problem that needs the whole knowledge base to be seen."""
    return [problem for check in CHECKS for problem in check(knowledge)]


def _at(item: Item, title: str, what: str, why: str, fix: str, code: str) -> Problem:
    return Problem(item.file, item.line, title, what, why, fix, code)


def check_findings(knowledge: KnowledgeBase) -> Iterator[Problem]:
    """A number has a unit and a range, a choice has choices."""
    for item in knowledge.findings:
        title = f"finding {item.base}"
        if item.side == "right":
            continue
        if item.range and item.range[0] > item.range[1]:
            yield _at(item, title, "the range is upside down", "no value lies in it", "write range: [low, high]", "K003")
        if item.type == "number" and (item.unit is None or item.range is None):
            yield _at(
                item,
                title,
                "a number without unit or range",
                "a typing error could not be seen",
                "add unit: and range: [low, high]",
                "K003",
            )
        if item.type == "choice" and len(set(item.choices)) < 2:
            yield _at(item, title, "fewer than two different choices", "there is nothing to choose", "add choices:", "K003")
        if item.type != "choice" and item.choices:
            yield _at(item, title, "choices on a finding that is none", "they are never read", "remove them", "K003")
        if item.type == "number" and any(not isinstance(bound, int) for bound in item.range or ()) and item.whole:
            yield _at(item, title, "whole number with a broken range", "the bounds cannot be reached", "use whole bounds", "K003")


def check_ageing(knowledge: KnowledgeBase) -> Iterator[Problem]:
    """A number moves with time, a no is good for some days, and both name what exists."""
    known, parameters = {item.base: item for item in knowledge.findings}, knowledge.parameter_by_id
    for item in (item for item in knowledge.findings if item.side != "right"):
        title, implied = f"finding {item.base}", known.get(item.implies or "")
        if item.elapses and item.type != "number":
            yield _at(item, title, "elapses on a finding that is no number", "nothing could move", "remove it", "K003")
        if item.good_for is not None and item.type != "yes_no":
            yield _at(item, title, "good_for on a finding that has no no", "nothing could lapse", "remove it", "K003")
        if item.implies and (implied is None or implied.type != "yes_no" or implied.per):
            what, fix = f"implies {item.implies}, which is no yes/no without sides", nearest(item.implies, known)
            yield _at(item, title, what, "it could not lapse with it", fix, "K004")
    aged: list[tuple[Item, str, Any]] = [(item, f"finding {item.base}", item.good_for) for item in knowledge.findings]
    aged += [(item, f"screen {item.id}", item.good_for) for item in knowledge.screens]
    for owner, title, days in aged:
        if isinstance(days, str) and (days[1:] not in parameters or parameters[days[1:]].unit != "days"):
            what, fix = f"good_for {days}, which is no parameter in days", nearest(days[1:], parameters)
            yield _at(owner, title, what, "it is unclear when a no lapses", fix, "K004")


def check_conclusions(knowledge: KnowledgeBase) -> Iterator[Problem]:
    """Grades are different and kinds are known; a gate names a conclusion."""
    for item in knowledge.declared:
        if len(set(item.grades)) < len(item.grades):
            yield _at(item, f"conclusion {item.base}", "a grade twice", "their order is unclear", "remove one", "K006")
        if item.kind not in knowledge.kind_by_id:
            yield _at(
                item,
                f"conclusion {item.base}",
                f"unknown kind {item.kind}",
                "its gate is not known",
                nearest(item.kind, knowledge.kind_by_id),
                "K004",
            )


def check_gates(knowledge: KnowledgeBase) -> Iterator[Problem]:
    """What holds back a kind is a declared conclusion, and only an actionable kind is held back."""
    for pack in knowledge.packs:
        for name, kind in pack.kinds.items():
            if kind.unless and not kind.actionable:
                yield _at(pack, f"kind {name}", "a gate on a kind that is not actionable", "it would hold nothing back",
                          "add actionable: true, or remove unless", "K011")  # fmt: skip
            for gate in (gate for gate in kind.unless if gate not in knowledge.conclusion_by_id):
                yield _at(pack, f"kind {name}", f"its gate {gate} is no conclusion", "it would hold nothing back",
                          nearest(gate, knowledge.conclusion_by_id), "K011")  # fmt: skip


def check_parameters(knowledge: KnowledgeBase) -> Iterator[Problem]:
    """A parameter lies in its own range."""
    for item in knowledge.parameters:
        if not item.range[0] <= item.value <= item.range[1]:
            what = f"value {item.value} outside its range {item.range[0]} to {item.range[1]}"
            yield _at(item, f"parameter {item.id}", what, "one of them is wrong", "correct one of them", "K009")


def check_references(knowledge: KnowledgeBase) -> Iterator[Problem]:
    """Everything that is cited is declared."""
    known = knowledge.reference_by_id
    cited: list[tuple[Item, str, tuple[str, ...]]] = []
    cited += [(item, f"finding {item.base}", item.source) for item in knowledge.findings if item.side != "right"]
    cited += [(item, f"conclusion {item.base}", item.source) for item in knowledge.declared if item.side != "right"]
    cited += [(item, f"rule {item.id}", item.source) for item in knowledge.rules if item.side != "right"]
    cited += [(item, f"parameter {item.id}", item.source) for item in knowledge.parameters]
    cited += [(item, f"screen {item.id}", item.source) for item in knowledge.screens]
    cited += [(item, f"reference {item.id}", item.cites) for item in knowledge.references]
    cited += [(item, f"difference {item.id}", item.says_source + item.published_source) for item in knowledge.differences]
    cited += [
        (item, f"estimate {item.id}", tuple(key for part in item.variants for key in part.source)) for item in knowledge.estimates
    ]
    for item, title, sources in cited:
        for key in sources:
            if key not in known:
                yield _at(
                    item, title, f"cites {key}, which is not declared", "nobody can look it up", nearest(key, known), "K004"
                )


def check_owners(knowledge: KnowledgeBase) -> Iterator[Problem]:
    """A pack uses only its own ids and those of packs it requires, directly or through them."""
    reach = _reach({pack.pack: pack.requires for pack in knowledge.packs})
    owner = {item.id: item.pack for item in knowledge.findings} | {item.id: item.pack for item in knowledge.conclusions}
    for rule in (rule for rule in knowledge.rules if rule.id not in knowledge.generated):
        used = {leaf.finding if isinstance(leaf, FINDING_TESTS) else leaf.conclusion for leaf in leaves(rule.when)}
        used |= conclusions_read(rule)
        used |= {item.conclusion for item in rule.then}
        for key in sorted(key for key in used if owner[key] not in reach[rule.pack]):
            yield _at(
                rule,
                f"rule {rule.id}",
                f"uses {key} of {owner[key]}, which is not required",
                "it would break when packs are loaded alone",
                f"add {owner[key]} to requires",
                "K014",
            )


def _reach(requires: dict[str, tuple[str, ...]]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for name, needed in requires.items():  # required packs come first
        found[name] = {name}.union(*(found[key] for key in needed))
    return found


def check_about(knowledge: KnowledgeBase) -> Iterator[Problem]:
    """Differences and estimates speak about declared conclusions."""
    known = {item.base for item in knowledge.conclusions} | set(knowledge.conclusion_by_id)
    about: list[tuple[Item, str, tuple[str, ...]]] = [
        (item, f"difference {item.id}", item.about) for item in knowledge.differences
    ]
    about += [(item, f"estimate {item.id}", (item.shown_with,)) for item in knowledge.estimates]
    for item, title, names in about:
        for name in (name for name in names if name not in known):
            yield _at(item, title, f"unknown conclusion {name}", "it would never be shown", nearest(name, known), "K004")


def check_number_tests(knowledge: KnowledgeBase) -> Iterator[Problem]:
    """A whole number is compared with a whole number."""
    for rule in knowledge.rules:
        for leaf in leaves(rule.when):
            if isinstance(leaf, NumberTest) and knowledge.finding_by_id[leaf.finding].whole and leaf.value != int(leaf.value):
                yield _at(
                    rule,
                    f"rule {rule.id}",
                    f"{leaf.finding} is whole but compared with {leaf.value}",
                    "the bound can never be met exactly",
                    "use a whole number",
                    "K009",
                )


def check_wording(knowledge: KnowledgeBase) -> Iterator[Problem]:
    """Every finding, conclusion, grade and kind has words in English, and no words speak of unknown ids."""
    spoken = [item for item in knowledge.wording if item.language == "en"]
    packs = {item.pack: item for item in knowledge.packs}
    findings: dict[str, Any] = {key: words for item in spoken for key, words in item.findings.items()}
    conclusions: dict[str, Any] = {key: words for item in spoken for key, words in item.conclusions.items()}
    kinds = {key for item in spoken for key in item.kinds}
    for finding in (item for item in knowledge.findings if item.side != "right"):
        yield from _finding_words(finding, findings.get(finding.base))
    for conclusion in (item for item in knowledge.declared if item.side != "right"):
        yield from _conclusion_words(conclusion, conclusions.get(conclusion.base))
    for name in (item.kind for item in knowledge.declared):
        if name not in kinds and name in knowledge.kind_by_id:
            kinds.add(name)
            owner: Pack = next(pack for pack in packs.values() if name in pack.kinds)
            yield _at(
                owner,
                f"kind {name}",
                "no words in English",
                "its heading would be an id",
                "add kinds: to wording/en.yaml",
                "K013",
            )
    yield from _unspoken(knowledge, spoken)


def _finding_words(finding: Finding, words: Any) -> Iterator[Problem]:
    title = f"finding {finding.base}"
    if words is None:
        yield _at(
            finding,
            title,
            "no words in English",
            "it can be neither named nor asked",
            "add label and question to wording/en.yaml",
            "K013",
        )
    elif missing := [choice for choice in finding.choices if choice not in words.choices]:
        yield _at(
            finding,
            title,
            f"no words for {', '.join(missing)}",
            "the choice would read as an id",
            "add choices: to its wording",
            "K013",
        )


def _conclusion_words(conclusion: Conclusion, words: Any) -> Iterator[Problem]:
    title = f"conclusion {conclusion.base}"
    fix = "add label and text, or grades, to wording/en.yaml"
    if words is None:
        yield _at(conclusion, title, "no words in English", "it would read as an id", fix, "K013")
    elif words.text is None:
        for grade in (grade for grade in conclusion.grades if grade not in words.grades):
            what = "no text" if grade == ONLY_GRADE else f"no words for grade {grade}"
            yield _at(conclusion, title, what, "it would read as an id", fix, "K013")


def _unspoken(knowledge: KnowledgeBase, spoken: list[Wording]) -> Iterator[Problem]:
    known = {item.base for item in knowledge.findings} | {item.base for item in knowledge.conclusions}
    rules = {rule.id.partition("/")[2].partition(".")[0] for rule in knowledge.rules}
    for item in spoken:
        names = [(name, known) for name in (*item.findings, *item.conclusions)] + [(name, rules) for name in item.rules]
        for name, declared in names:
            if name not in declared:
                yield _at(item, f"wording of {name}", "no such id", "the words are never shown", nearest(name, declared), "K004")


def check_rules(knowledge: KnowledgeBase) -> Iterator[Problem]:
    """No rule concludes one conclusion twice, and none is blocked by what it concludes."""
    for rule in knowledge.rules:
        names = [item.conclusion for item in rule.then]
        if len(set(names)) < len(names):
            yield _at(rule, f"rule {rule.id}", "one conclusion twice in then", "its grade is unclear", "keep one", "K003")


CHECKS: tuple[Callable[[KnowledgeBase], Iterator[Problem]], ...] = (
    check_findings,
    check_ageing,
    check_conclusions,
    check_gates,
    check_parameters,
    check_references,
    check_owners,
    check_about,
    check_number_tests,
    check_rules,
    check_wording,
)
