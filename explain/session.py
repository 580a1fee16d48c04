"""A session: one case that is told finding by finding, and what each answer newly concludes or withdraws.

In: an engine, answers. Out: `Shifts` for each answer, and an `Assessment` at any moment. A session belongs to one thread. An
answer that replaces or withdraws another is a later moment of the case, so that a raised flag stays raised.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Set
from datetime import date
from typing import Any

from ..engine.case import Case, Step
from ..engine.case_writer import case_document, case_yaml, whole
from ..engine.infer import Engine, engine_for
from ..knowledge.errors import key_text
from ..knowledge.language import KnowledgeBase
from ..knowledge.loader import load_knowledge
from .assessment import Assessment
from .questions import QuestionGroup, next_questions
from .refusal import read, weighed
from .what_if import Shifts, last_day, read_changes, shifts_between


class Session:
    """A case in the making; `as_of` is its day where it names none. Its repr names no value of the case.

    Raises:
        CaseError: the case cannot be read, or is one moment of a case that has a past.

    >>> from sijoint.explain.session import Session
    >>> session = Session()
    >>> [item.after for item in session.tell({"saddle_numbness": True}).gained if item.conclusion == "disposition"]
    ['emergency']
    >>> session.untell("saddle_numbness").disposition_after
    'emergency'
    """

    def __init__(
        self,
        case: Case | None = None,
        *,
        knowledge: KnowledgeBase | None = None,
        engine: Engine | None = None,
        as_of: date | None = None,
    ) -> None:
        self.engine = engine or engine_for(knowledge or load_knowledge(cases=False))
        source = {"case": "interview", "as_of": as_of} if case is None else case
        given = read(source, self.engine.knowledge, as_of=as_of)
        with weighed(self.engine.knowledge):
            self._assessments = [Assessment(self.engine, whole(given))]

    @property
    def assessment(self) -> Assessment:
        """What the case comes to now."""
        return self._assessments[-1]

    @property
    def case(self) -> Case:
        """The case as told so far, as it stands now."""
        return self.assessment.case

    def tell(self, findings: Mapping[str, Any], *, as_of: date | None = None) -> Shifts:
        """Record findings, written as in a case, and return what is new and what is withdrawn; None makes one unknown.

        What replaces or withdraws an answer is told at a later moment of the case; a flag that was raised stays raised.
        `as_of` is the day on which it is told; a day after that of the case begins a later moment. A correction is made.

        Raises:
            CaseError: a finding cannot be read, there is nothing to correct, or the day is before that of the case; nothing
                was recorded.
        """
        knowledge = self.engine.knowledge
        day = read({"as_of": as_of}, knowledge).as_of
        given = _on_first_day(self.assessment.given, day)
        step = read_changes(findings, given, knowledge, day)
        if step.corrections or (day and day != last_day(given)):
            later = (*given.steps, step.model_copy(update={"as_of": day}))
            return self._move_to(read(given.model_copy(update={"steps": later}), knowledge))
        told = {item.finding for item in step.findings}.union(step.withdrawn)
        if given.steps or not told.isdisjoint(self.case.values):
            return self._move_to(given.model_copy(update={"steps": _with_step(given, step, told)}))
        return self._move_to(given.with_findings(step.findings))

    def untell(self, *findings: str) -> Shifts:
        """Make findings unknown again and return what is new and what is withdrawn.

        Raises:
            CaseError: a finding is not declared.
        """
        return self.tell(dict.fromkeys(map(key_text, findings)))

    def correct(self, finding: str, value: Any, *, by: str, why: str) -> Shifts:
        """Set a mistake of recording right at the moment it was made; a value of None makes the answer unknown there.

        Raises:
            CaseError: the value cannot be read, or there is nothing to correct; nothing was changed.
        """
        entry = {"value": value, "corrected": True, "recorded_by": by, "note": why}
        given = self.assessment.given
        document = case_document(given)
        steps = [*document.get("steps", []), {"findings": {key_text(finding): entry}}]
        return self._move_to(read(document | {"steps": steps}, self.engine.knowledge))

    def _move_to(self, case: Case) -> Shifts:
        before = self.assessment
        self._assessments.append(Assessment(self.engine, case))
        return self._between(before, self.assessment)

    def back(self) -> Shifts | None:
        """Undo the last `tell` or `untell`; None where there is nothing to undo."""
        if len(self._assessments) == 1:
            return None
        before = self._assessments.pop()
        return self._between(before, self.assessment)

    def _between(self, before: Assessment, after: Assessment) -> Shifts:
        old, new = (before.case, before.inference.outcome), (after.case, after.inference.outcome)
        return shifts_between(self.engine.knowledge, old, new)

    def next_questions(self, n: int = 3, *, without: Collection[str] = ()) -> tuple[QuestionGroup, ...]:
        """The questions worth asking next."""
        return next_questions(self.engine, self.assessment.inference, n, without=without)

    def to_yaml(self) -> str:
        """The case as `sijoint.case/1` YAML, its later moments included."""
        return case_yaml(self.assessment.given)

    def __repr__(self) -> str:
        return f"<Session: {len(self.case.findings)} findings>"


def _on_first_day(case: Case, day: date | None) -> Case:
    """A case that says nothing yet begins on the day of its first answers."""
    empty = not (case.as_of or case.findings or case.steps)
    return case.model_copy(update={"as_of": day}) if empty and day else case


def _with_step(case: Case, step: Step, told: Set[str]) -> tuple[Step, ...]:
    """The steps of a case with answers told: part of the last step, or a step of its own where that answered them before."""
    last = case.steps[-1] if case.steps else None
    if last is None or last.corrections or not told.isdisjoint({item.finding for item in last.findings}.union(last.withdrawn)):
        return (*case.steps, step)
    findings = tuple(sorted((*last.findings, *step.findings), key=lambda item: item.finding))
    merged = last.model_copy(update={"findings": findings, "withdrawn": tuple(sorted((*last.withdrawn, *step.withdrawn)))})
    return (*case.steps[:-1], merged)
