"""The text, proof and JSON of the shipped example cases, compared with files that `--update-golden` rewrites."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import EXAMPLES, GOLDEN
from sijoint.explain.text import render_why

from sijoint import Engine, assess

Golden = Callable[[str, str], None]

AS_JSON = [path for path in EXAMPLES if path.stem in {"contradictory-answers", "nearly-unknown", "neither", "red-flag"}]
PROOFS = [("textbook-instability", "instability"), ("textbook-force-transfer", "force_transfer"), ("red-flag", "disposition")]
LARGE = 20_000


def shortened(value: Any) -> Any:
    """Conditions of screens, which name every question, as their digest: they are read in the knowledge, not here."""
    if isinstance(value, dict):
        return {key: shortened(part) for key, part in value.items()}
    if isinstance(value, list):
        text = json.dumps(value, sort_keys=True)
        if len(text) > LARGE and all(isinstance(part, dict) and "test" in part for part in value):
            return f"{len(value)} conditions, sha256 {hashlib.sha256(text.encode()).hexdigest()}"
        return [shortened(part) for part in value]
    return value


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_text_of_an_example(path: Path, engine: Engine, golden: Golden) -> None:
    golden(f"text/{path.stem}.txt", str(assess(path, engine=engine)))


@pytest.mark.parametrize(("name", "conclusion"), PROOFS)
def test_the_proof_of_a_conclusion(name: str, conclusion: str, engine: Engine, golden: Golden) -> None:
    path = next(path for path in EXAMPLES if path.stem == name)
    golden(f"why/{name}-{conclusion}.txt", render_why(assess(path, engine=engine), conclusion))


@pytest.mark.parametrize("path", AS_JSON, ids=lambda path: path.stem)
def test_the_json_of_an_example(path: Path, engine: Engine, golden: Golden) -> None:
    document = shortened(json.loads(assess(path, engine=engine).to_json()))
    golden(f"json/{path.stem}.json", json.dumps(document, indent=1) + "\n")


def test_no_golden_file_is_left_over() -> None:
    wanted = {f"text/{path.stem}.txt" for path in EXAMPLES} | {f"json/{path.stem}.json" for path in AS_JSON}
    wanted |= {f"why/{name}-{conclusion}.txt" for name, conclusion in PROOFS}
    mine = ("text", "json", "why")
    assert {path.relative_to(GOLDEN).as_posix() for folder in mine for path in (GOLDEN / folder).iterdir()} == wanted
