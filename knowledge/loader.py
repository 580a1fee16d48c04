"""Pack folders -> one checked `KnowledgeBase`; every mistake in every file is reported at once.

In: folders. Out: `KnowledgeBase`, or one `KnowledgeError`. The passes stand in order in `_load`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from .checks import check_knowledge
from .claims import Accepted, Card
from .declaring import declare, override_parameters
from .errors import Problem, nearest
from .fingerprint import fingerprint_of
from .language import Difference, Estimate, Flag, KnowledgeBase, NotEncoded, Pack, PackCase, Reference, Screen
from .loading import Loading, both_sides, stop_if_wrong
from .reading import PackItems, read_pack
from .ruling import refuse_circle, resolve_rules
from .words import Wording

SHIPPED = Path(__file__).parent / "packs"


def load_knowledge(*folders: str | Path, cases: bool = True) -> KnowledgeBase:
    """Load packs from folders and, by name, the shipped packs they require; without folders, the three shipped packs.

    `cases=False` leaves the cases beside the rules unread, for programs that only assess.

    Raises:
        KnowledgeError: with every mistake found, sorted by file and line.
    """
    if not folders:
        return _load_shipped(cases)
    return _load(tuple(Path(folder) for folder in folders), cases)


@cache
def _load_shipped(cases: bool) -> KnowledgeBase:
    return _load(tuple(path.parent for path in sorted(SHIPPED.glob("*/pack.yaml"))), cases)


def _load(folders: tuple[Path, ...], cases: bool) -> KnowledgeBase:
    loading = Loading(cases=cases)
    _read_all(loading, folders)
    stop_if_wrong(loading)
    declare(loading)
    override_parameters(loading)
    resolve_rules(loading)
    stop_if_wrong(loading)
    knowledge = _assemble(loading)
    loading.problems += check_knowledge(knowledge)
    stop_if_wrong(loading)
    return knowledge


def _read_all(loading: Loading, folders: tuple[Path, ...]) -> None:
    """Read the folders given, then the shipped packs they require, and order them by what they require."""
    read: dict[str, PackItems] = {}
    waiting = list(folders)
    while waiting:
        folder = waiting.pop(0)
        if folder.name in read:
            if read[folder.name].folder.resolve() != folder.resolve():
                what = f"two folders are called {folder.name}"
                loading.problems.append(Problem(folder.name, 0, "pack", what, "ids would clash", "rename one", "K005"))
            continue
        items = read[folder.name] = read_pack(folder, loading.cases)
        loading.problems += items.problems
        if items.pack and items.pack.pack != folder.name:
            loading.refuse(
                items.pack,
                "pack",
                f"pack is {items.pack.pack}, its folder {folder.name}",
                "rules are named by both",
                "give both one name",
                "K003",
            )
        for name in items.pack.requires if items.pack else ():
            here = next((path for path in (folder.parent / name, SHIPPED / name) if (path / "pack.yaml").is_file()), None)
            if here and name not in read and here not in waiting:
                waiting.append(here)
    loading.packs = _in_order(loading, read)


def _in_order(loading: Loading, read: Mapping[str, PackItems]) -> list[PackItems]:
    edges: dict[str, tuple[str, ...]] = {}
    for name, items in sorted(read.items()):
        edges[name] = tuple(key for key in (items.pack.requires if items.pack else ()) if key in read)
        for missing in sorted(set(items.pack.requires if items.pack else ()) - set(read)):
            assert items.pack
            loading.refuse(
                items.pack,
                f"pack {name}",
                f"requires {missing}, which is not loaded",
                "its ids would be unknown",
                f"load it too, or {nearest(missing, read)}",
                "K014",
            )
    try:
        return [read[name] for name in TopologicalSorter(edges).static_order()]
    except CycleError as error:
        circle = " -> ".join(reversed(error.args[1]))
        loading.problems.append(
            Problem(
                f"{error.args[1][0]}/pack.yaml",
                1,
                "requires",
                f"packs require one another: {circle}",
                "no order of loading exists",
                "remove one requirement",
                "K010",
            )
        )
        return []


def _assemble(loading: Loading) -> KnowledgeBase:
    if refuse_circle(loading):
        stop_if_wrong(loading)
    knowledge = KnowledgeBase(
        packs=tuple(loading.of(Pack)),
        kinds=tuple(loading.kinds.items()),
        findings=tuple(both_sides(loading.names.findings.values())),
        conclusions=(*both_sides(loading.names.conclusions.values()), *loading.screen_parts),
        parameters=tuple(loading.parameters.values()),
        references=tuple(loading.of(Reference)),
        rules=tuple(loading.rules),
        constraints=tuple(loading.constraints),
        screens=tuple(loading.of(Screen)),
        flags=tuple(loading.of(Flag)),
        differences=tuple(loading.of(Difference)),
        estimates=tuple(loading.of(Estimate)),
        not_encoded=tuple(loading.of(NotEncoded)),
        wording=tuple(loading.of(Wording)),
        cases=tuple(loading.of(PackCase)),
        invariants=tuple(loading.invariants),
        accepted=tuple(loading.of(Accepted)),
        cards=tuple(loading.of(Card)),
        screen_parts=tuple(item.id for item in loading.screen_parts),
    )
    return knowledge.model_copy(update={"fingerprint": fingerprint_of(knowledge)})
