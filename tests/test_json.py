"""The JSON of an assessment: byte-identical for one case and knowledge, of a published shape that only grows."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import EXAMPLES, GOLDEN
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker
from sijoint.explain.schemas import SCHEMAS, schema_of
from strategies import bases_and_cases, mapping_of

from sijoint import Assessment, AssessmentDocument, Case, Engine, KnowledgeBase, assess, read_case

Drawn = tuple[KnowledgeBase, list[Case]]
VALIDATOR = Draft202012Validator(json.loads(schema_of("assessment")), format_checker=FormatChecker())


@given(bases_and_cases(most_cases=2), st.randoms(use_true_random=False))
@settings(max_examples=60)
def test_is_byte_identical_in_whatever_order_the_findings_came(drawn: Drawn, random: Any) -> None:
    knowledge, made = drawn
    engine = Engine(knowledge, ("compiled", "reference"))
    for case in made:
        order = list(range(len(case.findings)))
        random.shuffle(order)
        texts = {assess(mapping_of(case, numbers), engine=engine).to_json() for numbers in (None, order, order[::-1])}
        assert len(texts) == 1


@given(bases_and_cases(most_cases=2))
@settings(max_examples=60)
def test_is_valid_under_the_published_schema_and_reads_back(drawn: Drawn) -> None:
    knowledge, made = drawn
    engine = Engine(knowledge, ("compiled",))
    for case in made:
        text = Assessment(engine, case).to_json()
        assert [error.message for error in VALIDATOR.iter_errors(json.loads(text))] == []
        document = AssessmentDocument.model_validate_json(text)
        assert document.model_dump_json(indent=2, by_alias=True, exclude_none=True) + "\n" == text


def in_another_order(path: Path, knowledge: KnowledgeBase) -> dict[str, Any]:
    case = read_case(path, knowledge)
    return mapping_of(case, range(len(case.findings) - 1, -1, -1))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_examples_are_valid_and_the_same_in_any_order(path: Path, knowledge: KnowledgeBase, engine: Engine) -> None:
    text = assess(path, engine=engine).to_json()
    assert assess(in_another_order(path, knowledge), engine=engine).to_json() == text
    assert VALIDATOR.is_valid(json.loads(text))


def test_top_level_keys_are_there(engine: Engine) -> None:
    document = json.loads(assess({"case": "one", "findings": {"saddle_numbness": True}}, engine=engine).to_json())
    wanted = {"schema", "case", "disposition", "conclusions", "firings", "contradictions", "knowledge", "software", "evaluators"}
    assert wanted <= set(document)
    assert document["schema"] == "sijoint.assessment/1"
    assert all({"id", "grade", "kind", "pack"} <= set(item) for item in document["conclusions"])
    assert len(document["knowledge"]["fingerprint"]) == 64
    assert {item["pack"] for item in document["knowledge"]["packs"]} == {pack.pack for pack in engine.knowledge.packs}


def test_an_empty_case_has_an_urgency_that_is_not_determined(engine: Engine) -> None:
    assert json.loads(assess({"findings": {}}, engine=engine).to_json())["disposition"] == "not_determined"


def test_no_hash_seed_clock_or_locale_reaches_the_json() -> None:
    code = f"import sijoint, sys; sys.stdout.write(sijoint.assess({str(EXAMPLES[0])!r}).to_json())"
    texts = set()
    for number, (zone, locale) in enumerate((("UTC", "C"), ("Asia/Tokyo", "de_DE.UTF-8"))):
        env = {**os.environ, "PYTHONHASHSEED": str(number), "TZ": zone, "LC_ALL": locale, "PYTHONUTF8": "1"}
        texts.add(subprocess.run([sys.executable, "-c", code], capture_output=True, env=env, check=True, cwd="/").stdout)
    assert len(texts) == 1


@pytest.mark.parametrize("which", sorted(SCHEMAS))
def test_the_published_schema_is_the_golden_one(which: str, golden: Callable[[str, str], None]) -> None:
    golden(f"schema/{which}.json", schema_of(which))


def lost(old: Any, new: Any, path: str = "") -> list[str]:
    """Properties of an older schema that a newer one no longer has, and ones that became required."""
    found = []
    for name, part in old.get("properties", {}).items():
        where = f"{path}.{name}"
        found += lost(part, new["properties"][name], where) if name in new.get("properties", {}) else [where]
    for name, part in old.get("$defs", {}).items():
        found += lost(part, new["$defs"][name], f"{path}/{name}") if name in new.get("$defs", {}) else [f"{path}/{name}"]
    return found


@pytest.mark.parametrize("which", sorted(SCHEMAS))
def test_keys_are_only_added_within_version_1(which: str, request: pytest.FixtureRequest) -> None:
    """`golden/schema/<which>.1.json` is the first published shape: made once, never rewritten."""
    first = GOLDEN / "schema" / f"{which}.1.json"
    if request.config.getoption("--update-golden") and not first.exists():
        first.write_text(schema_of(which))
    assert lost(json.loads(first.read_text()), json.loads(schema_of(which))) == []


def test_a_lost_key_would_be_seen() -> None:
    schema = json.loads(schema_of("assessment"))
    less = json.loads(schema_of("assessment"))
    del less["properties"]["disposition"]
    del less["$defs"]["Firing"]["properties"]["line"]
    assert lost(schema, less) == [".disposition", "/Firing.line"]
