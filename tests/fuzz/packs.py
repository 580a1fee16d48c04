"""Damaged packs: whatever is done to the files of a pack, it is loaded and answers, or is refused in words.

In: a source of random numbers. Out: nothing, or an AssertionError that names the damage.
"""

from __future__ import annotations

import json
import random
import tempfile
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

from sijoint.engine.case_reader import read_case
from sijoint.engine.suite import run_suite
from sijoint.knowledge.errors import KnowledgeError
from sijoint.knowledge.lint import lint
from sijoint.knowledge.loader import load_knowledge
from small_pack import SOURCE, parts

from sijoint import Assessment, Engine

Place = tuple[Any, Any]
"""A container and the key or place in it of one value."""

ODD: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 10**400, -(10**19), 1.5, float("inf"), float("nan"),
    "", " ", "yes", "1", "\x1b[31m", "\x00", "\ud800", "\u202e", "x" * 30_000,
    "numb", "held", "alarm", "walk", "$old", "small", "given", "a.left", "../x",
    [], {}, [[]], [None], ["numb"], ["held"], ["walk", "alarm"], {"": ""}, {1: 2},
    {"all": []}, {"any": ["numb", "numb"]}, {"not": "numb"}, {"not": "held"}, {"unknown": "age"}, {"either": "numb"},
    {"at_least": 0, "of": ["numb"]}, {"at_least": 10**30, "of": ["numb"]}, {"age": {"over": 10**400}},
    {"age": {"over": float("nan")}}, {"later": "numb", "than": ["weak"]}, {"later": "numb", "than": []},
    {"held": "given"}, {"alarm": "never"},
)  # fmt: skip
KEYS = (
    "id", "when", "unless", "then", "source", "grades", "kind", "range", "value", "never", "whenever", "per", "for",
    1, None, "\x07", "pack",
)  # fmt: skip
FILES = (
    "more.yaml", "wording/de.yaml", "constraints.yaml", "screens.yaml", "x.cases.yaml", "accepted.yaml", "card.yaml",
    "a/b/findings.yaml", "x.differs.yaml", "x.estimates.yaml", "invariants.yaml",
)  # fmt: skip
SCREEN = {"id": "full", "title": "Full", "reach": {"alarm": "now"}, "open": "open", **SOURCE}


def attempt(rng: random.Random) -> None:
    """Damage a small pack in one way or several, load it, check it and assess an empty case.

    Raises:
        AssertionError: something other than an answer or a `KnowledgeError` came of it.
    """
    pack = json.loads(json.dumps(screened(parts()) if rng.random() < 0.3 else parts()))
    done = [damage(pack, rng) for damage in rng.choices(STRUCTURES, k=rng.choice([1, 1, 1, 2, 3]))] if rng.random() < 0.7 else []
    files = {name: _text(value) for name, value in pack.items()}
    if not done or rng.random() < 0.1:
        done.append(_damage_bytes(files, rng))
    try:
        _answer(files)
    except KnowledgeError:
        return
    except Exception as error:
        raise AssertionError(
            f"{type(error).__name__} from a pack after: {'; '.join(done)}"[:600].encode("ascii", "replace")
        ) from error


def _answer(files: dict[str, bytes]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for name, content in files.items():
            path = Path(folder) / "small" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        knowledge = load_knowledge(Path(folder) / "small")
    engine = Engine(knowledge, ("compiled", "reference"))
    lint(knowledge)
    run_suite(knowledge, engine)
    assessment = Assessment(engine, read_case({"case": "empty"}, knowledge))
    assert str(assessment)
    assert assessment.to_json()


def _text(value: Any) -> bytes:
    """A file; JSON is YAML too, without an anchor where a value stands twice, and keeps every odd value."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=0)
    return text.encode("utf-8", "surrogatepass")


def screened(pack: dict[str, Any]) -> dict[str, Any]:
    """The pack with a screen that guards its highest grade."""
    words = pack["wording/en.yaml"]
    said = {**words, "conclusions": {**words["conclusions"], "open": {"label": "o", "text": "o"}}}
    conclusions = [*pack["conclusions.yaml"], {"id": "open", "kind": "flag", **SOURCE}]
    return {**pack, "conclusions.yaml": conclusions, "screens.yaml": [SCREEN], "wording/en.yaml": said}


# Damage by structure: each changes a pack in place and says what it did ------------------------------------------------------


def _places(value: Any) -> Iterator[Place]:
    waiting = [value]
    while waiting:
        holder = waiting.pop()
        keys = list(holder) if isinstance(holder, dict) else range(len(holder))
        yield from ((holder, key) for key in keys)
        waiting += [holder[key] for key in keys if isinstance(holder[key], dict | list)]


def _pick(pack: dict[str, Any], rng: random.Random) -> Place:
    return rng.choice(list(_places(pack)))


def _replace(pack: dict[str, Any], rng: random.Random) -> str:
    holder, key = _pick(pack, rng)
    holder[key] = deepcopy(rng.choice(ODD))
    return f"{key!r} replaced"


def _swap(pack: dict[str, Any], rng: random.Random) -> str:
    """Another id, number or condition of the pack in place of one: the shape stays right, what it says does not."""
    items = pack.get(rng.choice(["rules.yaml", "screens.yaml", "conclusions.yaml", "rules.cases.yaml", "invariants.yaml"]))
    same = [(holder, key) for holder, key in _places(items if isinstance(items, list) else []) if key not in {"id", "title"}]
    if not same:
        return "nothing swapped"
    (one, a), (other, b) = rng.choice(same), rng.choice(same)
    if type(one[a]) is not type(other[b]):
        one[a] = rng.choice(["numb", "weak", "sore", {"age": {"over": 50}}, {"alarm": "now"}, "held", "walk", ["sore"], 2])
    else:
        one[a] = deepcopy(other[b])
    return f"{a!r} swapped"


def _remove(pack: dict[str, Any], rng: random.Random) -> str:
    holder, key = _pick(pack, rng)
    del holder[key]
    return f"{key!r} removed"


def _repeat(pack: dict[str, Any], rng: random.Random) -> str:
    lists = [holder for holder, _ in _places(pack) if isinstance(holder, list) and holder]
    if not lists:
        return "nothing repeated"
    chosen = rng.choice(lists)
    chosen.append(deepcopy(rng.choice(chosen)))
    return "an item repeated"


def _rename(pack: dict[str, Any], rng: random.Random) -> str:
    dicts = [holder for holder, _ in _places(pack) if isinstance(holder, dict) and holder is not pack]
    if not dicts:
        return "nothing renamed"
    chosen = rng.choice(dicts)
    key, new = rng.choice(list(chosen)), rng.choice(KEYS)
    chosen[new] = chosen.pop(key)
    return f"{key!r} renamed {new!r}"


def _move(pack: dict[str, Any], rng: random.Random) -> str:
    (one, a), (other, b) = _pick(pack, rng), _pick(pack, rng)
    other[b] = deepcopy(one[a])
    return f"{a!r} copied to {b!r}"


def _nest(pack: dict[str, Any], rng: random.Random) -> str:
    holder, key = _pick(pack, rng)
    depth, form = rng.choice([5, 12, 40, 400]), rng.choice(["all", "any", "not", "x"])
    value: Any = "numb"
    for _ in range(depth):
        value = {form: [value]} if rng.random() < 0.8 else {form: value}
    if depth < 100:
        holder[key] = value
    else:
        pack["rules.yaml"] = "- when: " + "[" * depth * 10 + "]" * depth * 10
    return f"{key!r} nested {depth} deep"


def _circle(pack: dict[str, Any], rng: random.Random) -> str:
    rules = (
        [item for item in pack.get("rules.yaml") or () if isinstance(item, dict)]
        if isinstance(pack.get("rules.yaml"), list)
        else []
    )
    for item in rng.sample(rules, min(2, len(rules))):
        item[rng.choice(["when", "then", "unless"])] = rng.choice(
            ["alarm", "held", ["held"], {"alarm": "now"}, {"all": ["walk"]}]
        )
    return "rules pointed at one another"


def _extra(pack: dict[str, Any], rng: random.Random) -> str:
    name = rng.choice(FILES)
    pack[name] = deepcopy(rng.choice([*ODD, *(value for value in pack.values() if not isinstance(value, str)), [SCREEN]]))
    return f"{name} added"


STRUCTURES: tuple[Callable[[dict[str, Any], random.Random], str], ...] = (
    _swap, _swap, _swap, _swap, _swap, _swap, _replace, _replace, _remove, _repeat, _rename, _move, _nest, _circle, _extra,
)  # fmt: skip


# Damage by bytes -------------------------------------------------------------------------------------------------------------

SCRAPS = (
    b"\x00", b"\xff", b"\xef\xbb\xbf", b"\x1b", b"\r", b"\t", b"&a ", b"*a", b"!!python/object:os.system ", b"!!int ''",
    b"!!binary x", b"? ", b": ", b"- ", b"{", b"]", b"'", b'"', b"\n---\n", b"...", b"%YAML 9.9\n", b"<<: *a",
    b"0x1F", b"017", b"1e999",
    b"\xe2\x80\xa8",
)  # fmt: skip


def _damage_bytes(files: dict[str, bytes], rng: random.Random) -> str:
    name = rng.choice(list(files))
    content = bytearray(files[name])
    for _ in range(rng.randint(1, 4)):
        place, length = rng.randint(0, len(content)), rng.choice([0, 1, 1, 3, 50])
        content[place : place + length] = rng.choice([rng.choice(SCRAPS), rng.randbytes(rng.randint(0, 4)), b""])
    files[name] = bytes(content)
    return f"bytes of {name} changed"
