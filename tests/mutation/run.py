"""Mutation testing of the code: is every small fault in a module noticed by the tests of its part?

In: modules, how many mutants of each to draw, and a seed. Out: the survivors and a score per module; fails on a survivor that
`accepted.txt` does not name. Faults are planted in a copy of the sources, never in the sources themselves.
"""

from __future__ import annotations

import argparse
import ast
import os
import random
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.operators.operator import Operator
from cosmic_ray.plugins import get_operator
from cosmic_ray.testing import run_tests
from cosmic_ray.work_item import TestOutcome

from .operators import DropFilter, DropOperand, DropStatement
from .targets import TARGETS

ROOT = Path(__file__).parents[2]
ACCEPTED = Path(__file__).with_name("accepted.txt")
INSIDE = ("engine", "knowledge", "explain")
TIMEOUT = 240
SEED = 1

Place = tuple[int, int]

NAMES = (
    "AddNot",
    "ReplaceAndWithOr",
    "ReplaceOrWithAnd",
    "ReplaceTrueWithFalse",
    "ReplaceFalseWithTrue",
    "NumberReplacer",
    "ZeroIterationForLoop",
    "ReplaceBreakWithContinue",
    "ReplaceContinueWithBreak",
    "ReplaceUnaryOperator_Delete_Not",
    "ReplaceUnaryOperator_Delete_Invert",
    "ReplaceBinaryOperator_BitAnd_BitOr",
    "ReplaceBinaryOperator_BitOr_BitAnd",
    "ReplaceBinaryOperator_BitXor_BitOr",
    "ReplaceBinaryOperator_Add_Sub",
    "ReplaceBinaryOperator_Sub_Add",
    "ReplaceBinaryOperator_Mul_Add",
    "ReplaceBinaryOperator_RShift_LShift",
    "ReplaceBinaryOperator_LShift_RShift",
    "ReplaceBinaryOperator_FloorDiv_Mul",
    "ReplaceBinaryOperator_Mod_Mul",
    "ReplaceComparisonOperator_Eq_NotEq",
    "ReplaceComparisonOperator_NotEq_Eq",
    "ReplaceComparisonOperator_Is_IsNot",
    "ReplaceComparisonOperator_IsNot_Is",
    "ReplaceComparisonOperator_Lt_LtE",
    "ReplaceComparisonOperator_LtE_Lt",
    "ReplaceComparisonOperator_Gt_GtE",
    "ReplaceComparisonOperator_GtE_Gt",
    "ReplaceComparisonOperator_Lt_GtE",
    "ReplaceComparisonOperator_Gt_LtE",
)


def operators() -> list[Operator]:
    """Every operator, in a fixed order."""
    return [*(get_operator(f"core/{name}")() for name in NAMES), DropOperand(), DropFilter(), DropStatement()]


@dataclass(frozen=True)
class Planted:
    """One fault in a module: the whole text with it, and the line before and after."""

    module: str
    text: str
    line: int
    was: str
    becomes: str

    @property
    def key(self) -> str:
        """What the accepted list calls it: no line number, so that it stays when lines move."""
        return f"{self.module} | {self.was} -> {self.becomes}"


def planted(module: str, source: str) -> Iterator[Planted]:
    """Every fault of a module that its syntax allows and that is not about an annotation."""
    tree = get_ast(source)
    silent = list(annotated(source))
    seen = set()
    for operator in operators():
        places = [place for node in ast_nodes(tree) for place in operator.mutation_positions(node)]
        for occurrence, (start, _) in enumerate(places):
            text = None if any(begin <= start < end for begin, end in silent) else mutate_code(source, operator, occurrence)
            if text and text != source and text not in seen and _compiles(text):
                seen.add(text)
                yield _shown(module, source, text, start[0])


def _shown(module: str, source: str, text: str, line: int) -> Planted:
    pairs = zip(source.splitlines(), text.splitlines(), strict=False)
    number = next((number for number, (was, becomes) in enumerate(pairs, 1) if was != becomes), line)
    was, becomes = (content.splitlines()[number - 1 : number] or [""] for content in (source, text))
    return Planted(module, text, number, was[0].strip(), becomes[0].strip())


def _compiles(text: str) -> bool:
    try:
        compile(text, "mutant", "exec")
    except SyntaxError:
        return False
    return True


def annotated(source: str) -> Iterator[tuple[Place, Place]]:
    """Where annotations begin and end: nothing evaluates them."""
    for node in ast.walk(ast.parse(source)):
        for part in (getattr(node, "annotation", None), getattr(node, "returns", None)):
            if isinstance(part, ast.expr):
                yield (part.lineno, part.col_offset), (part.end_lineno or part.lineno, part.end_col_offset or part.col_offset)


def copy_sources(folder: Path) -> None:
    """The package as it installs, its tests and what they read, in a folder of its own."""
    ignore = shutil.ignore_patterns("__pycache__", "golden")
    shutil.copytree(ROOT / "sijoint", folder / "sijoint", ignore=ignore)
    for name in INSIDE:
        shutil.copytree(ROOT / name, folder / "sijoint" / name, ignore=ignore)
        (folder / name).symlink_to(folder / "sijoint" / name)
    shutil.copytree(ROOT / "docs", folder / "docs")
    shutil.copytree(ROOT / "tests", folder / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("README.md", "Makefile", "pyproject.toml"):
        shutil.copy(ROOT / name, folder / name)


def command(tests: Sequence[str]) -> str:
    """The tests of a part, stopped at the first that fails, without shrinking."""
    options = "-x -q -p no:xdist -p no:cacheprovider --no-header --tb=no --hypothesis-profile=mutation"
    return f"{sys.executable} -m pytest {options} {' '.join(tests)}"


def survivors(module: str, tests: Sequence[str], drawn: list[Planted], folder: Path) -> Iterator[Planted]:
    """The faults that the tests of a module do not notice."""
    path = folder / module
    source = path.read_text(encoding="utf-8")
    outcome, output = run_tests(command(tests), TIMEOUT)
    if outcome != TestOutcome.SURVIVED:
        raise SystemExit(f"the tests of {module} fail without a fault:\n{output[-2000:]}")
    for fault in drawn:
        path.write_text(fault.text, encoding="utf-8")
        outcome, _ = run_tests(command(tests), TIMEOUT)
        if outcome == TestOutcome.SURVIVED:
            yield fault
    path.write_text(source, encoding="utf-8")


def accepted() -> dict[str, str]:
    """The survivors that were looked at, each with the reason why no test can or need notice it."""
    entries = [line for line in ACCEPTED.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    return {key.strip(): reason.strip() for key, _, reason in (entry.partition(" || ") for entry in entries)}


def modules(names: Sequence[str]) -> list[str]:
    """The modules that names mean: a file, a folder, or all."""
    found = [module for module in TARGETS if not names or any(module == name or module.startswith(name) for name in names)]
    if not found:
        raise SystemExit(f"no such module; choose from {', '.join(TARGETS)}")
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, print the survivors and a score per module; 1 where a survivor is not accepted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("modules", nargs="*", help="such as knowledge/screens.py or sijoint/verify; all where none is named")
    parser.add_argument("--sample", type=int, default=0, help="how many faults of each module are drawn; 0: all")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--list", action="store_true", help="only list the faults")
    asked = parser.parse_args(arguments)
    known, unseen = accepted(), 0
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        copy_sources(folder)
        os.chdir(folder)
        os.environ["PYTHONPATH"] = str(folder)
        for module in modules(asked.modules):
            found = list(planted(module, (folder / module).read_text(encoding="utf-8")))
            drawn = random.Random(asked.seed).sample(found, min(asked.sample or len(found), len(found)))
            alive = [] if asked.list else list(survivors(module, TARGETS[module], drawn, folder))
            for fault in drawn if asked.list else alive:
                print(f"{fault.module}:{fault.line}: {fault.was} -> {fault.becomes}  {known.get(fault.key, '')}", flush=True)
            unseen += sum(fault.key not in known for fault in alive)
            killed, counted = len(drawn) - len(alive), len(drawn) - sum(fault.key in known for fault in alive)
            print(f"{module}: {killed} of {counted} killed, {len(drawn)} drawn of {len(found)}", flush=True)
    return 1 if unseen else 0


if __name__ == "__main__":
    raise SystemExit(main())
