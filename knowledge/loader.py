"""Pack folders -> one checked `KnowledgeBase`; every mistake in every file is reported at once.

In: folders. Out: `KnowledgeBase`, or one `KnowledgeError`. The passes stand in order in `_load`. Shipped packs are compared with
what was released.
"""

from __future__ import annotations

from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from .checks import check_knowledge
from .claims import Accepted, Card
from .declaring import declare, override_parameters
from .errors import KnowledgeError, Problem, nearest
from .language import Difference, Estimate, Flag, KnowledgeBase, NotEncoded, Pack, PackCase, Reference, Screen
from .loading import Loading, both_sides, stop_if_wrong
from .once import Once
from .proven import refuse_unfit
from .reading import PackItems, read_pack
from .release import changed_files, is_released, missing_packs, other_fingerprint, read_release
from .ruling import refuse_circle, resolve_rules
from .words import Wording

SHIPPED = Path(__file__).parent / "packs"

_shipped: Once[KnowledgeBase] = Once(2)


def load_knowledge(*folders: str | Path, cases: bool = True) -> KnowledgeBase:
    """Load packs from folders and, by name, the shipped packs they require; without folders, the three shipped packs.

    The shipped packs are loaded once for all threads; packs of your own are read again at each call, so keep the result.
    `cases=False` leaves the cases beside the rules unread, for programs that only assess.

    Raises:
        KnowledgeError: with every mistake found, sorted by file and line; also where a shipped pack is not as it was released.
    """
    if folders:
        return _sealed(tuple(Path(folder) for folder in folders), cases)
    return _shipped.get(cases, lambda: _load_shipped(cases))


def load_unsealed(*folders: str | Path) -> tuple[KnowledgeBase, tuple[Problem, ...]]:
    """Knowledge as its authors work on it, with its cases, and where the shipped packs in it are not as they were released.

    Raises:
        KnowledgeError: with every other mistake found.
    """
    loading = Loading()
    knowledge = _load(loading, tuple(Path(folder) for folder in folders) or shipped_folders())
    return knowledge, tuple(loading.unsealed)


def shipped_folders() -> tuple[Path, ...]:
    """The folders of the shipped packs."""
    return tuple(path.parent for path in sorted(SHIPPED.glob("*/pack.yaml")))


def _load_shipped(cases: bool) -> KnowledgeBase:
    if not cases and (whole := _shipped.made(True)):
        return whole.model_copy(update={"cases": ()})
    release = read_release(SHIPPED)
    missing = [*missing_packs(release, shipped_folders())]
    if missing:
        raise KnowledgeError(missing)
    knowledge = _sealed(shipped_folders(), cases)
    if differing := [*other_fingerprint(release, knowledge)]:
        raise KnowledgeError(differing)
    return knowledge


def _sealed(folders: tuple[Path, ...], cases: bool) -> KnowledgeBase:
    return _load(Loading(cases=cases, sealed=True), folders)


def _load(loading: Loading, folders: tuple[Path, ...]) -> KnowledgeBase:
    _read_all(loading, folders)
    _compare_with_release(loading)
    stop_if_wrong(loading)
    declare(loading)
    override_parameters(loading)
    resolve_rules(loading)
    stop_if_wrong(loading)
    knowledge = _assemble(loading)
    loading.problems += check_knowledge(knowledge)
    stop_if_wrong(loading)
    refuse_unfit(knowledge)
    return knowledge


def _compare_with_release(loading: Loading) -> None:
    """Where a shipped pack is not as released, and which pack only bears the name of a shipped one."""
    ours = [pack for pack in loading.packs if pack.folder.resolve().parent == SHIPPED.resolve()]
    try:
        release = read_release(SHIPPED)
    except KnowledgeError as error:
        loading.unsealed += error.problems if ours else ()
    else:
        loading.unsealed += [problem for pack in ours for problem in changed_files(release, pack)]
        others = [pack for pack in loading.packs if pack not in ours and pack.folder.name in release.packs]
        loading.not_shipped += [pack.folder.name for pack in others if not is_released(release, pack)]
    if loading.sealed and loading.unsealed:
        raise KnowledgeError(loading.unsealed)


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
        not_shipped=tuple(loading.not_shipped),
    )
    return knowledge.with_items()
