"""A session: one case that is told finding by finding, and what each answer newly concludes or withdraws.

In: an engine, answers. Out: `Shifts` for each answer, and an `Assessment` at any moment. A session belongs to one thread.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import yaml

from ..engine.case import SCHEMA, Case, Recorded
from ..engine.infer import Engine, engine_for
from ..knowledge.language import KnowledgeBase
from ..knowledge.loader import load_knowledge
from .assessment import Assessment
from .questions import QuestionGroup, next_questions
from .what_if import Shifts, changed, shifts_between


class Session:
    """A case in the making. Its repr names no value of the case.

    >>> from sijoint.explain.session import Session
    >>> session = Session()
    >>> [item.after for item in session.tell({"saddle_numbness": True}).gained if item.conclusion == "disposition"]
    ['emergency']
    >>> [item.conclusion for item in session.untell("saddle_numbness").lost if item.conclusion == "disposition"]
    ['disposition']
    """

    def __init__(self, case: Case | None = None, *, knowledge: KnowledgeBase | None = None, engine: Engine | None = None) -> None:
        self.engine = engine or engine_for(knowledge or load_knowledge(cases=False))
        self._assessments = [Assessment(self.engine, case or Case(case="interview"))]

    @property
    def assessment(self) -> Assessment:
        """What the case comes to now."""
        return self._assessments[-1]

    @property
    def case(self) -> Case:
        """The case as told so far."""
        return self.assessment.case

    def tell(self, findings: Mapping[str, Any]) -> Shifts:
        """Record findings, written as in a case, and return what is new and what is withdrawn; None makes one unknown.

        Raises:
            CaseError: a finding cannot be read; nothing was recorded.
        """
        return self._move_to(changed(self.case, findings, self.engine.knowledge))

    def untell(self, *findings: str) -> Shifts:
        """Make findings unknown again and return what is new and what is withdrawn.

        Raises:
            CaseError: a finding is not declared.
        """
        return self.tell(dict.fromkeys(findings))

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
        """The case as `sijoint.case/1` YAML."""
        return case_yaml(self.case)

    def __repr__(self) -> str:
        return f"<Session: {len(self.case.findings)} findings>"


def case_yaml(case: Case) -> str:
    """A case without steps as `sijoint.case/1` YAML, as `read_case` reads it."""
    document: dict[str, Any] = {"schema": SCHEMA, "case": case.case}
    if case.as_of:
        document["as_of"] = case.as_of
    document["findings"] = {item.finding: _written(item) for item in case.findings}
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True)


def _written(item: Recorded) -> Any:
    content = item.model_dump(exclude={"finding"}, exclude_none=True)
    return content if len(content) > 1 else item.value
