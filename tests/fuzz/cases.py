"""Hostile cases: bytes of YAML and JSON, structures of Python and models made by hand.

In: a random generator. Out: nothing, or AssertionError where anything but a `CaseError` or a whole `Assessment` comes out.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from sijoint.engine.case import Recorded, Step
from sijoint.engine.case_reader import read_document
from sijoint.engine.case_source import SIZE_LIMIT, name_of, read_json
from sijoint.engine.infer import engine_for
from sijoint.knowledge.yaml_reader import Document, read_yaml

from sijoint import Assessment, Case, CaseError, Engine, assess, load_knowledge

PACK = Path(__file__).parent.parent / "packs" / "clinic"
SECRET = "Jane Roe 1957"


class Unspeakable:
    """An object that cannot be shown, compared or counted."""

    def __str__(self) -> str:
        raise RuntimeError("no text")

    __repr__ = __str__

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("no comparison")

    def __hash__(self) -> int:
        return 7

    def __bool__(self) -> bool:
        raise RuntimeError("no truth")


class Text(str):
    """A text with ideas of its own."""

    def __str__(self) -> str:
        raise RuntimeError("no text")


@cache
def engine() -> Engine:
    """A small clinic: the reader is what is attacked."""
    return engine_for(load_knowledge(PACK), ("compiled", "reference"))


def scalars(rng: random.Random) -> Any:
    """A value of any kind."""
    pool: list[Any] = [
        None, True, False, 0, 1, -1, 3, 101, 10**5000, -(10**400), 0.5, 3.0, float("nan"), float("inf"), 1e308, "",
        " ", "yes", "no",
        "unknown", "left", "6,5", "\ud800", "\x00", "\x1b[31m", SECRET, "2026-03-01", "2026-03-01T08:00+14:00",
        "2026-3-1", "x" * 300,
        b"bytes", date(2026, 3, 1), datetime(1, 1, 1), datetime(2026, 3, 1, tzinfo=UTC),
        datetime(2026, 3, 1, tzinfo=timezone(timedelta(hours=23))), datetime.max.replace(tzinfo=timezone(timedelta(hours=-12))),
        Decimal("3"), Decimal("NaN"), Decimal("sNaN"), Decimal("1e999999"), 1j, object(), Unspeakable(), Text("left"),
        {1, 2}, range(3),
    ]  # fmt: skip
    return rng.choice(pool)


def key(rng: random.Random) -> Any:
    """A key: mostly one that is read."""
    known = [*engine().knowledge.finding_by_id, "thrust", "value", "recorded_by", "recorded_on", "note", "left", "right"]
    frame = ["case", "as_of", "findings", "steps", "schema", "title"]
    odd = [
        1,
        10**5000,
        (1, "a"),
        None,
        True,
        1.5,
        float("nan"),
        "\ud800",
        "9" * 5000,
        "fevr",
        "a/b~c",
        Unspeakable(),
        Text("fever"),
    ]
    return rng.choice(rng.choice([known, known, frame, odd]))


def structure(rng: random.Random, depth: int = 0) -> Any:
    """Mappings and lists of anything, at times holding themselves."""
    if depth > 4 or rng.random() < 0.35:
        return scalars(rng)
    if rng.random() < 0.25:
        items: list[Any] = [structure(rng, depth + 1) for _ in range(rng.randrange(4))]
        if rng.random() < 0.05:
            items.append(items)
        return tuple(items) if rng.random() < 0.3 else items
    found: dict[Any, Any] = {}
    for _ in range(rng.randrange(5)):
        try:
            found[key(rng)] = structure(rng, depth + 1)
        except RuntimeError:  # two keys that refuse to be compared
            continue
    if rng.random() < 0.05:
        found["findings"] = found
    return MappingProxyType(found) if rng.random() < 0.1 else found


def mapping(rng: random.Random) -> Any:
    """A case of the right outline with anything in it."""
    findings = {key(rng): structure(rng, 2) for _ in range(1)}
    return {"findings": findings if rng.random() < 0.7 else structure(rng), key(rng): structure(rng), "steps": structure(rng)}


def model(rng: random.Random) -> Any:
    """A `Case` that no reader made."""

    def recorded() -> Any:
        return Recorded.model_construct(finding=key(rng), value=scalars(rng), recorded_on=scalars(rng), note=scalars(rng))

    def some(make: Callable[[], Any]) -> Any:
        return tuple(make() for _ in range(rng.randrange(3))) if rng.random() < 0.9 else scalars(rng)

    def step() -> Any:
        withdrawn = some(lambda: key(rng))
        return Step.model_construct(as_of=scalars(rng), title=scalars(rng), findings=some(recorded), withdrawn=withdrawn)

    return Case.model_construct(case=scalars(rng), as_of=scalars(rng), findings=some(recorded), steps=some(step))


PIECES = (
    "findings:", "steps:", "case: x", "as_of:", "fever", "days", "thrust", ": ", ":", "\n", "\n  ", "\n- ", "{", "}",
    "[", "]", ",", '"', "'",
    "yes", "on", "y", "072", "0x1F", "1_0", "1:30", ".5", "1e999", "6,5", ".nan", "-.inf", "2026-02-30", "2026-3-1",
    "!!int ''", "!!bool ''",
    "!!timestamp ''", "!!python/object:os.system x", "&a", "*a", "<<:", "? ", "| ", "> ", "%YAML 9.9\n", "---\n",
    "...", "#", "\t", "\x00",
    "\ufeff", "9" * 5000, "[" * 50, "null", "~", "true", "NaN", "Infinity", '"\\ud800"', '"\\u0000"',
    '{"findings": {"fever": true}',
    '"findings": ', '"fever": ', "tru", SECRET,
)  # fmt: skip


def text(rng: random.Random) -> bytes:
    """Bytes that look like a case file, now and then damaged."""
    if rng.random() < 0.3:
        plain = {
            "findings": {"fever": True, "days": 3, "pain_side": "left"},
            "steps": [{"findings": {"fever": False}}],
            "case": "a",
        }
        made = json.dumps(plain)
    else:
        made = "".join(rng.choice(PIECES) for _ in range(rng.randrange(12)))
    raw = bytearray(made.encode("utf-8", "surrogatepass"))
    for _ in range(rng.randrange(4)):
        if raw:
            raw[rng.randrange(len(raw))] = rng.randrange(256)
    return bytes(raw)


def attempt(rng: random.Random) -> None:
    """One hostile case: an `Assessment` or a `CaseError` comes out, and nothing else."""
    make = rng.choice([mapping, structure, model, text, text, words])
    try:
        source = make(rng)
    except RuntimeError:  # a key that refuses to be compared: there is no such mapping
        return
    found = _outcome(source, make.__name__)
    if isinstance(found, CaseError):
        assert 0 < len(found.problems) <= 100
        assert str(found).encode()
        assert make is text or SECRET not in str(found)  # a key of a file is named
    else:
        assert isinstance(found, Assessment)
        assert set(found.case.values) <= set(engine().knowledge.finding_by_id)


def _outcome(source: Any, kind: str) -> Assessment | CaseError:
    try:
        return _assessed(source)
    except CaseError as error:
        return error
    except Exception as error:
        raise AssertionError(f"{type(error).__name__} from {kind}") from error


def words(rng: random.Random) -> str:
    """A text in place of a case."""
    return text(rng).decode("latin-1") + rng.choice(["", ".yaml", ".json"]) + rng.choice(["", "\n"])


def _assessed(source: Any) -> Assessment:
    if not isinstance(source, bytes):
        return assess(source, engine=engine())
    read = read_yaml(source, "c.yaml", "C001", SIZE_LIMIT, name=name_of), read_json(source, "c.json")
    found = [_outcome_of(document) for document in read]
    for item in found:
        if isinstance(item, Case):
            return assess(item, engine=engine())
    assert isinstance(found[0], CaseError)
    raise found[0]


def _outcome_of(document: Document) -> Case | CaseError:
    try:
        return read_document(document, engine().knowledge)
    except CaseError as error:
        return error
