"""Large knowledge: every chain, diamond and pile of rules is answered or refused in words; what is written stays linear."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import large_packs
import pytest
from sijoint.engine import reference
from sijoint.engine.bitplane import Bitplane
from sijoint.engine.case_reader import read_case
from sijoint.engine.program import compile_program
from sijoint.explain.document import screen_states
from sijoint.explain.text import render_why
from sijoint.knowledge.conditions import BRANCHES, Condition
from sijoint.knowledge.errors import KnowledgeError
from sijoint.knowledge.language import KnowledgeBase
from sijoint.knowledge.lint import lint
from small_pack import load

from sijoint import Assessment, Engine


def nodes(condition: Condition) -> int:
    return 1 + sum(map(nodes, condition.of)) if isinstance(condition, BRANCHES) else 1


def written_out(knowledge: KnowledgeBase) -> int:
    return sum(nodes(rule.when) + len(rule.blockers) for rule in knowledge.rules)


def assessed(knowledge: KnowledgeBase, **findings: Any) -> Assessment:
    engine = Engine(knowledge, ("compiled", "reference"))
    return Assessment(engine, read_case({"case": "x", "findings": findings}, knowledge))


SCREENED = [large_packs.chain, large_packs.blocked_chain, large_packs.diamond, large_packs.lattice]


@pytest.mark.parametrize("make", SCREENED, ids=lambda make: make.__name__)
def test_the_condition_of_a_screen_grows_with_the_rules_and_not_with_the_ways_through_them(make: Any, tmp_path: Path) -> None:
    more: dict[str, Any] = {} if make is large_packs.lattice else {"screen": True}
    small, large = load(tmp_path / "a", make(20, **more)), load(tmp_path / "b", make(40, **more))
    assert written_out(large) < 3 * written_out(small)


@pytest.mark.parametrize("blocked", [False, True])
def test_a_diamond_under_a_screen_is_answered_alike_and_closes(blocked: bool, tmp_path: Path) -> None:
    knowledge = load(tmp_path, large_packs.diamond(30, blocked=blocked))
    case: dict[str, Any] = {}
    for count, name in enumerate(("f0_a", "f29_a", "f15_b")):
        state = screen_states(knowledge, (opened := assessed(knowledge, **case)).trace, opened.case)[0]
        assert state.open
        assert len(state.unanswered) == state.asked - count
        case[name] = True
    closed = assessed(knowledge, f29_a=False)
    assert "full_open" not in closed
    assert screen_states(knowledge, closed.trace, closed.case)[0].unanswered == ()


def test_a_part_of_a_screen_is_no_conclusion_and_no_rule_that_anyone_reads(tmp_path: Path) -> None:
    knowledge = load(tmp_path, large_packs.diamond(30))
    assert len(knowledge.screen_parts) > 5
    assessment = assessed(knowledge, f0_a=True)
    for text in (assessment.to_json(), str(assessment), assessment.to_html(), assessment.to_audit()):
        assert "_part_" not in text
    assert len(knowledge.shown_rules) == 61


@pytest.mark.parametrize("length", [150, 900])
@pytest.mark.parametrize("make", [large_packs.chain, large_packs.blocked_chain], ids=lambda make: make.__name__)
def test_a_long_chain_is_answered_alike(make: Any, length: int, tmp_path: Path) -> None:
    knowledge = load(tmp_path, make(length))
    bitplane = Bitplane(compile_program(knowledge))
    for findings in ({}, {"f0": True}, {"f0": False}):
        case = read_case({"case": "x", "findings": findings}, knowledge)
        assert reference.evaluate(knowledge, case) == bitplane.evaluate(case)


@pytest.mark.parametrize("layers", [13, 26])
def test_the_record_of_a_diamond_is_small(layers: int, tmp_path: Path) -> None:
    knowledge = load(tmp_path, large_packs.diamond(layers))
    assert len(assessed(knowledge, f0_a=True, f0_b=True).to_json()) < 2_000 * layers


def test_a_chain_too_long_to_answer_is_refused_when_loaded(tmp_path: Path) -> None:
    with pytest.raises(KnowledgeError) as error:
        load(tmp_path, large_packs.chain(1001, screen=True))
    assert [problem.code for problem in error.value.problems] == ["K048"]
    assert "rule small/r1000" in str(error.value)


@pytest.mark.parametrize("length", [150, 300])
@pytest.mark.parametrize("make", [large_packs.chain, large_packs.blocked_chain], ids=lambda make: make.__name__)
def test_every_question_about_a_long_chain_is_answered(make: Any, length: int, tmp_path: Path) -> None:
    knowledge = load(tmp_path, make(length))
    full, empty, last = assessed(knowledge, f0=True), assessed(knowledge), f"c{length - 1}"
    for text in (str(full), full.to_json(), full.to_html(), full.to_audit(), full.to_patient()):
        assert text
    for assessment in (full, empty):
        if last in assessment:
            assert render_why(assessment, last)
        else:
            assert assessment.why_not(last).rules
        assert assessment.settled(last).conclusion == last
        assert assessment.counterfactuals(last, "changes").conclusion == last
        assert assessment.contrast(last, "c0").a.conclusion == last
        assert assessment.next_questions() is not None
        assert assessment.what_if({"f0": False}).changes
    assert lint(knowledge) is not None


def test_a_tree_of_reasons_says_where_it_stops(tmp_path: Path) -> None:
    assessment = assessed(load(tmp_path, large_packs.chain(60)), f0=True)
    text = render_why(assessment, "c59")
    assert text.count("rule small/") == 20
    assert "c39: given]: its reasons are left out here; ask why for c39" in " ".join(text.split())
    assert assessment.why("c39").rules


@pytest.mark.parametrize(
    "write", [Assessment.to_json, str, Assessment.to_html, Assessment.to_audit], ids=["json", "text", "html", "audit"]
)
def test_what_is_written_grows_with_the_rules_that_fired(write: Any, tmp_path: Path) -> None:
    short, long = (len(write(assessed(load(tmp_path / str(n), large_packs.fired(n)), f0=True))) for n in (100, 400))
    assert long < 5 * short


def test_a_drawing_says_how_many_rules_it_leaves_out(tmp_path: Path) -> None:
    page = assessed(load(tmp_path, large_packs.fired(400)), f0=True).to_html()
    assert "300 rules fired" in page
    assert "100 more fired and are left out of the drawing" in page
