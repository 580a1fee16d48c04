"""Comparison of two versions: what changes is found with its smallest patient; that nothing changes is proved."""

from __future__ import annotations

from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sijoint.engine import reference
from small_pack import changed_rule, load, parts, write
from strategies import knowledge_bases
from test_prove import everyone
from typer.testing import CliRunner

from sijoint.cli import app
from sijoint.verify.compare import compare


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
