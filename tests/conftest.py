"""Fixtures that every test may use, and `--update-golden`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from sijoint.engine.bitplane import Bitplane
from sijoint.engine.infer import engine_for

from sijoint import Engine, KnowledgeBase, load_knowledge

HERE = Path(__file__).parent
ROOT = HERE.parent
GOLDEN = HERE / "golden"
EXAMPLES = sorted((ROOT / "docs" / "examples").glob("*.yaml"))

settings.register_profile(
    "ci",
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
settings.register_profile("mutation", settings.get_profile("ci"), phases=[Phase.explicit, Phase.generate])
settings.load_profile("ci")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="rewrite the expected texts; then read the diff")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compare a text with the golden file of that name, or write the file with `--update-golden`."""

    def compare(name: str, text: str) -> None:
        path = GOLDEN / name
        if request.config.getoption("--update-golden"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
        assert path.is_file(), f"no golden file {name}: run with --update-golden and read it"
        assert path.read_bytes().decode() == text

    return compare


@pytest.fixture
def passes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The work of compiled programs while a test runs: for each pass the number of cases it answered at once."""
    widths: list[int] = []
    run = Bitplane.run

    def counted(self: Bitplane, atoms: Any, one: Any) -> Any:
        widths.append(one.bit_length() if isinstance(one, int) else 1)
        return run(self, atoms, one)

    monkeypatch.setattr(Bitplane, "run", counted)
    return widths


@pytest.fixture(scope="session")
def knowledge() -> KnowledgeBase:
    """The shipped packs, with the cases beside the rules."""
    return load_knowledge()


@pytest.fixture(scope="session")
def engine(knowledge: KnowledgeBase) -> Engine:
    """The shipped packs on two evaluators that run on every Python."""
    return engine_for(knowledge, ("compiled", "reference"))


@pytest.fixture(scope="session")
def clinic() -> KnowledgeBase:
    """A small pack of another clinic."""
    return load_knowledge(HERE / "packs" / "clinic")
