"""Hostile arguments and files for every command, one at a time: no traceback, no unknown status, nothing that steers a terminal.

In: a random generator. Out: nothing, or `AssertionError` with what was tried. The knowledge is loaded once for all attempts.
"""

from __future__ import annotations

import json
import os
import random
import tempfile
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from unittest.mock import patch

from typer import Typer
from typer.main import get_command
from typer.testing import CliRunner

from sijoint import Engine, KnowledgeBase, load_knowledge
from sijoint.cli import app

CLINIC = Path(__file__).parent.parent / "packs" / "clinic"
ON_CASES = (
    "assess",
    "report",
    "why",
    "why-not",
    "what-if",
    "contrast",
    "counterfactuals",
    "settled",
    "ask",
    "arguments",
    "batch",
)
LONG = ("prove", "cases", "mutate", "certify", "diff")
"""Commands that work for long: their arguments are tried, with a folder for packs that is not there."""
NAMES = (
    *("lifted", "days", "fever", "strain", "on_hold", "disposition", "nothing", "", "-", "--", "K012", "x" * 300, "../.."),
    *("lifted=yes", "lifted=", "days=3", "days=99999999", "=", "lifted=\x1b", "lifted=[", "a\x1b[31mb", "\u202e", "ü", "\ud800"),
)
OPTIONS = (
    *("--json", "--why", "--audience", "-n", "--grade", "--depth", "--to", "--most", "--only", "-f", "-o", "--save", "--help"),
    *("--evaluator", "--limit", "--random", "--as-of", "--no\x1b[2J", "-x", "--release", "--keep", "--html", "--export"),
)
STEERING = ("\x1b[2J", "\x1b]0;t\x07", "\r", "\b", "\x7f", "\x9b", "\u202e", "\u200b", "\u2028")
STATUSES = {0, 1, 2, 130}


def attempt(rng: random.Random) -> None:
    """Run one command with hostile arguments and files.

    Raises:
        AssertionError: it ended as no command may.
    """
    with tempfile.TemporaryDirectory() as name, _prepared(), _inside(Path(name)):
        arguments = _arguments(rng, Path(name))
        result = CliRunner().invoke(app, arguments, input=_typed(rng))
        tried = f"sijoint {arguments!r}"
        assert result.exception is None or isinstance(result.exception, SystemExit), f"{tried}: {result.exception!r}"
        assert result.exit_code in STATUSES, f"{tried}: status {result.exit_code}"
        assert not _steering(result.stdout + result.stderr), f"{tried}: {_steering(result.stdout + result.stderr)}"
        assert not list(Path(name).rglob(".sijoint-*")), f"{tried}: a file is left behind"


@cache
def _command(typer_app: Typer) -> object:
    return get_command(typer_app)


@cache
def _knowledge() -> KnowledgeBase:
    return load_knowledge(CLINIC)


@cache
def _engine() -> Engine:
    return Engine(_knowledge(), ("compiled", "reference"))


@contextmanager
def _prepared() -> Iterator[None]:
    """Loading the shipped packs gives a small pack that is loaded once; other packs are read as they are."""
    from sijoint.knowledge import loader

    read = loader.load_knowledge

    def load(*paths: Path, cases: bool = True) -> KnowledgeBase:
        return read(*paths, cases=cases) if paths else _knowledge()

    def engine(*_: object) -> Engine:
        return _engine()

    with (
        patch("typer.testing._get_command", _command),
        patch.object(loader, "load_knowledge", load),
        patch("sijoint.front.load_knowledge", load),
        patch("sijoint.front.engine_for", engine),
        patch("sijoint.engine.infer.engine_for", engine),
        patch("sijoint.explain.session.engine_for", engine),
    ):
        yield


@contextmanager
def _inside(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def _arguments(rng: random.Random, folder: Path) -> list[str]:
    command = rng.choice(
        (*ON_CASES * 2, *LONG, "findings", "rules", "coverage", "schema", "explain-code", "interview", "columns", "no")
    )
    given = [command]
    if command in LONG:
        given += ["-p" if command != "diff" else str(folder / "none"), str(folder / "none")]
    elif command in ON_CASES or rng.random() < 0.3:
        given.append(str(rng.choice(FILES)(rng, folder)))
    for _ in range(rng.choice((0, 0, 1, 1, 2, 3))):
        given.append(rng.choice((*NAMES, *OPTIONS, str(folder), str(folder / "new"), "/dev/null", "/dev/full")))
    return [item.replace("\0", "") for item in given]


def _typed(rng: random.Random) -> bytes:
    return b"\n".join(
        rng.choice((b"y", b"n", b"s", b"b", b"?", b"3", b"\xff\x1b[2J", b"9" * 500, b"")) for _ in range(rng.randrange(6))
    )


def _case_file(rng: random.Random, folder: Path) -> Path:
    """A case whose texts carry control sequences, perhaps damaged."""
    said = "".join(rng.choices(STEERING, k=3))
    told = {
        "value": rng.choice((True, False, None, 3, "yes", said)),
        "note": said,
        "recorded_by": said,
        "recorded_on": "2026-01-01",
    }
    findings = dict.fromkeys(rng.sample(("lifted", "days", "fever", said, "nothing"), 2), told)
    content = json.dumps({"case": f"c{said}", "as_of": "2026-03-01", "findings": findings}).encode()
    if rng.random() < 0.4:
        place = rng.randrange(len(content))
        content = content[:place] + rng.randbytes(rng.randrange(4)) + content[place + rng.randrange(4) :]
    path = folder / f"case{rng.choice(STEERING)}{rng.choice(('.json', '.yaml', ''))}"
    path.write_bytes(content)
    return path


def _bytes_file(rng: random.Random, folder: Path) -> Path:
    path = folder / rng.choice(("case.yaml", "case.json", "t.parquet", "t.arrow"))
    path.write_bytes(rng.randbytes(rng.randrange(60)))
    return path


def _link(rng: random.Random, folder: Path) -> Path:
    path = folder / "link.yaml"
    path.symlink_to(rng.choice((path, folder, Path("/dev/null"), folder / "gone")))
    return path


FILES: tuple[Callable[[random.Random, Path], Path], ...] = (
    _case_file, _case_file, _case_file, _bytes_file, _link,
    lambda rng, folder: folder,
    lambda rng, folder: folder / rng.choice(NAMES),
    lambda rng, folder: Path("/dev/null"),
)  # fmt: skip


def _steering(text: str) -> set[str]:
    return {f"U+{ord(c):04X}" for c in text if c != "\n" and unicodedata.category(c) in {"Cc", "Cf", "Cs", "Zl", "Zp"}}
