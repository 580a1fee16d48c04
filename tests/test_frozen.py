"""Results and knowledge are values: every published model and every record is frozen, but for the few that are being filled."""

from __future__ import annotations

import dataclasses
import importlib
import pkgutil
from collections.abc import Iterator
from typing import Any

import pydantic

import sijoint
from sijoint import engine, explain, knowledge

FILLED = {
    "sijoint.engine.case_reading.Reading",
    "sijoint.engine.moments._Standing",
    "sijoint.engine.moments._Visit",
    "sijoint.engine.suite.Suite",
    "sijoint.explain.questions.Wanted",
    "sijoint.explain.summary.Summary",
    "sijoint.interviewing.Interview",
    "sijoint.knowledge.loading.Loading",
    "sijoint.knowledge.reading.PackItems",
    "sijoint.knowledge.yaml_reader.Document",
    "sijoint.lines.Lines",
    "sijoint.verify.circuit.Circuit",
    "sijoint.verify.lanes.Lane",
    "sijoint.verify.mcdc.Shown",
}
"""Still being filled while a file, a case or a proof is worked on; none of them leaves the function that made it unread."""


def classes() -> Iterator[type[Any]]:
    for package in (sijoint, engine, explain, knowledge):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            loaded = importlib.import_module(module.name)
            yield from (each for each in vars(loaded).values() if isinstance(each, type) and each.__module__ == module.name)


def frozen(each: type[Any]) -> bool:
    if issubclass(each, pydantic.BaseModel):
        return bool(each.model_config.get("frozen"))
    return bool(each.__dataclass_params__.frozen)


def test_every_model_and_record_is_frozen() -> None:
    found = {each for each in classes() if issubclass(each, pydantic.BaseModel) or dataclasses.is_dataclass(each)}
    assert {f"{each.__module__}.{each.__name__}" for each in found if not frozen(each)} == FILLED
