"""Comparison of two versions: what changes is found with its smallest patient; that nothing changes is proved."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sijoint.engine import reference
from sijoint.knowledge.language import KnowledgeBase
from small_pack import SOURCE, changed_rule, load, parts, write, yes_no
from strategies import knowledge_bases
from test_prove import everyone
from typer.testing import CliRunner

from sijoint.cli import app
from sijoint.verify.compare import compare
from sijoint.verify.items import KEYS, changed_items


def test_no_patient_changes_is_proved(tmp_path: Path) -> None:
    pack = changed_rule(parts(), "walking", title="Walking, said otherwise")
    comparison = compare(load(tmp_path / "old", parts()), load(tmp_path / "new", pack))
    assert comparison.unchanged
    assert comparison.changed == ()


def test_a_moved_threshold_is_shown_by_its_smallest_patient(tmp_path: Path) -> None:
    pack = parts()
    pack["parameters.yaml"] = [{**pack["parameters.yaml"][0], "value": 55}]
    old, new = load(tmp_path / "old", parts()), load(tmp_path / "new", pack)
    comparison = compare(old, new, drawn=200, seed=1)
    affected = {item.conclusion: item for item in comparison.affected}
    case = affected["alarm"].case
    assert case
    assert 50 < case.values["age"] <= 55  # type: ignore[operator]
    assert reference.evaluate(old, case) != reference.evaluate(new, case)
    assert affected["alarm"].rules == ("small/two_alarm",)
    assert comparison.cases == 200
    assert compare(old, new, drawn=200, seed=1) == comparison


def test_the_command_says_what_changed(tmp_path: Path) -> None:
    old, new = (
        write(tmp_path / "old", parts()),
        write(tmp_path / "new", changed_rule(parts(), "numb_alarms", then={"alarm": "soon"})),
    )
    result = CliRunner().invoke(app, ["diff", str(old), str(new)])
    assert result.exit_code == 1
    assert "conclusion alarm: now -> soon, by small/numb_alarms" in result.output
    same = CliRunner().invoke(app, ["diff", str(old), str(old)])
    assert (same.exit_code, same.output) == (0, "no patient changes: proved for every conclusion\n")


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_brute_force_agrees(data: st.DataObject) -> None:
    old = data.draw(knowledge_bases(max_findings=3, later=False, screens=False))
    gone = data.draw(st.sampled_from(old.rules)) if old.rules else None
    new = old.with_items(rules=tuple(rule for rule in old.rules if rule != gone))
    changing = {
        name
        for case in everyone(old)
        for was, becomes in [(reference.evaluate(old, case).grade, reference.evaluate(new, case).grade)]
        for name in {*was, *becomes}
        if was.get(name) != becomes.get(name)
    }
    assert {item.conclusion for item in compare(old, new).affected} == changing


def everything() -> dict[str, Any]:
    """A small pack in which every field of every model that a pack may hold has a value."""
    pack = parts()
    pack["pack.yaml"] = {**pack["pack.yaml"], "kinds": {**pack["pack.yaml"]["kinds"], "spare": {}}}
    pack["findings.yaml"] = [
        *pack["findings.yaml"],
        {**yes_no("hip"), "per": "side", "codes": {"a": "b"}},
        {"id": "site", "type": "choice", "choices": ["low", "high"], "obtained_by": "history", **SOURCE},
    ]
    pack["references.yaml"] = [*pack["references.yaml"], {"id": "S2", "kind": "paper", "doi": "10.1/x"}]
    pack["constraints.yaml"] = [{"id": "one", "never": ["numb", "weak"], "because": "no"}]
    pack["screens.yaml"] = [{"id": "core", "title": "Core", "ask": ["numb"], "open": "open", **SOURCE}]
    graded = [{"id": name, "kind": "flag", "grades": ["soon", "now"], **SOURCE} for name in ("unresolved", "raised")]
    pack["conclusions.yaml"] = [*pack["conclusions.yaml"], {"id": "open", "kind": "flag", **SOURCE}, *graded]
    pack["flags.yaml"] = [{"id": "stays", "title": "Stays", "raised": "alarm", "resolved": "held", "open": "unresolved",
                           "work_up": "weak", **SOURCE}]  # fmt: skip
    pack["x.differs.yaml"] = [{"id": "d", "about": ["walk"], "verdict": "agrees", "says": "x", "says_source": ["S1"],
                               "published": "y", "published_source": ["S1"], "certainty": ["V"], "wording": "z"}]  # fmt: skip
    pack["x.estimates.yaml"] = [{"id": "e", "title": "E", "formula": "post_test_probability", "shown_with": "walk",
                                 "pre_test": [0.1, 0.2], "assumptions": "none",
                                 "variants": [{"label": "v", "likelihood_ratio": [1.0, 2.0], **SOURCE}]}]  # fmt: skip
    pack["x.not_encoded.yaml"] = [{"id": "EV-1", "reason": "not needed"}]
    pack["accepted.yaml"] = [{"code": "K035", "item": "reference S2", "because": "kept"}]
    pack["card.yaml"] = {"limits": ["one"], "citation": "c"}
    words = pack["wording/en.yaml"]
    pack["wording/en.yaml"] = {
        **words,
        "kinds": {**words["kinds"], "spare": "Spare"},
        "findings": {**words["findings"], "hip": {"label": "h", "question": "h?"},
                     "site": {"label": "s", "question": "s?", "choices": {"low": "l", "high": "h"}}},
        "conclusions": {**words["conclusions"],
                        **{name: {"label": "o", "text": "o"} for name in ("open", "unresolved", "raised")}},
    }  # fmt: skip
    return pack


FILES = {
    "packs": ("pack.yaml", {"title": "Other", "version": "2.0.0", "authority": "other",
                            "intended_use": "other", "misuse": "other",
                            "files": [name for name in everything() if name not in ("pack.yaml", "rules.cases.yaml")]}),
    "findings": ("findings.yaml", {"obtained_by": "examination", "fixed": True, "past": True, "codes": {"x": "y"},
                                    "good_for": 30, "source": ["S2"]}),
    "conclusions": ("conclusions.yaml", {"kind": "spare", "shared": True, "within": "held", "codes": {"x": "y"},
                                          "source": ["S2"]}),
    "parameters": ("parameters.yaml", {"value": 51, "range": [30, 60], "interpretation": "ours", "checked": "2026-02-02",
                                       "source": ["S2"]}),
    "references": ("references.yaml", {"kind": "evidence", "document": "d", "lines": "1", "claim": "other", "strength": "high",
                                       "citation": "c", "doi": "10.1/y", "url": "u", "certainty": ["V"], "cites": ["S2"],
                                       "checked": "2026-02-02", "review_by": "2027-01-01"}),
    "rules": ("rules.yaml", {"title": "Other", "when": {"all": ["weak"]}, "unless": ["open"], "source": ["S2"],
                             "interpretation": "ours", "because": "so", "certainty": ["X"]}),
    "constraints": ("constraints.yaml", {"never": ["numb", "sore"], "because": "other"}),
    "screens": ("screens.yaml", {"title": "Other", "ask": ["weak"], "good_for": 30, "source": ["S2"], "interpretation": "ours"}),
    "flags": ("flags.yaml", {"title": "Other", "raised": "raised", "resolved": "open", "open": "raised", "work_up": "sore",
                             "source": ["S2"], "interpretation": "ours"}),
    "differences": ("x.differs.yaml", {"about": ["held"], "verdict": "differs", "says": "q", "says_source": ["S2"],
                                       "published": "q",
                                       "published_source": ["S2"], "certainty": ["M"], "wording": "q"}),
    "estimates": ("x.estimates.yaml", {"title": "F", "shown_with": "held", "pre_test": [0.1, 0.3], "assumptions": "some",
                                       "variants": [{"label": "w", "likelihood_ratio": [1.0, 2.0], **SOURCE}]}),
    "not_encoded": ("x.not_encoded.yaml", {"reason": "other"}),
    "accepted": ("accepted.yaml", {"item": "reference S1", "because": "other"}),
    "cards": ("card.yaml", {"users": "u", "population": "p", "limits": ["two"], "reviewed_by": ["r"], "citation": "d",
                            "developer": "d", "funding": "f", "released": "2026-01-01", "revised": "2026-01-01",
                            "inputs": {"x": ["age"]}, "no_attribute": ["age"]}),
    "cases": ("rules.cases.yaml", {"as_of": "2026-01-01", "findings": {"numb": False}, "fires": [], "silent": ["walking"],
                                   "then": {"alarm": "soon"}, "never": ["walk"], "near_misses": [], "note": "n",
                                   "contradicts": [],
                                   "steps": [{"findings": {"numb": False}}]}),
    "invariants": ("invariants.yaml", {"says": "Other.", "because": "so"}),
}  # fmt: skip
CHANGES = [(field, key, value) for field, (_, change) in FILES.items() for key, value in change.items()]
FIXED = {
    "id", "pack", "file", "line", "case", "code", "side", "per", "type", "unit", "range", "whole", "choices", "requires", "kinds",
    "overrides", "grades", "overridden_by", "declared_value", "value", "then", "gates", "open", "reach", "formula", "form",
    "kind", "violation", "change", "guarded", "direction", "reachable", "language", "elapses", "implies",
}  # fmt: skip
"""Fields that name an item or its place, that are worked out from others, or that further changes below try."""


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> KnowledgeBase:
    return load(tmp_path_factory.mktemp("old"), everything())


@pytest.mark.parametrize(("field", "key", "value"), CHANGES, ids=[f"{field}-{key}" for field, key, _ in CHANGES])
def test_a_changed_field_is_listed(field: str, key: str, value: Any, whole: KnowledgeBase, tmp_path: Path) -> None:
    pack, (file, _) = everything(), FILES[field]
    content = pack[file]
    pack[file] = [{**content[0], key: value}, *content[1:]] if isinstance(content, list) else {**content, key: value}
    items = changed_items(whole, load(tmp_path, pack))
    kind = next(name for name, (held, _) in KEYS.items() if held == field)
    assert any(item.kind == kind and (item.how != "changed" or key in item.fields[0]) for item in items)


def test_every_field_of_every_model_is_tried(whole: KnowledgeBase) -> None:
    assert {"kinds", "wording", "screen_parts", "not_shipped", "fingerprint", *FILES} == set(KnowledgeBase.model_fields)
    assert {field for field, _ in KEYS.values()} == {"wording", *FILES}
    for field, (_, change) in FILES.items():
        model = type(getattr(whole, field)[0])
        assert set(model.model_fields) - FIXED <= change.keys() | FIXED, field


OTHERS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "kind changed": lambda pack: pack["pack.yaml"]["kinds"]["flag"].update({"headline": True}),
    "kind added": lambda pack: pack["pack.yaml"]["kinds"].update({"more": {}}),
    "wording changed  small/en: findings.numb": lambda pack: pack["wording/en.yaml"]["findings"].update(
        {"numb": {"label": "y", "question": "x?"}}
    ),
    "wording changed  small/en: kinds.flag": lambda pack: pack["wording/en.yaml"]["kinds"].update({"flag": "Other"}),
    "conclusion reordered": lambda pack: pack["conclusions.yaml"].reverse(),
    "rule removed  small/walking": lambda pack: pack["rules.yaml"].pop(),
    "finding changed  small/age: unit": lambda pack: pack["findings.yaml"][3].update({"unit": "years old"}),
    "finding changed  small/age: range": lambda pack: pack["findings.yaml"][3].update({"range": [0, 110]}),
    "finding changed  small/age: whole": lambda pack: pack["findings.yaml"][3].update({"whole": True}),
    "finding changed  small/age: elapses": lambda pack: pack["findings.yaml"][3].update({"elapses": "years"}),
    "finding changed  small/age: implies": lambda pack: pack["findings.yaml"][3].update({"implies": "numb"}),
    "flag removed  small/stays": lambda pack: pack["flags.yaml"].clear(),
    "finding changed  small/site: choices": lambda pack: pack["findings.yaml"][5].update({"choices": ["high", "low"]}),
    "conclusion changed  small/held: grades": lambda pack: pack["conclusions.yaml"][1].update({"grades": ["given", "more"]}),
}


@pytest.mark.parametrize("what", OTHERS)
def test_other_changes_are_listed(what: str, whole: KnowledgeBase, tmp_path: Path) -> None:
    pack = everything()
    OTHERS[what](pack)
    if "unit" in what:
        pack["parameters.yaml"][0]["unit"] = "years old"
    if "grades" in what:
        pack["rules.yaml"][2]["then"] = {"held": "given"}
        pack["wording/en.yaml"]["conclusions"]["held"] = {"label": "h", "text": "h", "grades": {"more": "m"}}
    if what.startswith("rule removed"):
        pack["rules.cases.yaml"] = []
    assert any(str(item).startswith(what) for item in changed_items(whole, load(tmp_path, pack)))


@pytest.mark.parametrize(
    ("file", "key", "value", "decides"),
    [
        ("pack.yaml", "files", FILES["packs"][1]["files"], False),
        ("findings.yaml", "good_for", 30, True),
        ("screens.yaml", "good_for", 30, True),
        ("flags.yaml", "raised", "raised", True),
        ("flags.yaml", "title", "Other", False),
    ],
)
def test_says_of_what_changed_whether_it_can_take_part(
    file: str, key: str, value: Any, decides: bool, whole: KnowledgeBase, tmp_path: Path
) -> None:
    pack = everything()
    first = pack[file] if isinstance(pack[file], dict) else pack[file][0]
    first[key] = value
    (item,) = (item for item in changed_items(whole, load(tmp_path, pack)) if item.fields == (key,))
    assert item.decides is decides


def test_the_command_lists_apart_what_takes_part_in_no_conclusion(tmp_path: Path) -> None:
    pack = parts()
    pack["references.yaml"] = [{**pack["references.yaml"][0], "claim": "three of four, over 50"}]
    old, new = write(tmp_path / "old", parts()), write(tmp_path / "new", pack)
    result = CliRunner().invoke(app, ["diff", str(old), str(new)])
    assert result.exit_code == 0
    assert result.output == (
        "no patient changes: proved for every conclusion\n"
        "1 changes that take part in no conclusion:\n"
        "    reference changed  small/S1: claim\n"
    )


@pytest.mark.parametrize("made", [True, False])
def test_a_folder_without_a_pack_is_an_error(made: bool, tmp_path: Path) -> None:
    old, none = write(tmp_path / "old", parts()), tmp_path / "none"
    if made:
        none.mkdir()
    for folders in ([old, none], [none, old], [none, none]):
        result = CliRunner().invoke(app, ["diff", *map(str, folders)])
        assert result.exit_code == 2
        assert "K002" in result.output
        assert "proved" not in result.output
