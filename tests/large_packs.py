"""Large made-up packs as plain values: chains, diamonds, many alike rules, for whatever has to stay linear.

In: sizes. Out: packs as `small_pack.write` takes them. Each has the shape that costs most for one part of the library.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from small_pack import SOURCE, rule, yes_no


def pack_of(
    findings: Iterable[str], conclusions: Iterable[str | dict[str, Any]], rules: Iterable[dict[str, Any]], **files: Any
) -> dict[str, Any]:
    """A pack of yes/no findings, conclusions of one kind, and rules; `files` are further files by their stem."""
    found = [item if isinstance(item, dict) else {"id": item} for item in conclusions]
    names, words = list(findings), {"label": "x", "question": "x?"}
    return {
        "pack.yaml": {"pack": "small", "title": "Large", "version": "1.0.0", "authority": "test", "intended_use": "test",
                      "misuse": "test", "kinds": {"flag": {}}},
        **in_files("findings", [yes_no(name) for name in names]),
        **in_files("conclusions", [{"kind": "flag", **SOURCE, **item} for item in found]),
        "references.yaml": [{"id": "S1", "kind": "statement", "claim": "made up"}],
        **in_files("rules", rules),
        "wording/en.yaml": {"language": "en", "kinds": {"flag": "Flag"}, "findings": dict.fromkeys(names, words),
                            "conclusions": {item["id"]: _said(item) for item in found}},
        **{f"{name}.yaml": value for name, value in files.items()},
    }  # fmt: skip


def in_files(name: str, items: Iterable[dict[str, Any]], size: int = 2_000) -> dict[str, Any]:
    """Items over as many files as the limit on the size of a file asks for."""
    listed = list(items)
    return {f"part{start}/{name}.yaml": listed[start : start + size] for start in range(0, max(len(listed), 1), size)}


def _said(item: dict[str, Any]) -> dict[str, Any]:
    return {"label": item["id"], "text": f"It is {item['id']}."}


def chain(length: int, *, screen: bool = False) -> dict[str, Any]:
    """Conclusions each of which rests on the one before, the first on a finding."""
    tested = ["f0", *(f"c{number}" for number in range(length - 1))]
    rules = [rule(f"r{number}", {"all": [name]}, f"c{number}") for number, name in enumerate(tested)]
    return _screened(["f0"], [f"c{number}" for number in range(length)], rules, f"c{length - 1}" if screen else None)


def blocked_chain(length: int, *, screen: bool = False) -> dict[str, Any]:
    """Conclusions each of which holds unless the one before does."""
    rules = [rule("r0", {"all": ["f0"]}, "c0")]
    rules += [rule(f"r{at}", {"all": [{"known": "f1"}]}, f"c{at}", unless=[f"c{at - 1}"]) for at in range(1, length)]
    return _screened(["f0", "f1"], [f"c{number}" for number in range(length)], rules, f"c{length - 1}" if screen else None)


def diamond(layers: int, *, screen: bool = True, blocked: bool = False) -> dict[str, Any]:
    """Two conclusions in every layer, each resting on both of the layer before in a way of its own, under a screen."""
    findings = [f"f{at}_{side}" for at in range(layers) for side in "ab"]
    rules = [rule(f"r0_{side}", {"all": [f"f0_{side}"]}, f"c0_{side}") for side in "ab"]
    for at in range(1, layers):
        before = [f"c{at - 1}_a", f"c{at - 1}_b"]
        for side, other in ("ab", "ba"):
            more = {"unless": [f"c{at - 1}_{other}"]} if blocked else {}
            when = {"all": [f"f{at}_{side}", {"any": before}]} if not blocked else {"all": [f"f{at}_{side}", f"c{at - 1}_{side}"]}
            rules.append(rule(f"r{at}_{side}", when, f"c{at}_{side}", **more))
    names = [f"c{at}_{side}" for at in range(layers) for side in "ab"]
    return _screened(findings, names, rules, f"c{layers - 1}_a" if screen else None)


def lattice(layers: int, width: int = 3) -> dict[str, Any]:
    """Layers of conclusions, each by two of three of the layer before, under a screen."""
    findings = [f"f{at}" for at in range(width)]
    rules = [rule(f"r0_{at}", {"all": [f"f{at}"]}, f"c0_{at}") for at in range(width)]
    for layer in range(1, layers):
        before = [f"c{layer - 1}_{at}" for at in range(width)]
        for at in range(width):
            rules.append(rule(f"r{layer}_{at}", {"at_least": 2, "of": before[at:] + before[:at]}, f"c{layer}_{at}"))
    names = [f"c{layer}_{at}" for layer in range(layers) for at in range(width)]
    return _screened(findings, names, rules, f"c{layers - 1}_0")


def wide(number: int, *, findings: int = 200, conclusions: int = 20) -> dict[str, Any]:
    """Many rules, each of four findings, for few conclusions, a third of them resting on other conclusions too."""
    rules = []
    for at in range(number):
        read = [f"f{(at * step + shift) % findings}" for step, shift in ((1, 0), (7, 3), (31, 11), (59, 5))]
        place = at % conclusions
        resting = [f"c{place - 1}"] if place and at % 3 == 0 else []
        rules.append(rule(f"r{at}", {"all": [*dict.fromkeys(read), *resting, *_told_apart(at, findings)]}, f"c{place}"))
    return pack_of([f"f{at}" for at in range(findings)], [f"c{at}" for at in range(conclusions)], rules)


def _told_apart(at: int, findings: int) -> list[dict[str, Any]]:
    """A last test that no two rules on the same findings share."""
    return [{"not": f"f{(at // findings * 13 + at * 3 + 1) % findings}"}]


def fired(number: int) -> dict[str, Any]:
    """Many rules that all fire on one finding, each for a conclusion of its own."""
    rules = [rule(f"r{at}", {"all": ["f0"]}, f"c{at}") for at in range(number)]
    return pack_of(["f0"], [f"c{at}" for at in range(number)], rules)


def _screened(findings: list[str], names: list[str], rules: list[dict[str, Any]], guarded: str | None) -> dict[str, Any]:
    if guarded is None:
        return pack_of(findings, names, rules)
    screen = {"id": "full", "title": "Full", "reach": {guarded: "given"}, "open": "full_open", **SOURCE}
    return pack_of(findings, [*names, "full_open"], rules, screens=[screen])


def layered(number: int, *, per_layer: int = 20, findings: int = 200) -> dict[str, Any]:
    """Many rules in layers of conclusions: each reads two conclusions of the layer before, a count of findings and a range."""
    layers = number // per_layer
    rules = []
    for at in range(number):
        layer, place = divmod(at, per_layer)
        before = [f"c{layer - 1}_{(place + shift) % (per_layer // 2)}" for shift in (0, 1)] if layer else []
        read = [f"f{(at * 7 + shift * 13) % findings}" for shift in range(4)]
        rules.append(rule(f"r{at}", {"all": [{"any": before or read[:1]}, {"at_least": 2, "of": read}]},
                          f"c{layer}_{place % (per_layer // 2)}", unless=before[:1] if at % 5 == 0 else []))  # fmt: skip
    names = [f"c{layer}_{place}" for layer in range(layers) for place in range(per_layer // 2)]
    return pack_of([f"f{at}" for at in range(findings)], names, rules)
