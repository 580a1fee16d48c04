"""Finding columns in, conclusion and rule columns out: many cases at once, without a Python object per case.

In: a compiled program and a column per finding (Arrow, NumPy, or plain sequences; null is unknown). Out: `Batch`, whose
bit-planes are Arrow boolean buffers. Rows are evaluated in tiles that stay in the cache. Names and types of what comes out are
in docs/columns.md.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..knowledge.errors import CaseError, EngineError, Problem, nearest
from ..knowledge.frozen import FrozenDict
from ..knowledge.language import Finding, KnowledgeBase
from .bitplane import Bitplane, Planes
from .case import Case
from .case_reader import read_case
from .column_planes import WORD, ArrowColumn, Column, NumpyColumn, PlainColumn, arrow_tile_maker
from .program import Outcome

if TYPE_CHECKING:
    import pyarrow as pa

TILE = 16 * 1024
"""Bytes of one plane in one tile, fewer for a program of many planes so that all of a tile stay within `LIVE`."""
LIVE = 16 * 1024 * 1024
SMALLEST = 512


@dataclass(frozen=True)
class Batch:
    """The answers for many cases, bit by bit: `rules[id]` and `grades[conclusion, grade]` hold one bit per row.

    A plane is a bitmap, least significant bit first, zero beyond the last row. `columns` are the findings as they were given.
    """

    knowledge: KnowledgeBase
    bitplane: Bitplane
    rows: int
    columns: Mapping[str, Column]
    rules: Mapping[str, memoryview]
    grades: Mapping[tuple[str, str], memoryview]

    def __post_init__(self) -> None:
        for name in ("columns", "rules", "grades"):
            object.__setattr__(self, name, FrozenDict(getattr(self, name)))

    def __repr__(self) -> str:
        return f"<Batch: {self.rows} rows, {len(self.rules)} rules>"

    def case(self, row: int) -> Case:
        """One row as a case of its own, named `row N`, counted from 0.

        Raises:
            IndexError: there is no such row.
        """
        if not 0 <= row < self.rows:
            raise IndexError(f"row {row} of {self.rows}")
        values = {name: column.value(row) for name, column in self.columns.items()}
        return read_case({"case": f"row {row}", "findings": values}, self.knowledge)

    def outcome(self, row: int) -> Outcome:
        """The fired rules and the grades of one row, as the planes have them; only of the rules that were asked for."""
        byte, bit = divmod(row, 8)
        fired = frozenset(name for name, plane in self.rules.items() if plane[byte] >> bit & 1)
        held = dict(name for name, plane in self.grades.items() if plane[byte] >> bit & 1)
        return Outcome(fired, tuple(held.items()))

    def count(self, rule: str) -> int:
        """In how many rows a rule fires."""
        return int.from_bytes(self.rules[rule], "little").bit_count()

    def to_arrow(self) -> pa.Table:
        """A column per conclusion, its grade or null, then a boolean column per rule; needs pyarrow and NumPy."""
        from .column_output import table_of

        return table_of(self)


def infer_columns(bitplane: Bitplane, knowledge: KnowledgeBase, columns: Any, rules: Iterable[str] | None = None) -> Batch:
    """Evaluate a table of cases.

    `columns` maps finding ids (`thigh_thrust.left` for a side) to columns of one length, or is an Arrow table or anything that
    exports an Arrow stream. A finding without a column is unknown in every row; `later` tests fail, for columns carry no dates.
    `rules` names the rules whose planes are wanted, by default all.

    Raises:
        CaseError: a column names no finding, has the wrong type or length, or holds values that a case may not; all are listed.
        EngineError: `rules` names a rule that does not exist.
    """
    wanted = _wanted(bitplane, rules)
    read = read_columns(columns, knowledge)
    rows = max(map(len, read.values()), default=0)
    plain = any(isinstance(column, PlainColumn) for column in read.values())
    evaluate = _evaluate_ints if plain or not read else _evaluate_words
    planes = evaluate(bitplane, read, rows, wanted)
    names = [rule.id for rule in bitplane.program.rules]
    split = len([number for number in wanted if number < len(names)])
    fired = dict(zip((names[number] for number in wanted[:split]), planes[:split], strict=True))
    return Batch(knowledge, bitplane, rows, read, fired, dict(zip(bitplane.grade_keys, planes[split:], strict=True)))


def _wanted(bitplane: Bitplane, rules: Iterable[str] | None) -> list[int]:
    """The numbers of the planes to keep: rules first, then every grade."""
    names = {rule.id: number for number, rule in enumerate(bitplane.program.rules)}
    asked = list(dict.fromkeys(rules)) if rules is not None else list(names)
    for name in asked:
        if name not in names:
            raise EngineError(f"no rule {name[:80]}; {nearest(name, names)}")
    return sorted(names[name] for name in asked) + list(range(len(names), len(names) + len(bitplane.grade_keys)))


# Reading ----------------------------------------------------------------------------------------------------


def read_columns(columns: Any, knowledge: KnowledgeBase) -> dict[str, Column]:
    """Columns by finding, each of a type that fits its finding, all of one length, every value checked.

    Raises:
        CaseError: with every column that cannot be used.
    """
    given = _by_name(columns)
    problems: list[Problem] = []
    read: dict[str, Column] = {}
    for name, values in given.items():
        finding = knowledge.finding_by_id.get(name)
        column = _column(values, finding) if finding else None
        if finding is None:
            problems.append(_refused(name, "names no finding", nearest(str(name)[:60], knowledge.finding_by_id)))
        elif column is None:
            problems.append(_refused(name, f"not a {finding.type.replace('_', '/')} column", "see docs/columns.md"))
        else:
            read[name] = column
    problems += _unequal(read)
    problems += [] if problems else _faults(read, knowledge)
    if problems:
        raise CaseError(problems)
    return read


def _refused(name: object, what: str, fix: str) -> Problem:
    return Problem("columns", 0, f"column {str(name)[:60]}", what, "the rows cannot be assessed as given", fix, "C010")


def _by_name(columns: Any) -> Mapping[str, Any]:
    if isinstance(columns, Mapping):
        return columns
    if not hasattr(columns, "__arrow_c_stream__") and not hasattr(columns, "__arrow_c_array__"):
        raise CaseError([_refused("all", f"a {type(columns).__name__}", "give a mapping of columns or an Arrow table")])
    import pyarrow as pa

    table = pa.table(columns)
    if twice := [name for name, times in Counter(table.column_names).items() if times > 1]:
        raise CaseError([_refused(name, "given twice", "keep one of the two") for name in twice])
    return dict(zip(table.column_names, table.columns, strict=True))


def _column(values: Any, finding: Finding) -> Column | None:
    """A column that fits the type of its finding."""
    if isinstance(values, list | tuple):
        return PlainColumn(tuple(values))
    if hasattr(values, "dtype") and type(values).__module__.startswith("numpy"):
        kinds = {"yes_no": "b", "number": "iuf", "choice": "U"}[finding.type]
        return NumpyColumn(values, finding) if values.ndim == 1 and values.dtype.kind in kinds else None
    if hasattr(values, "__arrow_c_array__") or hasattr(values, "__arrow_c_stream__"):
        import pyarrow as pa

        if not isinstance(values, pa.Array):
            values = pa.chunked_array(values)
            values = values.chunk(0) if values.num_chunks == 1 else values
        make = arrow_tile_maker(finding, values.type)
        return ArrowColumn(values, make) if make else None
    return None


def _unequal(columns: Mapping[str, Column]) -> list[Problem]:
    rows = max(map(len, columns.values()), default=0)
    found = [
        _refused(name, f"{len(column)} rows, others {rows}", "give columns of one length")
        for name, column in columns.items()
        if len(column) != rows
    ]
    plain = [name for name, column in columns.items() if isinstance(column, PlainColumn)]
    if plain and len(plain) < len(columns):
        found += [_refused(name, "a plain sequence among arrays", "give every column in one form") for name in plain]
    return found


def _faults(columns: Mapping[str, Column], knowledge: KnowledgeBase) -> list[Problem]:
    """Values that a case may not hold, counted per column."""
    found = []
    for name, column in columns.items():
        finding = knowledge.finding_by_id[name]
        faults = (column.tile(start, stop).faults(finding) for start, stop in _tiles(len(column), TILE * 8))
        found += [_refused(name, fault, "correct them or leave them null") for fault in faults if fault][:1]
    return found


# Evaluating ----------------------------------------------------------------------------------------------------


def _tiles(rows: int, size: int) -> Iterator[tuple[int, int]]:
    return ((start, min(start + size, rows)) for start in range(0, rows, size))


def _tile_rows(bitplane: Bitplane) -> int:
    """Rows of a tile: whole words, and as many as keep the planes of one evaluation in the cache."""
    program = bitplane.program
    planes = 1 + len(program.atoms) + len(program.rules) + len(bitplane.grade_keys)
    octets = TILE
    while octets * planes > LIVE and octets > SMALLEST:
        octets //= 2
    return octets * 8


def _evaluate_words(bitplane: Bitplane, columns: Mapping[str, Column], rows: int, wanted: Sequence[int]) -> list[memoryview]:
    """The planes wanted, evaluated on NumPy words."""
    import numpy as np

    words = -(-rows // WORD)
    found = np.empty((len(wanted), words), np.uint64)
    for start, stop in _tiles(rows, _tile_rows(bitplane)):
        first, last = start // WORD, -(-stop // WORD)
        one = np.full(last - first, ~np.uint64(0))
        planes = _run(bitplane, columns, (start, stop), one)
        for number, place in enumerate(wanted):
            found[number, first:last] = planes[place]
    if rows % WORD:
        found[:, -1] &= np.uint64((1 << rows % WORD) - 1)
    return [plane.view(np.uint8).data for plane in found]


def _evaluate_ints(bitplane: Bitplane, columns: Mapping[str, Column], rows: int, wanted: Sequence[int]) -> list[memoryview]:
    """The planes wanted, evaluated on long ints."""
    found = [bytearray() for _ in wanted]
    for start, stop in _tiles(rows, _tile_rows(bitplane)):
        planes = _run(bitplane, columns, (start, stop), (1 << stop - start) - 1)
        for plane, place in zip(found, wanted, strict=True):
            plane += planes[place].to_bytes(-(-(stop - start) // 8), "little")
    return [memoryview(bytes(plane)) for plane in found]


def _run(bitplane: Bitplane, columns: Mapping[str, Column], span: tuple[int, int], one: Any) -> Planes:
    """Every rule and grade plane of one tile."""
    nothing = one ^ one
    atoms = [one if atom.test == "unknown" else nothing for atom in bitplane.program.atoms]
    # Finding by finding: the values of one column stay in the cache for all of its tests.
    for name, column in columns.items():
        tile = column.tile(*span)
        for number in bitplane.atoms_of.get(name, ()):
            atoms[number] = tile.plane(bitplane.program.atoms[number])
    results = bitplane.run(atoms, one)
    return (*results.rules, *results.grades)
