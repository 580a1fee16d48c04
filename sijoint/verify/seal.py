"""Shipped packs as they stand -> `packs/release.json`, which loading compares them with: the one way to write it.

In: the packs beside the library. Out: the file. `make seal` runs it after a change that is meant; read the diff of the file.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel

from ..engine.infer import Engine
from ..knowledge.errors import KnowledgeError, Problem
from ..knowledge.language import KnowledgeBase, Pack
from ..knowledge.loader import SHIPPED, load_unsealed, shipped_folders
from ..knowledge.reading import read_pack
from ..knowledge.release import NAME, PackRelease, Release, counts_of, fewer_than_released, read_release
from .self_check import answers_of, built_in_cases


def sealed(knowledge: KnowledgeBase) -> Release:
    """The release that the shipped packs amount to, from the knowledge they hold, loaded with its cases."""
    engine = Engine(knowledge, ("compiled", "reference"))
    digests = {folder.name: read_pack(folder, cases=False).digests for folder in shipped_folders()}
    return Release(
        fingerprint=knowledge.fingerprint,
        answers=answers_of(engine, built_in_cases(knowledge)),
        packs={pack.pack: _pack(knowledge, pack, digests[pack.pack]) for pack in knowledge.packs},
    )


def _pack(knowledge: KnowledgeBase, pack: Pack, files: dict[str, str]) -> PackRelease:
    claims = (knowledge.references, knowledge.differences, knowledge.estimates, knowledge.invariants, knowledge.accepted)
    counts = {name.replace(" ", "_"): count for name, count in counts_of(knowledge, pack.pack).items()}
    return PackRelease(
        version=pack.version,
        files=dict(sorted(files.items())),
        words=_digest(item for item in knowledge.wording if item.pack == pack.pack),
        claims=_digest(item for part in claims for item in part if item.pack == pack.pack),
        **counts,
    )


def _digest(items: Iterable[BaseModel]) -> str:
    content: list[Any] = [item.model_dump(mode="json", exclude={"file", "line"}) for item in items]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


def written(release: Release) -> str:
    """The text of the file."""
    return release.model_dump_json(indent=2, by_alias=True) + "\n"


def fewer(knowledge: KnowledgeBase) -> tuple[Problem, ...]:
    """What the last release had and that is gone; nothing where there was none."""
    try:
        return tuple(fewer_than_released(read_release(SHIPPED), knowledge))
    except KnowledgeError:
        return ()


def main(arguments: list[str]) -> int:
    """Write the file; `--fewer` allows invariants and cases to be fewer than before."""
    try:
        knowledge, _ = load_unsealed(*shipped_folders())
    except KnowledgeError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    gone = fewer(knowledge)
    for problem in gone:
        print(problem, file=sys.stderr)  # noqa: T201
    if gone and "--fewer" not in arguments:
        return 1
    (SHIPPED / NAME).write_text(written(sealed(knowledge)), encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
