"""Declarations: kinds, findings, conclusions and parameters of all packs, each with one owner; local policies set parameters.

In: `Loading` with the items as read. Out: its kinds, names and parameters.
"""

from __future__ import annotations

from typing import TypeVar

from .errors import nearest
from .items import Item
from .language import Conclusion, Finding, Pack, Parameter, Reference
from .loading import Loading
from .resolve import Names
from .words import Wording

T = TypeVar("T", bound=Item)


def declare(loading: Loading) -> None:
    """Collect kinds, findings, conclusions and parameters; a second owner is a mistake."""
    for pack in loading.of(Pack):
        for name, kind in pack.kinds.items():
            if loading.kinds.setdefault(name, kind) != kind:
                loading.refuse(
                    pack,
                    f"kind {name}",
                    "declared differently by another pack",
                    "its gate would depend on the pack",
                    "declare it alike in both",
                    "K011",
                )
            if kind.actionable and not kind.unless:
                loading.refuse(
                    pack,
                    f"kind {name}",
                    "actionable without a gate",
                    "advice could be given with a red flag open",
                    "add unless: [treatment_on_hold]",
                    "K011",
                )
    owners: dict[str, Item] = {}
    findings = _unique(loading, Finding, owners)
    conclusions = _unique(loading, Conclusion, owners)
    loading.parameters = _unique(loading, Parameter, {})
    _unique(loading, Reference, {})
    loading.names = Names(findings, conclusions, loading.parameters)
    _own_words(loading)
    if not loading.problems:
        _share_the_hold(loading)


def _share_the_hold(loading: Loading) -> None:
    """Every actionable kind is held back by what holds back all those of the packs before it."""
    before: list[frozenset[str]] = []
    for pack in loading.of(Pack):
        gates = {name: frozenset(kind.unless) for name, kind in pack.kinds.items() if kind.actionable}
        own = {name: gate for name, gate in gates.items() if gate <= loading.names.conclusions.keys()}
        held = frozenset.intersection(*(before or own.values() or [frozenset()]))
        before += own.values()
        for name, gate in own.items():
            if gate >= held and held:
                continue
            left_out = ", ".join(sorted(held - gate))
            what = f"its gate leaves out {left_out}" if held else "its gate shares nothing with those of the other kinds"
            why = "its advice could be given while all other advice is on hold"
            fix = (
                f"add {left_out} to unless, and its pack to requires"
                if held
                else "hold every actionable kind back by one conclusion"
            )
            loading.refuse(pack, f"kind {name}", what, why, fix, "K011")


def _own_words(loading: Loading) -> None:
    """Each id is worded once in a language; packs that share a kind give it one heading."""
    spoken: dict[tuple[str, str, str], tuple[Wording, object]] = {}
    for item in loading.of(Wording):
        for part in ("findings", "conclusions", "rules", "kinds", "patient"):
            for name, words in getattr(item, part).items():
                owner = f"{item.pack}/{name}" if part == "rules" else name
                first, said = spoken.setdefault((item.language, part, owner), (item, words))
                if first is item or (part in ("kinds", "patient") and said == words):
                    continue
                what = f"worded before, in {first.file}"
                why = "one of the two would be shown, and nobody would have said which"
                loading.refuse(item, f"wording of {name}", what, why, "remove one, or word your own items only", "K005")


def _unique(loading: Loading, model: type[T], owners: dict[str, Item]) -> dict[str, T]:
    found: dict[str, T] = {}
    for item in loading.of(model):
        key = item.id  # type: ignore[attr-defined]
        title = f"{model.__name__.lower()} {key}"
        if "." in key:
            loading.refuse(item, title, "an id with a side", "sides are made by 'per: side'", "drop the side", "K016")
        elif key in owners:
            first = owners[key]
            what = f"declared before, at {first.file}:{first.line}"
            loading.refuse(item, title, what, "an id has one owner and one meaning", "rename or remove one", "K005")
        else:
            owners[key] = found[key] = item
    return found


def override_parameters(loading: Loading) -> None:
    """Let local policies set parameters: same unit, inside the range, once."""
    for pack in loading.of(Pack):
        if pack.overrides and pack.kind != "local_policy":
            loading.refuse(
                pack,
                "overrides",
                "only a local policy overrides parameters",
                "two authorities would be mixed",
                "set kind: local_policy",
                "K015",
            )
            continue
        for override in pack.overrides:
            _override_one(loading, pack, override.parameter, override.value)


def _override_one(loading: Loading, pack: Pack, name: str, value: int | float) -> None:
    title = f"override of {name}"
    parameter = loading.parameters.get(name)
    if parameter is None:
        loading.refuse(pack, title, "unknown parameter", "nothing would change", nearest(name, loading.parameters), "K015")
    elif parameter.overridden_by:
        what = f"{parameter.overridden_by} overrides it too"
        loading.refuse(pack, title, what, "it is unclear which value counts", "keep one of them", "K015")
    elif not parameter.range[0] <= value <= parameter.range[1]:
        what = f"{value} is outside {parameter.range[0]} to {parameter.range[1]} {parameter.unit}"
        loading.refuse(pack, title, what, "the rule's source does not cover it", "choose a value inside", "K015")
    else:
        change = {"value": value, "overridden_by": pack.pack, "declared_value": parameter.value}
        loading.parameters[name] = parameter.model_copy(update=change)
