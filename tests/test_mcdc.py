"""Cases in which every test of a rule decides: they run, and they decide every clause that some patient decides."""

from __future__ import annotations

from pathlib import Path

import yaml
from sijoint.engine.infer import Engine
from sijoint.engine.suite import run_suite
from small_pack import load, parts

from sijoint.verify.decisive import clauses_of
from sijoint.verify.lanes import suite_lanes
from sijoint.verify.mcdc import missing_cases, write_cases


def test_generated_cases_run_and_decide_every_clause(tmp_path: Path) -> None:
    pack = {**parts(), "rules.cases.yaml": []}
    text = write_cases(missing_cases(load(tmp_path / "bare", pack), ()))
    pack["mcdc.cases.yaml"] = yaml.safe_load(text)
    knowledge = load(tmp_path / "full", pack)
    assert run_suite(knowledge, Engine(knowledge, ("compiled", "reference"))).problems == []
    clauses = clauses_of(knowledge, [lane.case for lane in suite_lanes(knowledge)])
    assert [clause.rule.id for clause in clauses if not clause.decided] == []


def test_nothing_is_written_for_what_is_already_shown(tmp_path: Path) -> None:
    pack = {**parts(), "rules.cases.yaml": []}
    pack["mcdc.cases.yaml"] = yaml.safe_load(write_cases(missing_cases(load(tmp_path / "bare", pack), ())))
    knowledge = load(tmp_path / "full", pack)
    clauses = clauses_of(knowledge, [lane.case for lane in suite_lanes(knowledge)])
    assert list(missing_cases(knowledge, clauses)) == []


def test_numbers_stand_at_their_bound(tmp_path: Path) -> None:
    text = write_cases(missing_cases(load(tmp_path, {**parts(), "rules.cases.yaml": []}), ()))
    assert "age: 51" in text
    assert "{age: 50}" in text
