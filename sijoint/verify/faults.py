"""Faults in what is not a rule: constraints, ranges, what is shown, words; and what notices each.

In: `KnowledgeBase`. Out: `Fault`s and, for each, the case or the diagnostic that notices it, or None. What rules conclude is
the business of `mutants`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from ..engine.case import Case
from ..engine.infer import Engine
from ..engine.moments import moments_of
from ..engine.reference import Reference
from ..engine.suite import Suite
from ..knowledge.checks import check_wording
from ..knowledge.errors import Problem
from ..knowledge.items import URGENCY
from ..knowledge.language import Constraint, KnowledgeBase
from ..knowledge.lint_words import lint_patient_words, lint_promises, lint_questions, lint_shown, lint_swaps, lint_tiers, raising
from ..knowledge.words import ConclusionWords, FindingWords, Wording
from .mutants import KINDS, Vocabulary

_SHOWS_NO = re.compile(r"\b(show|that \w+ \w+ is|completed) (?:no|not|without) ")
_VERB = re.compile(r"\b((?:is|are|does|do|did|has|have|was|were|can) \w+) ", re.I)

_OTHER_UNIT = {
    "days": "weeks",
    "weeks": "days",
    "years": "months",
    "hours": "minutes",
    "minutes": "hours",
    "months": "weeks",
    "ml": "drops",
}

Check = Callable[[KnowledgeBase], Iterable[Problem]]


@dataclass(frozen=True)
class Fault:
    """One fault: which kind, where, what was changed, the knowledge with it, and the diagnostics that may notice it."""

    kind: str
    item: str
    what: str
    knowledge: KnowledgeBase
    checks: tuple[Check, ...] = ()
    constraint: Constraint | None = None
    dropped: bool = False

    def __str__(self) -> str:
        return f"{self.item}: {self.what}"


@dataclass(frozen=True)
class Noticed:
    """Every fault with what notices it."""

    faults: tuple[tuple[Fault, str | None], ...]

    @property
    def survivors(self) -> tuple[Fault, ...]:
        """Those that nothing notices."""
        return tuple(fault for fault, by in self.faults if by is None)

    @property
    def percent(self) -> float:
        """Noticed of all."""
        return 100 * (len(self.faults) - len(self.survivors)) / len(self.faults) if self.faults else 100.0

    def __str__(self) -> str:
        noticed = len(self.faults) - len(self.survivors)
        return f"noticed {noticed} of {len(self.faults)} faults in constraints, ranges, display and words ({self.percent:.1f}%)"


def notice(knowledge: KnowledgeBase) -> Noticed:
    """What notices every fault of a knowledge base."""
    shown = Shown(knowledge)
    return Noticed(tuple((fault, shown.by(fault)) for fault in faults_of(knowledge)))


def faults_of(knowledge: KnowledgeBase) -> Iterator[Fault]:
    """Every fault, kind by kind in the order of the knowledge."""
    yield from _constraints(knowledge)
    yield from _ranges(knowledge)
    yield from _display(knowledge)
    yield from _questions(knowledge)
    yield from _conclusions(knowledge)


def _constraints(knowledge: KnowledgeBase) -> Iterator[Fault]:
    vocabulary = Vocabulary(knowledge)
    for item in knowledge.constraints:
        name = f"constraint {item.id}"
        yield Fault("constraint dropped", name, "dropped", knowledge, constraint=item, dropped=True)
        for number, member in enumerate(item.never):
            before, after = item.never[:number], item.never[number + 1 :]
            wider = item.model_copy(update={"never": (*before, *after)})
            yield Fault("constraint too wide", name, f"member {number + 1} dropped", knowledge, constraint=wider)
            for kind, mutate in KINDS:
                for what, changed in mutate(member, vocabulary):
                    other = item.model_copy(update={"never": (*before, changed, *after)})
                    yield Fault(f"constraint: {kind}", name, what, knowledge, constraint=other)


def _ranges(knowledge: KnowledgeBase) -> Iterator[Fault]:
    for item in knowledge.findings:
        if item.type == "number" and item.range and item.side != "right":
            low, high = item.range
            for what, narrower in (("lowest", (low + 1, high)), ("highest", (low, high - 1))):
                changed = item.model_copy(update={"range": narrower})
                findings = tuple(changed if each.id == item.id else each for each in knowledge.findings)
                yield Fault("range narrowed", f"finding {item.id}", what, _with(knowledge, findings=findings))


def _display(knowledge: KnowledgeBase) -> Iterator[Fault]:
    for name in sorted(raising(knowledge)):
        changed = knowledge.conclusion_by_id[name].model_copy(update={"within": URGENCY})
        conclusions = tuple(changed if item.id == name else item for item in knowledge.conclusions)
        what = f"shown only within {URGENCY}"
        yield Fault("reason hidden", f"conclusion {name}", what, _with(knowledge, conclusions=conclusions), (lint_shown,))
    used = {item.kind for item in knowledge.conclusions}
    for key, check in (("kinds", check_wording), ("patient", lint_patient_words)):
        for name in sorted({kind for words in _english(knowledge) for kind in getattr(words, key)} & used):
            yield Fault("heading lost", f"kind {name}", f"{key} heading", _without_heading(knowledge, key, name), (check,))


def _without_heading(knowledge: KnowledgeBase, key: str, name: str) -> KnowledgeBase:
    wording = []
    for words in knowledge.wording:
        kept = {kind: heading for kind, heading in getattr(words, key).items() if kind != name}
        wording.append(words.model_copy(update={key: kept}))
    return _with(knowledge, wording=tuple(wording))


def _questions(knowledge: KnowledgeBase) -> Iterator[Fault]:
    types = {item.base: item.type for item in knowledge.findings}
    for words in _english(knowledge):
        for name, said in words.findings.items():
            if types.get(name) == "yes_no" and flipped(said.question) != said.question:
                yield _asked(knowledge, words, "question flipped", {name: flipped(said.question)})
        for one, other in pairwise(words.findings):
            swapped = {one: words.findings[other].question, other: words.findings[one].question}
            yield _asked(knowledge, words, "questions swapped", swapped)
    for item in knowledge.findings:
        if item.type == "number" and item.side != "right":
            changed = item.model_copy(update={"unit": _OTHER_UNIT.get(item.unit or "", "months")})
            findings = tuple(changed if each.id == item.id else each for each in knowledge.findings)
            yield Fault("unit changed", f"finding {item.base}", "unit", _with(knowledge, findings=findings), (lint_questions,))


def flipped(question: str) -> str:
    """The question turned round: a `no` of its main clause left out, else one put in behind its first verb.

    >>> flipped("On examination, is there fever?"), flipped("Did imaging show no fracture?")
    ('On examination, is there not fever?', 'Did imaging show fracture?')
    """
    if _SHOWS_NO.search(question):
        return _SHOWS_NO.sub(r"\1 ", question, count=1)
    return _VERB.sub(r"\1 not ", question, count=1)


def _asked(knowledge: KnowledgeBase, words: Wording, kind: str, questions: Mapping[str, str]) -> Fault:
    changed = {name: words.findings[name].model_copy(update={"question": text}) for name, text in questions.items()}
    findings: dict[str, FindingWords] = {**words.findings, **changed}
    checks: tuple[Check, ...] = (lint_questions, lint_swaps) if len(questions) > 1 else (lint_questions,)
    what = " and ".join(questions)
    return Fault(kind, f"wording of {next(iter(questions))}", what, _worded(knowledge, words, findings=findings), checks)


def _conclusions(knowledge: KnowledgeBase) -> Iterator[Fault]:
    needed = raising(knowledge) | {URGENCY}
    headed = {kind for words in _english(knowledge) for kind in words.patient}
    for words in _english(knowledge):
        for name, said in words.conclusions.items():
            kept = tuple(item for item in knowledge.conclusions if item.base == name)
            for text in ("This cures the pain.", "The diagnosis is confirmed."):
                promising = said.model_copy(update={"text": f"{said.text or said.label} {text}"})
                base = _with(_said(knowledge, words, name, promising), conclusions=kept)
                yield Fault("promise added", f"wording of {name}", text, base, (lint_promises,))
            if name in needed and all(item.kind in headed for item in kept):
                silent = said.model_copy(update={"patient": None})
                base = _said(knowledge, words, name, silent)
                yield Fault("patient words deleted", f"wording of {name}", "patient", base, (lint_patient_words,))
        if URGENCY in words.conclusions:
            yield from _tiers(knowledge, words, words.conclusions[URGENCY])


def _tiers(knowledge: KnowledgeBase, words: Wording, said: ConclusionWords) -> Iterator[Fault]:
    for key in ("grades", "patient"):
        sentences = getattr(said, key)
        tiers = list(sentences) if isinstance(sentences, dict) else []
        for number, one in enumerate(tiers):
            for other in tiers[number + 1 :]:
                swapped = {**sentences, one: sentences[other], other: sentences[one]}
                base = _said(knowledge, words, URGENCY, said.model_copy(update={key: swapped}))
                yield Fault("tiers swapped", f"wording of {URGENCY}", f"{key} {one} and {other}", base, (lint_tiers,))


def _with(knowledge: KnowledgeBase, **parts: tuple[Any, ...]) -> KnowledgeBase:
    """The knowledge with some items replaced and without a fingerprint: it is examined, and no engine takes it."""
    held = {name: getattr(knowledge, name) for name in KnowledgeBase.model_fields}
    return KnowledgeBase.model_construct(**{**held, **parts, "fingerprint": ""})


def _english(knowledge: KnowledgeBase) -> Iterator[Wording]:
    return (item for item in knowledge.wording if item.language == "en")


def _worded(knowledge: KnowledgeBase, words: Wording, **change: Any) -> KnowledgeBase:
    changed = words.model_copy(update=change)
    return _with(knowledge, wording=tuple(changed if item is words else item for item in knowledge.wording))


def _said(knowledge: KnowledgeBase, words: Wording, name: str, said: ConclusionWords) -> KnowledgeBase:
    return _worded(knowledge, words, conclusions={**words.conclusions, name: said})


class Shown:
    """What the cases and the diagnostics of one knowledge base notice."""

    def __init__(self, knowledge: KnowledgeBase) -> None:
        self.knowledge = knowledge
        self.accepted = {(item.code, item.item) for item in knowledge.accepted}
        suite = Suite(knowledge, Engine(knowledge, ("compiled",)))
        self.found: dict[Check, set[tuple[str, str, str]]] = {}
        self.values: dict[str, set[Any]] = {}
        self.cases: list[tuple[Reference, frozenset[str], bool, frozenset[str]]] = []
        for item in knowledge.cases:
            for change in ({}, *(miss.change for miss in item.near_misses)):
                if case := suite.case(item, change):
                    self._learn(moments_of(case, self.knowledge)[-1], item.contradicts, near=bool(change))

    def _learn(self, case: Case, contradicts: tuple[str, ...] | None, near: bool) -> None:
        for name, value in case.values.items():
            self.values.setdefault(name, set()).add(value)
        if contradicts is not None and (contradicts or not near):
            reference = Reference(self.knowledge, case)
            broken = frozenset(each.id for each in self.knowledge.constraints if _breaks(reference, each))
            self.cases.append((reference, frozenset(contradicts), near, broken))

    def by(self, fault: Fault) -> str | None:
        """The code or the case that notices a fault."""
        if fault.constraint:
            return self._by_case(fault, fault.constraint)
        if fault.kind == "range narrowed":
            return self._by_range(fault)
        for check in fault.checks:
            before = self._before(check)
            for problem in check(fault.knowledge):
                if (problem.code, problem.item, problem.what) not in before and (problem.code, problem.item) not in self.accepted:
                    return problem.code
        return None

    def _before(self, check: Check) -> set[tuple[str, str, str]]:
        if check not in self.found:
            self.found[check] = {(problem.code, problem.item, problem.what) for problem in check(self.knowledge)}
        return self.found[check]

    def _by_case(self, fault: Fault, constraint: Constraint) -> str | None:
        """A case expects exactly what it lists; a near miss expects that not all of it is broken."""
        for reference, expected, near, broken in self.cases:
            now = broken - {constraint.id}
            if not fault.dropped and _breaks(reference, constraint):
                now |= {constraint.id}
            if (now >= expected) if near else (now != expected):
                return f"case {reference.case.case}"
        return None

    def _by_range(self, fault: Fault) -> str | None:
        name = fault.item.partition(" ")[2]
        low, high = fault.knowledge.finding_by_id[name].range or (0, 0)
        return "case" if any(not low <= value <= high for value in self.values.get(name, ())) else None


def _breaks(reference: Reference, constraint: Constraint) -> bool:
    return all(reference.holds(test) for test in constraint.never)
