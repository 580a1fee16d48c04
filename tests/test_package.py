"""The package: importable from anywhere, light to import, and a wheel that holds every pack file."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from conftest import EXAMPLES, ROOT
from sijoint.knowledge import loader

from sijoint import load_knowledge

FOLDERS = ("engine", "knowledge", "explain", "sijoint")


def python(code: str, folder: Path, **env: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, env=env or None, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("place", ["repository", "elsewhere"])
def test_imports_from_the_repository_and_from_elsewhere(place: str, tmp_path: Path) -> None:
    folder = ROOT if place == "repository" else tmp_path
    code = f"import sijoint.engine.infer, sijoint.verify, sijoint; print(sijoint.assess({str(EXAMPLES[0])!r}).case.case)"
    assert python(code, folder) == f"{EXAMPLES[0].stem}\n"


def test_importing_starts_no_thread_and_imports_nothing_heavy(tmp_path: Path) -> None:
    code = """
import sys, threading
import sijoint
heavy = {"typer", "rich", "click", "durable", "durable_rules_engine", "yaml", "pydantic", "numpy", "pyarrow", "jinja2", "z3"}
print(threading.active_count(), sorted(heavy & set(sys.modules)))
"""
    assert python(code, tmp_path) == "1 []\n"


def test_assessing_imports_no_command_line_and_starts_no_thread(tmp_path: Path) -> None:
    code = f"""
import sys, threading
import sijoint
sijoint.assess({str(EXAMPLES[0])!r})
print(threading.active_count(), sorted({{"typer", "rich", "numpy", "pyarrow", "jinja2", "z3"}} & set(sys.modules)))
"""
    assert python(code, tmp_path) == "1 []\n"


def test_the_repository_puts_no_top_level_package_in_the_way(tmp_path: Path) -> None:
    code = "import importlib.util as u; print([n for n in ('engine', 'knowledge', 'explain') if u.find_spec(n)])"
    assert python(code, tmp_path) == "[]\n"


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel built from a copy of the sources, so that nothing is left behind in the repository."""
    source = tmp_path_factory.mktemp("source") / "sijoint"
    ignored = shutil.ignore_patterns("__pycache__", ".*", "*.egg-info", "build", "dist", "golden", "broken")
    shutil.copytree(ROOT, source, ignore=ignored)
    target = tmp_path_factory.mktemp("wheel")
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--disable-pip-version-check",
        "-w",
        str(target),
        str(source),
    ]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    (built,) = target.glob("*.whl")
    return built


def test_the_wheel_holds_every_pack_file_and_module(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for folder in FOLDERS:
        inside = "sijoint" if folder == "sijoint" else f"sijoint/{folder}"
        files = [path for suffix in ("*.py", "*.yaml", "py.typed") for path in (ROOT / folder).rglob(suffix)]
        assert {f"{inside}/{path.relative_to(ROOT / folder).as_posix()}" for path in files} <= names
    assert "sijoint/py.typed" in names
    assert not {name for name in names if name.startswith("tests/") or name.split("/")[0] in {"engine", "knowledge", "explain"}}


def test_the_installed_wheel_assesses_from_any_folder(wheel: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    code = f"""
import sijoint, sijoint.knowledge.loader as loader
assert sijoint.__file__.startswith({str(site)!r}), sijoint.__file__
assert str(loader.SHIPPED).startswith({str(site)!r})
print(sijoint.load_knowledge().fingerprint)
print(sijoint.assess({str(EXAMPLES[0])!r}).case.case)
"""
    found = python(code, tmp_path, PYTHONPATH=str(site)).split()
    assert found == [load_knowledge().fingerprint, EXAMPLES[0].stem]


def test_the_shipped_packs_are_those_of_the_repository() -> None:
    """Under an editable install there is no copy: a new YAML file is seen at once."""
    if "site-packages" in str(loader.SHIPPED):
        pytest.fail("the tests run on an installed copy; install with pip install -e .")
    assert loader.SHIPPED.resolve() == ROOT / "knowledge" / "packs"


def test_a_new_file_in_a_pack_is_seen_at_once(tmp_path: Path) -> None:
    folder = shutil.copytree(Path(__file__).parent / "packs" / "clinic", tmp_path / "clinic")
    before = len(load_knowledge(folder).rules)
    (folder / "more.yaml").write_text("- {id: more, title: More, when: fever, then: on_hold, source: [S1]}\n")
    assert len(load_knowledge(folder).rules) == before + 1
