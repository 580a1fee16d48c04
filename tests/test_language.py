"""Every mistake in a pack gives one message with file, line, reason and fix.

`broken/<code>/<variant>` holds what is wrong and the message. A variant's folder `clinic` is laid over `packs/clinic`; its other
folders are packs as they stand.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from sijoint.engine.suite import run_suite
from sijoint.knowledge.conditions import AnyOf, AtLeast, ChoiceTest, Later, NotDerived, NumberTest, Present
from sijoint.knowledge.yaml_reader import MAX_SCALAR

from sijoint import Engine, KnowledgeBase, KnowledgeError, Problem, load_knowledge

HERE = Path(__file__).parent
CLINIC = HERE / "packs" / "clinic"
VARIANTS = sorted(path for path in (HERE / "broken").glob("*/*") if path.is_dir())
SOURCES = (HERE.parent / "knowledge", HERE.parent / "engine")


def laid_over(variant: Path, folder: Path) -> list[Path]:
    """The pack folders of a variant, made in a folder."""
    shutil.copytree(CLINIC, folder / "clinic")
    shutil.copytree(variant, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("message.txt"))
    return sorted(path for path in folder.iterdir() if path.is_dir())


def mistakes(folders: list[Path]) -> tuple[Problem, ...]:
    """What loading the packs, or else running the cases beside their rules, reports."""
    try:
        knowledge = load_knowledge(*folders)
    except KnowledgeError as error:
        return error.problems
    return tuple(sorted(run_suite(knowledge, Engine(knowledge, ("compiled",))).problems))


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_refuses_a_broken_pack_with_the_whole_message(variant: Path, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    problems = mistakes(laid_over(variant, tmp_path))
    message = "".join(f"{problem}\n" for problem in problems)
    expected = variant / "message.txt"
    if request.config.getoption("--update-golden"):
        expected.write_text(message, encoding="utf-8")
    assert message == expected.read_text(encoding="utf-8")
    assert variant.parent.name in {problem.code for problem in problems}


def test_the_clinic_itself_is_in_order(tmp_path: Path) -> None:
    assert mistakes([shutil.copytree(CLINIC, tmp_path / "clinic")]) == ()


def codes_in_use() -> set[str]:
    """The codes that loading or running the cases may report; from K022 on stand diagnostics of packs that load."""
    text = "".join(path.read_text(encoding="utf-8") for folder in SOURCES for path in folder.glob("*.py"))
    return {code for code in re.findall(r'"(K\d{3})"', text) if code < "K022"}


def test_every_code_has_a_broken_pack() -> None:
    assert {variant.parent.name for variant in VARIANTS} == codes_in_use()


def test_every_mistake_is_reported_at_once(tmp_path: Path) -> None:
    """One pack laid over with every rule that is wrong by itself: no mistake hides another."""
    shutil.copytree(CLINIC, tmp_path / "clinic")
    wrong = [path for path in VARIANTS if path.parent.name in {"K004", "K006", "K007", "K008", "K016", "K019"}]
    rules = {
        path.name: path / "clinic" / "broken.yaml"
        for path in wrong
        if [*path.rglob("*.yaml")] == [path / "clinic" / "broken.yaml"]
    }
    text = "".join(path.read_text().replace("id: broken", f"id: {name}") for name, path in rules.items())
    (tmp_path / "clinic" / "broken.yaml").write_text(text)
    reported = {problem.item.removeprefix("rule ") for problem in mistakes([tmp_path / "clinic"])}
    assert reported >= set(rules) - {"unknown_reference"}  # references are looked up once everything else is resolved


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("- {id: S3, kind: page, claim: " + "x" * (MAX_SCALAR + 1) + "}", f"a text of {MAX_SCALAR + 1} characters"),
        ("#" * 1_000_001, "1000001 bytes, more than the 1000000 allowed"),
        ("- &a [" + "*a, " * 3 + "x]", "an anchor or alias"),
    ],
    ids=["long_text", "large_file", "alias_of_itself"],
)
def test_refuses_text_that_is_too_large(text: str, what: str, tmp_path: Path) -> None:
    folder = shutil.copytree(CLINIC, tmp_path / "clinic")
    (folder / "broken.references.yaml").write_text(text)
    assert [problem.what for problem in mistakes([folder])] == [what]


def test_refuses_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(KnowledgeError, match=r"nowhere: folder: no such folder; .* \[K002\]"):
        load_knowledge(tmp_path / "nowhere")


def test_refuses_a_file_in_place_of_a_folder() -> None:
    with pytest.raises(KnowledgeError, match=r"pack\.yaml: folder: no such folder; .* \[K002\]"):
        load_knowledge(CLINIC / "pack.yaml")


def test_refuses_two_folders_of_one_name(tmp_path: Path) -> None:
    one, two = (shutil.copytree(CLINIC, tmp_path / name / "clinic") for name in "ab")
    with pytest.raises(KnowledgeError, match=r"two folders are called clinic; .* \[K005\]"):
        load_knowledge(one, two)


def test_refuses_a_folder_of_too_many_files(tmp_path: Path) -> None:
    folder = shutil.copytree(CLINIC, tmp_path / "clinic")
    for number in range(500):
        (folder / f"{number}.yaml").touch()
    assert [problem.code for problem in mistakes([folder])] == ["K002"]


def test_a_cycle_is_printed_from_rule_to_rule(tmp_path: Path) -> None:
    problems = mistakes(laid_over(HERE / "broken" / "K010" / "in_a_circle_through_unless", tmp_path))
    circle = problems[0].what.removeprefix("rules depend on one another: ").split(" -> ")
    assert circle[0] == circle[-1]
    assert set(circle) == {"clinic/rests", "clinic/is_rested"}


def resolved(tmp_path: Path, when: str, **parts: str) -> KnowledgeBase:
    """The clinic with one more rule."""
    folder = shutil.copytree(CLINIC, tmp_path / "clinic")
    written = {"id": "more", "title": "More", "when": when, "then": "on_hold", "source": "[S1]", **parts}
    lines = [f"{key}: {value}" for key, value in written.items()]
    (folder / "more.yaml").write_text("- " + "\n  ".join(lines))
    return load_knowledge(folder)


@pytest.mark.parametrize(
    ("when", "condition"),
    [
        ("lifted", Present(finding="lifted")),
        ("{days: {over: $recent_days}}", NumberTest(finding="days", comparison="over", value=14, parameter="recent_days")),
        ("{pain_side: {none_of: [both]}}", ChoiceTest(finding="pain_side", choices=("left", "right"))),
        ("{either: thrust}", AnyOf(of=(Present(finding="thrust.left"), Present(finding="thrust.right")))),
        (
            "{at_least: $signs, of: [lifted, thrust.left]}",
            AtLeast(k=2, of=(Present(finding="lifted"), Present(finding="thrust.left")), parameter="signs"),
        ),
        ("{later: fever_cleared, than: [fever]}", Later(finding="fever_cleared", than=(Present(finding="fever"),))),
    ],
)
def test_reads_a_condition(when: str, condition: object, tmp_path: Path) -> None:
    assert resolved(tmp_path, when).rule_by_id["clinic/more"].when == condition


def test_a_rule_for_each_side_becomes_two_from_one_line(tmp_path: Path) -> None:
    knowledge = resolved(tmp_path, "thrust", **{"for": "side", "then": "joint"})
    left, right = (knowledge.rule_by_id[f"clinic/more.{side}"] for side in ("left", "right"))
    assert (left.file, left.line) == (right.file, right.line)
    assert [rule.when for rule in (left, right)] == [Present(finding="thrust.left"), Present(finding="thrust.right")]


def test_the_gate_of_a_kind_blocks_every_rule_of_it(tmp_path: Path) -> None:
    knowledge = resolved(tmp_path, "fever", then="walking")
    assert knowledge.rule_by_id["clinic/more"].blockers == (NotDerived(conclusion="on_hold", grade="given"),)


def test_a_local_policy_sets_a_parameter_and_is_named(tmp_path: Path) -> None:
    clinic = shutil.copytree(CLINIC, tmp_path / "clinic")
    house = tmp_path / "house"
    house.mkdir()
    (house / "pack.yaml").write_text(
        "pack: house\ntitle: House\nversion: 1.0.0\nkind: local_policy\nauthority: us\nrequires: [clinic]\nintended_use: us\n"
        "misuse: others\noverrides:\n  - {parameter: recent_days, value: 10, source: house rules, because: we say so}\n"
    )
    before, after = load_knowledge(clinic), load_knowledge(house)
    assert (after.parameter_by_id["recent_days"].value, after.parameter_by_id["recent_days"].overridden_by) == (10, "house")
    assert after.parameter_by_id["recent_days"].declared_value == before.parameter_by_id["recent_days"].value == 14
    assert after.fingerprint != before.fingerprint


@pytest.mark.parametrize(
    ("name", "change", "same"),
    [
        ("rules.yaml", lambda text: text.replace("title: A recent strain", "title: A new strain"), False),
        ("rules.yaml", lambda text: "# a remark\n\n" + text, True),
        ("rules.cases.yaml", lambda text: "", True),
        ("wording/en.yaml", lambda text: text.replace("Walking might help.", "Walking helps."), False),
    ],
    ids=["rule", "remark", "cases", "words"],
)
def test_the_fingerprint_follows_what_is_said_and_not_where(
    name: str, change: Callable[[str], str], same: bool, tmp_path: Path
) -> None:
    folder = shutil.copytree(CLINIC, tmp_path / "clinic")
    before = load_knowledge(folder).fingerprint
    path = folder / name
    path.write_text(change(path.read_text()))
    assert (load_knowledge(folder).fingerprint == before) is same
