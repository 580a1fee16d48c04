"""Knowledge that proves itself: what is damaged, empty, changed by hand or of another house is refused or named."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import EXAMPLES
from sijoint.engine.infer import engine_for
from sijoint.knowledge import loader
from small_pack import load, parts, rule, write, yes_no
from typer.testing import CliRunner

from sijoint import Engine, KnowledgeBase, KnowledgeError, Session, assess, assess_columns, assess_many, load_knowledge
from sijoint.cli import app
from sijoint.verify import seal, self_check

CLINIC = Path(__file__).parent / "packs" / "clinic"
CAUDA = "red_flags/cauda_equina.yaml"


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The shipped packs copied to a folder of their own, in their place."""
    folder = shutil.copytree(loader.SHIPPED, tmp_path / "packs")
    monkeypatch.setattr(loader, "SHIPPED", folder)
    monkeypatch.setattr(seal, "SHIPPED", folder)
    monkeypatch.setattr(self_check, "SHIPPED", folder)
    monkeypatch.setattr(loader, "_shipped", loader.Once(2))
    return folder


def codes(error: pytest.ExceptionInfo[KnowledgeError]) -> set[str]:
    return {problem.code for problem in error.value.problems}


# The release --------------------------------------------------------------------------------------------------


def test_the_release_is_what_the_shipped_packs_hold(knowledge: KnowledgeBase) -> None:
    text = (loader.SHIPPED / "release.json").read_text(encoding="utf-8")
    assert text == seal.written(seal.sealed(knowledge)), "the shipped packs were changed: run `make seal` and read the diff"


def test_no_invariant_and_no_case_is_gone(knowledge: KnowledgeBase) -> None:
    assert seal.fewer(knowledge) == (), "bring them back, or run `make seal FEWER=1` if they are meant to go"


def removed(packs: Path) -> str:
    (packs / CAUDA).unlink()
    return f"{CAUDA}: file: missing"


def changed(packs: Path) -> str:
    path = packs / CAUDA
    path.write_text(path.read_text().replace("emergency", "watch"))
    return f"{CAUDA}: file: not as it was released"


def added(packs: Path) -> str:
    (packs / "red_flags" / "more.yaml").write_text("[]\n")
    return "red_flags/more.yaml: file: not part of the release"


def shortened(packs: Path) -> str:
    path = packs / "si_joint_article" / "wording" / "en.yaml"
    path.write_text(path.read_text()[:-200])
    return "si_joint_article/wording/en.yaml: file: not as it was released"


def without_a_pack(packs: Path) -> str:
    shutil.rmtree(packs / "si_joint_evidence")
    return "si_joint_evidence: pack: missing"


def with_a_pack(packs: Path) -> str:
    shutil.copytree(CLINIC, packs / "clinic")
    return "clinic: pack: not part of the release"


def without_yaml(packs: Path) -> str:
    for path in packs.rglob("*.yaml"):
        path.unlink()
    return "red_flags: pack: missing"


def without_release(packs: Path) -> str:
    (packs / "release.json").unlink()
    return "release.json: release: missing"


def with_half_a_release(packs: Path) -> str:
    path = packs / "release.json"
    path.write_text(path.read_text()[:500])
    return "release.json: release: not as it was released"


DAMAGE = (removed, changed, added, shortened, without_a_pack, with_a_pack, without_yaml, without_release, with_half_a_release)


@pytest.mark.parametrize("cases", [False, True])
@pytest.mark.parametrize("damage", DAMAGE)
def test_refuses_a_damaged_installation(damage: Callable[[Path], str], cases: bool, installed: Path) -> None:
    said = damage(installed)
    with pytest.raises(KnowledgeError) as error:
        load_knowledge(cases=cases)
    assert said in str(error.value)
    assert codes(error) == {"K050"}


def test_a_pack_of_a_clinic_rests_on_shipped_packs_as_released(installed: Path, tmp_path: Path) -> None:
    house = policy(tmp_path / "house")
    assert load_knowledge(house, cases=False).not_shipped == ()
    removed(installed)
    with pytest.raises(KnowledgeError, match="K050"):
        load_knowledge(house, cases=False)


def test_line_ends_of_another_system_change_nothing(installed: Path) -> None:
    path = installed / CAUDA
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert load_knowledge(cases=False).rules


def test_an_installation_needs_no_cases(installed: Path) -> None:
    for path in installed.rglob("*.cases.yaml"):
        path.unlink()
    assert load_knowledge().cases == ()
    assert load_knowledge(cases=False).fingerprint == json.loads((installed / "release.json").read_text())["fingerprint"]


def test_software_that_reads_other_knowledge_from_the_same_files_is_refused(installed: Path) -> None:
    path = installed / "release.json"
    release = json.loads(path.read_text())
    path.write_text(json.dumps({**release, "fingerprint": "0" * 64}))
    with pytest.raises(KnowledgeError, match=r"packs: fingerprint: [0-9a-f]{16} in place of 0000000000000000"):
        load_knowledge(cases=False)


def test_a_case_or_an_invariant_that_is_gone_is_noticed(installed: Path) -> None:
    (installed / "red_flags" / "resolving.cases.yaml").unlink()
    knowledge = load_knowledge()
    (gone,) = seal.fewer(knowledge)
    assert (gone.item, gone.code) == ("pack red_flags", "K051")
    fewer_invariants = knowledge.with_items(invariants=knowledge.invariants[1:])
    assert len(seal.fewer(fewer_invariants)) == 2
    before = (installed / "release.json").read_text()
    assert seal.main([]) == 1
    assert (installed / "release.json").read_text() == before
    assert seal.main(["--fewer"]) == 0
    assert seal.fewer(knowledge) == ()


def test_authors_see_what_is_not_sealed_beside_every_other_mistake(installed: Path) -> None:
    path = installed / "red_flags" / "cauda_equina.yaml"
    path.write_text(path.read_text() + "# a remark\n")
    _, unsealed = loader.load_unsealed()
    assert [(problem.file, problem.code) for problem in unsealed] == [(CAUDA, "K050")]
    assert seal.main([]) == 0
    assert loader.load_unsealed()[1] == ()
    assert load_knowledge(cases=False).rules


# The self-check -----------------------------------------------------------------------------------------------


def test_the_self_check_passes_here() -> None:
    done = CliRunner().invoke(app, ["self-check"])
    assert done.exit_code == 0, done.output
    assert [line.split(":")[0] for line in done.output.splitlines()] == ["ok versions", "ok knowledge", "ok evaluators"]


def test_the_self_check_fails_on_a_damaged_installation(installed: Path) -> None:
    removed(installed)
    done = CliRunner().invoke(app, ["self-check"])
    assert done.exit_code == 1
    assert "FAILED knowledge" in done.output
    assert CAUDA in done.output


def test_the_self_check_fails_where_the_answers_are_not_those_released(installed: Path) -> None:
    path = installed / "release.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "answers": "0" * 64}))
    done = CliRunner().invoke(app, ["self-check"])
    assert done.exit_code == 1
    assert "FAILED evaluators" in done.output


# Files of a pack ----------------------------------------------------------------------------------------------


def listed(*more: str, without: str = "") -> dict[str, Any]:
    """The small pack with a list of its files."""
    pack = parts()
    names = [name for name in (*pack, *more) if name not in ("pack.yaml", without) and not name.endswith(".cases.yaml")]
    return {**pack, "pack.yaml": {**pack["pack.yaml"], "files": names}}


def test_a_pack_that_lists_its_files_holds_these_and_no_others(tmp_path: Path) -> None:
    assert load(tmp_path, listed()).rules


@pytest.mark.parametrize(
    ("pack", "said"),
    [
        (listed("fever.yaml"), "small/fever.yaml: file: listed and missing"),
        (listed(without="invariants.yaml"), "small/invariants.yaml: file: there and not listed"),
        ({**listed(), "more.yml": []}, "small/more.yml: file: there and not listed"),
        ({**listed(), "deep/MORE.YAML": []}, "small/deep/MORE.YAML: file: there and not listed"),
    ],
)
def test_refuses_a_pack_whose_files_are_not_those_it_lists(pack: dict[str, Any], said: str, tmp_path: Path) -> None:
    with pytest.raises(KnowledgeError) as error:
        load(tmp_path, pack)
    assert said in str(error.value)
    assert codes(error) == {"K052"}


def test_refuses_a_pack_without_rules(tmp_path: Path) -> None:
    pack = {key: value for key, value in parts().items() if key in ("pack.yaml", "findings.yaml", "references.yaml")}
    pack["wording/en.yaml"] = {**parts()["wording/en.yaml"], "conclusions": {}}
    pack["pack.yaml"] = {**pack["pack.yaml"], "kinds": {"flag": {}}}
    with pytest.raises(KnowledgeError) as error:
        load(tmp_path, pack)
    assert codes(error) == {"K053"}


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="no links here")
@pytest.mark.parametrize("kind", ["file", "folder", "chain"])
def test_no_file_outside_the_folder_of_a_pack_is_read(kind: str, tmp_path: Path) -> None:
    folder = write(tmp_path, parts())
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "more.yaml").write_text("- {secret: of another}\n")
    if kind == "file":
        (folder / "more.yaml").symlink_to(outside / "more.yaml")
    elif kind == "folder":
        (folder / "deep").symlink_to(outside)
    else:
        (outside / "link.yaml").symlink_to(outside / "more.yaml")
        (folder / "more.yaml").symlink_to(outside / "link.yaml")
    with pytest.raises(KnowledgeError) as error:
        load_knowledge(folder)
    assert codes(error) == {"K002"}
    assert "secret" not in str(error.value)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_a_pipe_in_a_pack_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    folder = write(tmp_path, parts())
    os.mkfifo(folder / "more.yaml")
    with pytest.raises(KnowledgeError, match=r"small/more\.yaml: file: cannot be read: not a regular file; .* \[K001\]"):
        load_knowledge(folder)


# A base that is not what its fingerprint says -----------------------------------------------------------------


def without_cauda_equina(knowledge: KnowledgeBase) -> dict[str, Any]:
    content = knowledge.model_dump()
    return {**content, "rules": [item for item in content["rules"] if "cauda_equina" not in item["file"]]}


@pytest.fixture(scope="module")
def bare() -> KnowledgeBase:
    return load_knowledge(cases=False)


FORGED: dict[str, Callable[[KnowledgeBase], KnowledgeBase]] = {
    "model_validate": lambda it: KnowledgeBase.model_validate(without_cauda_equina(it)),
    "model_copy": lambda it: it.model_copy(update={"rules": it.rules[1:]}),
    "deep copy": lambda it: it.model_copy(update={"rules": it.rules[1:]}, deep=True),
    "model_construct": lambda it: KnowledgeBase.model_construct(**{**dict(it), "screens": ()}),
    "words": lambda it: it.model_copy(update={"wording": it.wording[1:]}),
    "order of headings": lambda it: it.model_copy(update={"wording": tuple(map(turned, it.wording))}),
    "fingerprint": lambda it: it.model_copy(update={"fingerprint": ""}),
    "no rules": lambda it: it.with_items(rules=()),
    "a list": lambda it: KnowledgeBase.model_construct(**{**dict(it), "rules": [*it.rules]}),
}


def turned(words: Any) -> Any:
    return words.model_copy(update={"patient": dict(reversed(words.patient.items()))})


@pytest.mark.parametrize("forge", FORGED.values(), ids=list(FORGED))
def test_refuses_a_base_that_is_not_what_its_fingerprint_says(
    forge: Callable[[KnowledgeBase], KnowledgeBase], bare: KnowledgeBase
) -> None:
    forged = forge(bare)
    for use in (Engine, engine_for):
        with pytest.raises(KnowledgeError) as error:
            use(forged)
        assert codes(error) <= {"K053", "K054"}
    with pytest.raises(KnowledgeError):
        assess({"findings": {"saddle_numbness": True}}, knowledge=forged)
    with pytest.raises(KnowledgeError):
        assess_columns({"saddle_numbness": [True]}, knowledge=forged)


def test_a_base_that_is_read_back_is_the_same(bare: KnowledgeBase) -> None:
    again = KnowledgeBase.model_validate_json(bare.model_dump_json())
    assert again == bare
    assert engine_for(again) is engine_for(bare)


def test_a_changed_base_has_a_fingerprint_of_its_own(bare: KnowledgeBase) -> None:
    changed = bare.with_items(rules=bare.rules[1:])
    assert changed.fingerprint != bare.fingerprint
    assert changed != bare
    assert assess({}, engine=Engine(changed, ("compiled",))).inference.fingerprint == changed.fingerprint


def test_every_part_of_an_item_counts_for_the_fingerprint(clinic: KnowledgeBase) -> None:
    """Whatever is changed in an item that can change an answer or a word, other than where it stands."""
    for part in ("packs", "findings", "conclusions", "parameters", "references", "rules", "constraints", "wording"):
        first = getattr(clinic, part)[0]
        for name in set(type(first).model_fields) - {"file", "line"}:
            changed = first.model_copy(update={name: "changed"})
            other = clinic.model_construct(**{**dict(clinic), part: (changed, *getattr(clinic, part)[1:])})
            assert other.content != clinic.content, (part, name)


# One engine ---------------------------------------------------------------------------------------------------


def test_every_door_shares_one_knowledge_and_one_engine() -> None:
    engine = assess({}).engine
    assert Session().engine is engine
    assert next(assess_many([{}])).engine is engine
    assert engine_for(load_knowledge()) is engine
    assert engine_for(load_knowledge(cases=False), engine.evaluators) is engine
    assert assess_columns({"saddle_numbness": [True]}).bitplane is engine.bitplane


def test_what_an_engine_holds_is_shared_however_much_else_was_compiled(knowledge: KnowledgeBase, tmp_path: Path) -> None:
    engine, small = Engine(knowledge, ("compiled",)), load(tmp_path, parts())
    for number in range(20):
        conclusion = small.conclusions[0].model_copy(update={"id": f"more_{number}"})
        Engine(small.with_items(conclusions=(*small.conclusions, conclusion)), ("compiled",))
    assert Engine(knowledge, ("reference",)).bitplane is engine.bitplane


# Another house ------------------------------------------------------------------------------------------------


def policy(folder: Path, requires: str = "red_flags", **more: Any) -> Path:
    folder.mkdir()
    content = {"pack": folder.name, "title": "House", "version": "1.0.0", "kind": "domain", "authority": "us"}
    content |= {"requires": [requires], "intended_use": "us", "misuse": "others", **more}
    (folder / "pack.yaml").write_text(json.dumps(content))
    return folder


def test_a_pack_that_bears_the_name_of_a_shipped_one_is_named(tmp_path: Path) -> None:
    shutil.copytree(loader.SHIPPED / "red_flags", tmp_path / "red_flags", ignore=shutil.ignore_patterns("*.cases.yaml"))
    house = policy(tmp_path / "house")
    assert load_knowledge(house, cases=False).not_shipped == ()  # the same bytes are the shipped pack, wherever they lie
    path = tmp_path / CAUDA
    path.write_text(path.read_text() + "\n# ours\n")
    knowledge = load_knowledge(house, cases=False)
    assert knowledge.not_shipped == ("red_flags",)
    assessment = assess({}, engine=Engine(knowledge, ("compiled",)))
    assert assessment.document().knowledge.not_shipped == ("red_flags",)
    assert "red_flags 1.0.0, not the shipped one" in str(assessment).replace("\n", " ")
    done = CliRunner().invoke(app, ["assess", str(EXAMPLES[0]), "--packs", str(house)])
    assert "note: red_flags 1.0.0 is not the pack that ships with sijoint" in done.stderr
    assert knowledge.fingerprint in done.stderr


def test_a_gate_that_passes_the_hold_of_other_packs_is_refused(tmp_path: Path) -> None:
    kinds = {"massage": {"actionable": True, "unless": ["screen_incomplete"]}}
    house = policy(tmp_path / "house", kinds=kinds)
    with pytest.raises(KnowledgeError, match=r"kind massage: its gate leaves out core_screen_open, treatment_on_hold; .*K011"):
        load_knowledge(house, cases=False)


def test_kinds_of_one_pack_share_a_hold(tmp_path: Path) -> None:
    pack = parts()
    kinds = {**pack["pack.yaml"]["kinds"], "rest": {"actionable": True, "unless": ["alarm"]}}
    with pytest.raises(KnowledgeError, match=r"kind rest: its gate shares nothing .* \[K011\]"):
        load(tmp_path, {**pack, "pack.yaml": {**pack["pack.yaml"], "kinds": kinds}})


def test_the_invariants_about_the_hold_belong_to_the_red_flags_and_range_over_every_pack(tmp_path: Path) -> None:
    """A kind of another house is among those that may not be given on hold."""
    kinds = {"massage": {"actionable": True, "unless": ["treatment_on_hold", "core_screen_open"]}}
    house = policy(tmp_path / "house", kinds=kinds)
    (house / "references.yaml").write_text("- {id: H1, kind: opinion, claim: ours}\n")
    (house / "conclusions.yaml").write_text("- {id: rub, kind: massage, source: [H1]}\n")
    (house / "rules.yaml").write_text("- {id: rub, title: Rub, when: saddle_numbness, then: rub, source: [H1]}\n")
    (house / "wording").mkdir()
    words = {"language": "en", "kinds": {"massage": "Massage"}, "conclusions": {"rub": {"label": "rub", "text": "Rub."}}}
    (house / "wording" / "en.yaml").write_text(json.dumps(words))
    knowledge = load_knowledge(house, cases=False)
    about = [repr(item.violation) for item in knowledge.invariants if item.pack == "red_flags" and item.violation]
    for hold in ("treatment_on_hold", "core_screen_open"):
        assert any(f"'{hold}'" in violation and "'rub'" in violation for violation in about)


@pytest.mark.parametrize(
    ("words", "refused"),
    [
        ({"findings": {"saddle_numbness": {"label": "x", "question": "Are you well?"}}}, True),
        ({"conclusions": {"disposition": {"label": "x", "text": "All is well."}}}, True),
        ({"kinds": {"urgency": "Nothing to worry about"}}, True),
        ({"patient": {"urgency": "Nothing to worry about"}}, True),
        ({"language": "de", "findings": {"saddle_numbness": {"label": "x", "question": "Taub?"}}}, False),
    ],
)
def test_words_have_one_owner(words: dict[str, Any], refused: bool, tmp_path: Path) -> None:
    house = policy(tmp_path / "house")
    (house / "wording").mkdir()
    content = {"language": "en", **words}
    (house / "wording" / f"{content['language']}.yaml").write_text(json.dumps(content))
    if not refused:
        assert load_knowledge(house, cases=False).wording
        return
    with pytest.raises(KnowledgeError, match=r"house/wording/en.yaml:1: wording of \w+: worded before, in red_flags/.* \[K005\]"):
        load_knowledge(house, cases=False)


def test_a_second_wording_file_of_one_pack_overwrites_nothing(tmp_path: Path) -> None:
    pack = {**parts(), "wording/more.en.yaml": {"language": "en", "findings": {"numb": {"label": "y", "question": "y?"}}}}
    with pytest.raises(KnowledgeError) as error:
        load(tmp_path, pack)
    assert codes(error) == {"K005"}


# Limits of durable-rules --------------------------------------------------------------------------------------


def test_the_reference_stands_in_where_durable_rules_cannot_hold_a_rule(tmp_path: Path) -> None:
    names = [f"sign_{number}" for number in range(250)]
    pack = parts()
    words = {**pack["wording/en.yaml"]["findings"], **{name: {"label": "x", "question": "x?"} for name in names}}
    pack["findings.yaml"] = [*pack["findings.yaml"], *map(yes_no, names)]
    pack["rules.yaml"] = [*pack["rules.yaml"], rule("many", {"all": names}, {"alarm": "now"})]
    pack["wording/en.yaml"] = {**pack["wording/en.yaml"], "findings": words}
    assessment = assess({"findings": dict.fromkeys(names, True)}, knowledge=load(tmp_path, pack))
    assert assessment.grades["alarm"] == "now"
    assert assessment.document().evaluators == ("reference", "compiled")
