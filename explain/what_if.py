"""What if: what other answers would gain, lose and regrade, with the rules responsible.

In: an engine, a case, changes as they would be written in a case. Out: `Shifts`. Both evaluators answer, as for any case.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from pydantic import BaseModel, ConfigDict

from ..engine.case import Case, Step, Value
from ..engine.case_reader import read_findings
from ..engine.case_reading import WHY
from ..engine.infer import Engine
from ..engine.program import Outcome
from ..engine.unshown import Unshown
from ..knowledge.errors import CaseError, Problem
from ..knowledge.items import URGENCY
from ..knowledge.language import KnowledgeBase
from .counterfactual import lowers
from .document import disposition_of
from .refusal import read, weighed

FROZEN = ConfigDict(frozen=True, extra="forbid")


class Told(Unshown):
    """One finding before and after; None for not recorded."""

    model_config = FROZEN
    shown = ("finding",)
    finding: str
    before: Value | None
    after: Value | None


class Shift(BaseModel):
    """A conclusion whose grade changes: `started` are the rules for it that fire now and did not, `stopped` those that did."""

    model_config = FROZEN
    conclusion: str
    before: str | None
    after: str | None
    started: tuple[str, ...]
    stopped: tuple[str, ...]


class Shifts(Unshown):
    """What changes came to: conclusions gained, lost and regraded, and the urgency before and after.

    `re_examine` marks changes that lower the urgency: something to examine again, never advice.
    """

    model_config = FROZEN
    shown = ("gained", "lost", "regraded")
    changes: tuple[Told, ...]
    gained: tuple[Shift, ...]
    lost: tuple[Shift, ...]
    regraded: tuple[Shift, ...]
    disposition_before: str
    disposition_after: str
    re_examine: bool

    @property
    def all(self) -> tuple[Shift, ...]:
        """Every shift: gained, regraded, lost."""
        return (*self.gained, *self.regraded, *self.lost)


def what_if(engine: Engine, case: Case, changes: Mapping[str, Any]) -> Shifts:
    """What a case would come to with some findings recorded otherwise; None withdraws a finding.

    Raises:
        CaseError: a change cannot be read, or is a correction; every problem is listed.
        EvaluatorDisagreement: two evaluators differ; there is no answer.
    """
    case = read(case, engine.knowledge)
    before = engine.infer(case).outcome
    after = changed(case, changes, engine.knowledge)
    return shifts_between(engine.knowledge, (case, before), (after, engine.infer(after).outcome))


def changed(case: Case, changes: Mapping[str, Any], knowledge: KnowledgeBase) -> Case:
    """A case with changes written as findings of a case are; who and when may be given with them.

    Raises:
        CaseError: a change cannot be read, or is a correction.
    """
    step = read_changes(changes, case, knowledge)
    if step.corrections:
        with weighed(knowledge):
            raise _corrections_refused(case, step)
    return case.with_findings(step.findings, step.withdrawn)


def _corrections_refused(case: Case, step: Step) -> CaseError:
    fix = "leave corrected out, or correct it with Session.correct or in a step of the case"
    found = [Problem("case", 0, item.finding, "a correction in a what if", WHY["C011"], fix, "C011") for item in step.corrections]
    return CaseError(found, case=case.case, readable=(case.with_findings(step.findings, step.withdrawn),))


def last_day(case: Case) -> date | None:
    """The day of the last moment of a case."""
    return next((step.as_of for step in reversed(case.steps) if step.as_of), case.as_of)


def read_changes(changes: Mapping[str, Any], case: Case, knowledge: KnowledgeBase, as_of: date | None = None) -> Step:
    """Changes written as findings of a case are, read as of a day, or the last day of the case.

    Raises:
        CaseError: a change cannot be read.
    """
    with weighed(knowledge, lambda readable: case.with_findings(readable.findings)):
        return read_findings(changes, knowledge, as_of or last_day(case))


def shifts_between(knowledge: KnowledgeBase, before: tuple[Case, Outcome], after: tuple[Case, Outcome]) -> Shifts:
    """What differs between two moments of a case."""
    old, new = before[1].grade, after[1].grade
    shifts = [
        _shift(knowledge, item.id, before[1], after[1]) for item in knowledge.declared if old.get(item.id) != new.get(item.id)
    ]
    was, is_now = before[0].values, after[0].values
    told = (Told(finding=item.id, before=was.get(item.id), after=is_now.get(item.id)) for item in knowledge.findings)
    return Shifts(
        changes=tuple(item for item in told if item.before != item.after),
        gained=tuple(item for item in shifts if item.before is None),
        lost=tuple(item for item in shifts if item.after is None),
        regraded=tuple(item for item in shifts if item.before is not None and item.after is not None),
        disposition_before=disposition_of(knowledge, old),
        disposition_after=disposition_of(knowledge, new),
        re_examine=lowers(knowledge, old.get(URGENCY), new.get(URGENCY)),
    )


def _shift(knowledge: KnowledgeBase, conclusion: str, before: Outcome, after: Outcome) -> Shift:
    rules = [rule.id for rule in knowledge.rules_for[conclusion]]
    return Shift(
        conclusion=conclusion,
        before=before.grade.get(conclusion),
        after=after.grade.get(conclusion),
        started=tuple(rule for rule in rules if rule in after.fired - before.fired),
        stopped=tuple(rule for rule in rules if rule in before.fired - after.fired),
    )
