"""A small pack written to a folder, to plant faults in: a flag, a gate, a count, a threshold and an invariant for each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from sijoint.knowledge.language import KnowledgeBase
from sijoint.knowledge.loader import load_knowledge

SOURCE = {"source": ["S1"]}


def yes_no(name: str) -> dict[str, Any]:
    return {"id": name, "type": "yes_no", "obtained_by": "history", **SOURCE}


def rule(name: str, when: Any, then: Any, **more: Any) -> dict[str, Any]:
    return {"id": name, "title": name.replace("_", " "), "when": when, "then": then, **SOURCE, **more}


def parts() -> dict[str, Any]:
    """The pack as plain values, without fault: every file by its name."""
    age = {"id": "age", "type": "number", "unit": "years", "range": [0, 120], "obtained_by": "history", **SOURCE}
    kinds: dict[str, Any] = {"flag": {}, "exercise": {"actionable": True, "unless": ["held"]}}
    words = {name: {"label": name, "question": f"Is it {name}?"} for name in ("numb", "weak", "sore")}
    words["age"] = {"label": "age", "question": "What is the age in years?"}
    return {
        "pack.yaml": {"pack": "small", "title": "Small", "version": "1.0.0", "authority": "test", "intended_use": "test",
                      "misuse": "test", "kinds": kinds},
        "findings.yaml": [yes_no("numb"), yes_no("weak"), yes_no("sore"), age],
        "conclusions.yaml": [
            {"id": "alarm", "kind": "flag", "grades": ["soon", "now"], **SOURCE},
            {"id": "held", "kind": "flag", **SOURCE},
            {"id": "walk", "kind": "exercise", **SOURCE},
        ],
        "references.yaml": [{"id": "S1", "kind": "statement", "claim": "two of three, over 50"}],
        "parameters.yaml": [{"id": "old", "value": 50, "unit": "years", "range": [40, 60], "checked": "2026-01-01", **SOURCE}],
        "rules.yaml": [
            rule("numb_alarms", {"all": ["numb"]}, {"alarm": "now"}),
            rule("two_alarm", {"at_least": 2, "of": ["weak", "sore", {"age": {"over": "$old"}}]}, {"alarm": "soon"}),
            rule("alarm_holds", {"any": ["alarm", {"unknown": "numb"}]}, "held"),
            rule("walking", {"all": ["sore"]}, "walk"),
        ],
        "rules.cases.yaml": [
            {"case": "numb", "findings": {"numb": True}, "fires": ["numb_alarms", "alarm_holds"],
             "then": {"alarm": "now"}, "near_misses": [{"numb": False}]},
            {"case": "open", "findings": {}, "fires": ["alarm_holds"], "near_misses": [{"numb": False}]},
            {"case": "two", "findings": {"numb": False, "weak": True, "sore": True}, "fires": ["two_alarm", "alarm_holds"],
             "silent": ["walking"], "then": {"alarm": "soon"}, "near_misses": [{"weak": None}, {"sore": None}]},
            {"case": "aged", "findings": {"numb": False, "sore": True, "age": 51}, "fires": ["two_alarm"],
             "near_misses": [{"age": 50}]},
            {"case": "walks", "findings": {"numb": False, "sore": True}, "fires": ["walking"], "near_misses": [{"sore": False}]},
        ],
        "invariants.yaml": [
            {"id": "nothing_while_held", "says": "No exercise while held.", "never": {"all": ["held", {"kind": "exercise"}]}},
            {"id": "numb_is_now", "says": "Numbness alarms now.", "whenever": "numb", "then": {"alarm": "now"}},
            {"id": "numb_never_lowers", "says": "Numbness never lowers the alarm.",
             "changing": {"findings": ["numb", "weak", "sore"], "before": ["unknown", "absent"], "after": "present"},
             "never_lowers": ["alarm"]},
            {"id": "unknown_asks", "says": "Unknown only holds.", "unknown_only_for": ["flag"]},
            {"id": "all_reached", "says": "Every conclusion is reached.", "reachable": "conclusions"},
            {"id": "all_fire", "says": "Every rule fires.", "reachable": "rules"},
        ],
        "wording/en.yaml": {"language": "en", "kinds": {"flag": "Flag", "exercise": "Exercise"},
                            "findings": words,
                            "conclusions": {"alarm": {"label": "a", "text": "a"}, "held": {"label": "h", "text": "h"},
                                            "walk": {"label": "w", "text": "w"}}},
    }  # fmt: skip


def changed_rule(pack: dict[str, Any], name: str, **change: Any) -> dict[str, Any]:
    """The pack with one rule changed in some keys."""
    rules = [{**item, **change} if item["id"] == name else item for item in pack["rules.yaml"]]
    return {**pack, "rules.yaml": rules}


def write(folder: Path, pack: dict[str, Any]) -> Path:
    """The pack as files in a folder that is called `small`."""
    root = folder / "small"
    for name, value in pack.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        text = yaml.dump(value, Dumper=_Plain, sort_keys=False)
        path.write_text(text.replace("'2026-01-01'", "2026-01-01"), encoding="utf-8")
    return root


def load(folder: Path, pack: dict[str, Any]) -> KnowledgeBase:
    """The pack loaded."""
    return load_knowledge(write(folder, pack))


class _Plain(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True
