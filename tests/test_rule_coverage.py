"""Coverage of clauses by the cases, and its page."""

from __future__ import annotations

from pathlib import Path

from sijoint.engine.case import Case, Recorded
from small_pack import changed_rule, load, parts, write
from typer.testing import CliRunner

from sijoint.cli import app
from sijoint.verify.certify import render_clauses
from sijoint.verify.decisive import clauses_of


def case(**values: bool) -> Case:
    return Case(findings=tuple(Recorded(finding=name, value=value) for name, value in sorted(values.items())))


def test_a_clause_is_decided_only_when_seen_both_ways(tmp_path: Path) -> None:
    knowledge = load(tmp_path, changed_rule(parts(), "walking", when={"all": ["sore", "weak"]}, unless=[]))
    clauses = {(item.rule.id, item.number): item for item in clauses_of(knowledge, [case(numb=False, sore=True)])}
    sore, weak = clauses["small/walking", 0], clauses["small/walking", 1]
    assert (sore.fires, sore.silences) == (0, 0)
    assert (weak.fires, weak.silences) == (0, 1)


def test_the_page_escapes_and_lists_what_was_never_decided(tmp_path: Path) -> None:
    knowledge = load(tmp_path, parts())
    page = render_clauses(knowledge, clauses_of(knowledge, []))
    assert "small/walking" in page
    assert "0 of" in page


def test_the_command_counts_and_writes_the_page(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["cases", "-p", str(write(tmp_path, parts())), "--html", str(tmp_path / "page.html")])
    assert result.exit_code == 0
    assert "clauses decided both ways" in result.output
    assert (tmp_path / "page.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
