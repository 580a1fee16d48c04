"""Wording as models: how findings, conclusions, kinds and rules read in one language.

In: plain values from `wording/<language>.yaml`. Out: models, by id.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated

from pydantic import BaseModel, Field, StringConstraints

from .conditions import FROZEN
from .frozen import FrozenDict, FrozenMapping
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
    choices: FrozenMapping[Id, Line] = Field(default_factory=FrozenDict)


class ConclusionWords(BaseModel):
    """How a conclusion reads: for clinicians one sentence per grade, and plain words for the patient."""

    model_config = FROZEN
    label: Line
    text: Text | None = None
    grades: FrozenMapping[Id, Text] = Field(default_factory=FrozenDict)
    patient: Text | FrozenMapping[Id, Text] | None = None

    def sentence(self, grade: str) -> str:
        """The clinician's sentence at a grade."""
        return self.grades.get(grade) or self.text or self.label

    def plain(self, grade: str) -> str | None:
        """The patient's sentence at a grade, where one was written."""
        return self.patient.get(grade) if isinstance(self.patient, Mapping) else self.patient


class RuleWords(BaseModel):
    """A rule's title, interpretation and mechanism in another language."""

    model_config = FROZEN
    title: Line | None = None
    interpretation: Text | None = None
    because: Text | None = None


class Wording(Item):
    """The words of one language, by id; `patient` holds the headings of the kinds that a patient is told about."""

    language: Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")]
    kinds: FrozenMapping[Id, Line] = Field(default_factory=FrozenDict)
    patient: FrozenMapping[Id, Line] = Field(default_factory=FrozenDict)
    findings: FrozenMapping[Id, FindingWords] = Field(default_factory=FrozenDict)
    conclusions: FrozenMapping[Id, ConclusionWords] = Field(default_factory=FrozenDict)
    rules: FrozenMapping[Id, RuleWords] = Field(default_factory=FrozenDict)
