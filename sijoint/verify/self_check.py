"""Is this installation fit to answer? Asked at start-up, answered line by line.

In: nothing but what is installed. Out: `Check`s, each passed or failed.
"""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from ..engine.case import Case, Recorded, Value
from ..engine.infer import EVALUATORS, Engine, default_evaluators, engine_for
from ..engine.program import Outcome
from ..knowledge.errors import EngineError, KnowledgeError
from ..knowledge.language import Finding, KnowledgeBase
from ..knowledge.loader import SHIPPED, load_knowledge
from ..knowledge.release import read_release

SOFTWARE = ("sijoint", "pydantic", "PyYAML", "durable-rules")


@dataclass(frozen=True)
class Check:
    """One thing looked at: what was found, or what is wrong."""

    name: str
    passed: bool
    found: str

    def __str__(self) -> str:
        return f"{'ok' if self.passed else 'FAILED'} {self.name}: {self.found}"


def self_check() -> Iterator[Check]:
    """The checks in order; later ones are left out where an earlier one took away what they need."""
    yield Check("versions", True, ", ".join([f"Python {platform.python_version()}", *map(_version, SOFTWARE)]))
    try:
        knowledge = load_knowledge(cases=False)
    except KnowledgeError as error:
        yield Check("knowledge", False, str(error))
        return
    packs = ", ".join(f"{item.pack} {item.version}" for item in knowledge.packs)
    yield Check("knowledge", True, f"whole, {packs}; {len(knowledge.rules)} rules, fingerprint {knowledge.fingerprint}")
    try:
        yield _evaluators(knowledge)
    except EngineError as error:
        yield Check("evaluators", False, str(error))


def _evaluators(knowledge: KnowledgeBase) -> Check:
    chosen = tuple(dict.fromkeys((*default_evaluators(), *EVALUATORS[1:])))
    cases = tuple(built_in_cases(knowledge))
    answers = answers_of(engine_for(knowledge, chosen), cases)
    agreed = f"{', '.join(chosen)} agree on {len(cases)} cases"
    if answers != read_release(SHIPPED).answers:
        return Check("evaluators", False, f"{agreed}, but not with what was released")
    return Check("evaluators", True, f"{agreed} and with what was released")


def _version(name: str) -> str:
    try:
        return f"{name} {version(name)}"
    except PackageNotFoundError:
        return f"{name} not installed"


def built_in_cases(knowledge: KnowledgeBase) -> Iterator[Case]:
    """Nothing known; every yes/no answered yes, and no; and each choice and number at its ends."""
    answers: dict[str, Callable[[Finding], Value | None]] = {
        "nothing": lambda item: None,
        "yes": lambda item: True if item.type == "yes_no" else None,
        "no": lambda item: False if item.type == "yes_no" else None,
        "first": lambda item: _end(item, 0),
        "last": lambda item: _end(item, -1),
    }
    for name, answer in answers.items():
        given = ((item.id, answer(item)) for item in sorted(knowledge.findings, key=lambda item: item.id))
        yield Case(case=name, findings=tuple(Recorded(finding=key, value=value) for key, value in given if value is not None))


def _end(item: Finding, place: int) -> Value:
    """One end of what a finding may be; no comes first."""
    if item.type == "yes_no":
        return bool(place)
    return item.choices[place] if item.type == "choice" else (item.range or (0, 0))[place]


def answers_of(engine: Engine, cases: Iterable[Case]) -> str:
    """SHA-256 over the fired rules and grades of cases."""
    outcomes = {case.case: _written(engine.infer(case).outcome) for case in cases}
    return hashlib.sha256(json.dumps(outcomes, sort_keys=True).encode()).hexdigest()


def _written(outcome: Outcome) -> tuple[list[str], tuple[tuple[str, str], ...]]:
    return sorted(outcome.fired), outcome.grades
