"""What was released: the files of the shipped packs, the fingerprint of the knowledge they hold, and how much claims something
about it.

In: `packs/release.json` and packs as read. Out: problems that name what differs; none when the installation is whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Literal

from pydantic import ConfigDict, Field, ValidationError

from .errors import KnowledgeError, Problem
from .files import read_bounded
from .frozen import FrozenMapping, FrozenModel
from .items import Id
from .language import KnowledgeBase, PackCase
from .reading import PackItems

NAME = "release.json"
SIZE_LIMIT = 1_000_000
GENERATED = ("faults_", "mcdc_")
"""How the files of generated cases begin."""


class PackRelease(FrozenModel):
    """One pack as released. `files` holds SHA-256 by name, `words` and `claims` one over the words and one over what is cited and
    claimed; the counts may only grow.
    """

    version: str
    files: FrozenMapping[str, str]
    words: str
    claims: str
    invariants: int
    cases: int
    generated_cases: int

    @property
    def counts(self) -> Mapping[str, int]:
        """What may only grow, by what it counts."""
        return {"invariants": self.invariants, "cases": self.cases, "generated cases": self.generated_cases}


class Release(FrozenModel):
    """All that was released: `answers` is a digest of what the built-in cases of the self-check come to."""

    model_config = ConfigDict(ignored_types=(cached_property,), serialize_by_alias=True)
    schema_: Literal["sijoint.release/1"] = Field(default="sijoint.release/1", alias="schema")
    fingerprint: str
    answers: str
    packs: FrozenMapping[Id, PackRelease]


def read_release(packs: Path) -> Release:
    """The release that a folder of packs belongs to.

    Raises:
        KnowledgeError: it cannot be read.
    """
    try:
        return Release.model_validate_json(read_bounded(packs / NAME, SIZE_LIMIT))
    except OSError:
        what = "missing, or not readable"
    except ValidationError:
        what = "not as it was released"
    raise KnowledgeError([_problem(NAME, "release", what)])


def _problem(file: str, item: str, what: str) -> Problem:
    why = "an answer from knowledge that is not whole would bear the name of the release"
    return Problem(file, 0, item, what, why, "install sijoint again, or run `make seal` after a change that is meant", "K050")


def missing_packs(release: Release, present: Iterable[Path]) -> Iterator[Problem]:
    """Packs that were released and are not there, and the other way round."""
    found = {path.name for path in present}
    yield from (_problem(name, "pack", "missing") for name in sorted(release.packs.keys() - found))
    yield from (_problem(name, "pack", "not part of the release") for name in sorted(found - release.packs.keys()))


def changed_files(release: Release, pack: PackItems) -> Iterator[Problem]:
    """Files of a shipped pack that are missing, added or changed; cases beside the rules are not looked at."""
    name = pack.folder.name
    released = release.packs[name].files if name in release.packs else {}
    for file in sorted(released.keys() | pack.digests.keys()):
        if file not in pack.digests:
            yield _problem(f"{name}/{file}", "file", "missing")
        elif file not in released:
            yield _problem(f"{name}/{file}", "file", "not part of the release")
        elif released[file] != pack.digests[file]:
            yield _problem(f"{name}/{file}", "file", "not as it was released")


def is_released(release: Release, pack: PackItems) -> bool:
    """Whether a pack that bears the name of a shipped one is that pack, wherever it lies."""
    return dict(release.packs[pack.folder.name].files) == pack.digests


def other_fingerprint(release: Release, knowledge: KnowledgeBase) -> Iterator[Problem]:
    """Files as released that are read as other knowledge: the fault lies in the software that reads them."""
    if knowledge.fingerprint != release.fingerprint:
        yield _problem("packs", "fingerprint", f"{knowledge.fingerprint[:16]} in place of {release.fingerprint[:16]}")


def counts_of(knowledge: KnowledgeBase, pack: str) -> dict[str, int]:
    """How much speaks about a pack: its invariants, and its cases by hand and generated."""
    cases = [item for item in knowledge.cases if item.pack == pack]
    generated = sum(map(_is_generated, cases))
    invariants = sum(item.pack == pack for item in knowledge.invariants)
    return {"invariants": invariants, "cases": len(cases) - generated, "generated cases": generated}


def _is_generated(case: PackCase) -> bool:
    return case.file.rpartition("/")[2].startswith(GENERATED)


def fewer_than_released(release: Release, knowledge: KnowledgeBase) -> Iterator[Problem]:
    """Invariants and cases that a release had and that are gone, for knowledge loaded with its cases."""
    for pack in (item for item in knowledge.packs if item.pack in release.packs and item.pack not in knowledge.not_shipped):
        for name, count in counts_of(knowledge, pack.pack).items():
            if count < release.packs[pack.pack].counts[name]:
                what = f"{count} {name}, {release.packs[pack.pack].counts[name]} were released"
                why = "a fault that one of them noticed would go unnoticed"
                fix = "bring them back, or run `make seal FEWER=1` if they are meant to go"
                yield Problem(pack.file, pack.line, f"pack {pack.pack}", what, why, fix, "K051")
