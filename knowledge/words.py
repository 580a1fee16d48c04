"""Wording as models: how findings, conclusions, kinds and rules read in one language.

In: plain values from `wording/<language>.yaml`. Out: models, by id.
"""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import BaseModel, Field, StringConstraints

from .conditions import FROZEN
from .items import Id, Item, Line, Text

PLACEHOLDER = re.compile(r"\{\$([a-z][a-z0-9_]*)\}")
"""`{$parameter}` in a sentence: its value and unit are said in its place."""


class FindingWords(BaseModel):
    """How a finding is named and asked."""

    model_config = FROZEN
    label: Line
    question: Line
    absent: Line | None = None
    why: Text | None = None
    choices: dict[Id, Line] = Field(default_factory=dict)


class ConclusionWords(BaseModel):
    """How a conclusion reads: for clinicians one sentence per grade, and plain words for the patient."""

    model_config = FROZEN
    label: Line
    text: Text | None = None
    grades: dict[Id, Text] = Field(default_factory=dict)
    patient: Text | dict[Id, Text] | None = None

    def sentence(self, grade: str) -> str:
        """The clinician's sentence at a grade."""
        return self.grades.get(grade) or self.text or self.label

    def plain(self, grade: str) -> str | None:
        """The patient's sentence at a grade, where one was written."""
        return self.patient.get(grade) if isinstance(self.patient, dict) else self.patient


class RuleWords(BaseModel):
    """A rule's title, interpretation and mechanism in another language."""

    model_config = FROZEN
    title: Line | None = None
    interpretation: Text | None = None
    because: Text | None = None


class Wording(Item):
    """The words of one language, by id; `patient` holds the headings of the kinds that a patient is told about."""

    language: Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")]
    kinds: dict[Id, Line] = Field(default_factory=dict)
    patient: dict[Id, Line] = Field(default_factory=dict)
    findings: dict[Id, FindingWords] = Field(default_factory=dict)
    conclusions: dict[Id, ConclusionWords] = Field(default_factory=dict)
    rules: dict[Id, RuleWords] = Field(default_factory=dict)
