"""One finding column -> atom planes, tile by tile: Arrow or NumPy columns as `uint64` words, plain sequences as long ints.

In: a column of values, unknown where it is null. Out: objects that give `tile(start, stop)`, and tiles that give `plane(test)`:
bit i of a plane is row `start + i`, least significant bit first, as in an Arrow bitmap. Bits beyond the last row are not defined.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial, reduce
from math import isfinite
from operator import or_
from typing import TYPE_CHECKING, Any, Protocol

from ..knowledge.conditions import Absent, ChoiceTest, FindingTest, Known, Later, NumberTest, Present, Unknown
from ..knowledge.language import Finding
from .atoms import COMPARISONS
from .case import Value

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    Words = np.ndarray[tuple[int], np.dtype[np.uint64]]
    Array = np.ndarray[Any, Any]

WORD = 64
NO_CHOICE = -1

FLOATS = {"halffloat": "float16", "float": "float32", "double": "float64"}
"""What NumPy calls the floating types of Arrow; integers have one name in both."""


class Tile(Protocol):
    """Some rows of one finding column."""

    def plane(self, test: FindingTest) -> Any:
        """The plane of the rows in which a test of this finding holds; `later` never does: columns carry no dates."""

    def faults(self, finding: Finding) -> Sequence[int]:
        """The rows of the tile whose value a case may not hold, in order."""


class Column(Protocol):
    """One finding column."""

    def __len__(self) -> int: ...

    def tile(self, start: int, stop: int) -> Tile:
        """The rows from `start` to before `stop`; `start` is a multiple of 64."""

    def value(self, row: int) -> Value | None:
        """The value in one row, None for unknown."""


# Words: the planes of NumPy --------------------------------------------------------------------------------


def words_of(bitmap: Any, offset: int, rows: int) -> Words:
    """The words of a bitmap from bit `offset` on: a view where the bitmap allows it, otherwise a copy.

    Arrow bitmaps need not start at a byte (slices) nor end at a word.
    """
    import numpy as np

    first, shift = divmod(offset, 8)
    size = -(-rows // WORD) * 8
    octets: Array = np.frombuffer(bitmap, np.uint8)[first : first + size + bool(shift)]
    if shift:
        moved: Array = octets >> shift
        moved[:-1] |= octets[1:] << (8 - shift)
        octets = moved[:size]
    if len(octets) < size:
        octets = np.pad(octets, (0, size - len(octets)))
    words = octets.view(np.uint64)
    return words if words.flags.aligned else words.copy()


def packed(flags: Array) -> Words:
    """Booleans, one byte each, as words."""
    import numpy as np

    octets = np.packbits(flags, bitorder="little")
    return words_of(octets, 0, len(flags))


@dataclass(frozen=True)
class YesNoTile:
    """`value` and `valid` as words; `valid` is None where every row is known."""

    value: Words
    valid: Words | None

    def plane(self, test: FindingTest) -> Words:
        """The words of a test."""
        match test:
            case Present():
                return self.value if self.valid is None else self.value & self.valid
            case Absent():
                return ~self.value if self.valid is None else self.valid & ~self.value
            case _:
                return _recorded(test, self.valid, len(self.value))

    def faults(self, finding: Finding) -> Sequence[int]:
        """None: booleans cannot be wrong."""
        return ()


@dataclass(frozen=True)
class NumberTile:
    """Numbers of one machine type, and `valid` as words or None; a number in a null row is arbitrary."""

    numbers: Array
    valid: Words | None

    def plane(self, test: FindingTest) -> Words:
        """The words of a test."""
        if not isinstance(test, NumberTest):
            return _recorded(test, self.valid, _words_for(self.numbers))
        passed = packed(COMPARISONS[test.comparison](self.numbers, test.value))  # type: ignore[arg-type]
        return passed if self.valid is None else passed & self.valid

    def faults(self, finding: Finding) -> Sequence[int]:
        """Numbers outside the range, not finite, or not whole."""
        import numpy as np

        low, high = finding.range or (-np.finfo("f8").max, np.finfo("f8").max)
        fractions = finding.whole and self.numbers.dtype.kind == "f"
        if not fractions and low <= self.numbers.min() and self.numbers.max() <= high:
            return ()
        wrong = ~((self.numbers >= low) & (self.numbers <= high))
        if fractions:
            wrong |= self.numbers != np.floor(self.numbers)
        return _rows_of(packed(wrong), self.valid, len(wrong))


@dataclass(frozen=True)
class ChoiceTile:
    """Positions in `choices`, one per row, -1 for a text that is no choice, and `valid` as words or None.

    A null row has any position. `chosen` keeps the words of each position that a test asked for.
    """

    positions: Array
    choices: Sequence[str]
    valid: Words | None
    chosen: dict[int, Words] = field(default_factory=dict)

    def plane(self, test: FindingTest) -> Words:
        """The words of a test."""
        if not isinstance(test, ChoiceTest):
            return _recorded(test, self.valid, _words_for(self.positions))
        chosen = self._at([place for place, name in enumerate(self.choices) if name in test.choices])
        return chosen if self.valid is None else chosen & self.valid

    def faults(self, finding: Finding) -> Sequence[int]:
        """Texts that are no choice of the finding."""
        wrong = self.positions == NO_CHOICE
        return _rows_of(packed(wrong), self.valid, len(wrong)) if wrong.any() else ()

    def _at(self, places: Sequence[int]) -> Words:
        import numpy as np

        for place in places:
            if place not in self.chosen:
                self.chosen[place] = packed(self.positions == place)
        nothing = np.zeros(_words_for(self.positions), np.uint64)
        return reduce(or_, [self.chosen[place] for place in places], nothing)


def _words_for(rows: Any) -> int:
    return -(-len(rows) // WORD)


def _recorded(test: FindingTest, valid: Words | None, words: int) -> Words:
    """The words of `known` and `unknown`; of any other test, which this type of finding never meets."""
    import numpy as np

    if valid is not None and isinstance(test, Known | Unknown):
        return valid if isinstance(test, Known) else ~valid
    return np.full(words, ~np.uint64(0) if isinstance(test, Known) else np.uint64(0))


def _rows_of(wrong: Words, valid: Words | None, rows: int) -> Sequence[int]:
    """The rows that are wrong and known."""
    import numpy as np

    seen = wrong if valid is None else wrong & valid
    found: list[int] = np.flatnonzero(np.unpackbits(seen.view(np.uint8), count=rows, bitorder="little")).tolist()
    return found


# Columns ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ArrowColumn:
    """An Arrow array or chunked array of one of the types of `arrow_tile_maker`, whose buffers were found sound."""

    values: pa.Array | pa.ChunkedArray
    make: Callable[[Sequence[pa.Array]], Tile]

    def __len__(self) -> int:
        return len(self.values)

    def tile(self, start: int, stop: int) -> Tile:
        """The rows as words; chunks are joined tile by tile."""
        part = self.values.slice(start, stop - start)
        return self.make([chunk for chunk in part.chunks if len(chunk)] if hasattr(part, "chunks") else [part])

    def value(self, row: int) -> Value | None:
        """The value in one row."""
        found = self.values[row].as_py()
        plain: Value | None = found.item() if hasattr(found, "item") else found
        return plain


def arrow_tile_maker(finding: Finding, kind: pa.DataType) -> Callable[[Sequence[pa.Array]], Tile] | None:
    """How to read an Arrow type for a finding; None where the type does not fit."""
    import pyarrow.types as types

    if types.is_null(kind):
        return _nulls
    if finding.type == "yes_no":
        return _yes_no if types.is_boolean(kind) else None
    if finding.type == "number":
        return _numbers if types.is_integer(kind) or types.is_floating(kind) else None
    text = kind.value_type if types.is_dictionary(kind) else kind
    is_text = types.is_string(text) or types.is_large_string(text) or types.is_string_view(text)
    return partial(_choices, finding.choices) if is_text else None


def _one(chunks: Sequence[pa.Array]) -> pa.Array:
    import pyarrow as pa

    return chunks[0] if len(chunks) == 1 else pa.concat_arrays(chunks)


def _valid(array: pa.Array) -> Words | None:
    bitmap = array.buffers()[0]
    return None if bitmap is None else words_of(bitmap, array.offset, len(array))


def _nulls(chunks: Sequence[pa.Array]) -> Tile:
    import numpy as np

    nothing = np.zeros(-(-sum(map(len, chunks)) // WORD), np.uint64)
    return YesNoTile(nothing, nothing)


def _yes_no(chunks: Sequence[pa.Array]) -> Tile:
    array = _one(chunks)
    return YesNoTile(words_of(array.buffers()[1], array.offset, len(array)), _valid(array))


def _numbers(chunks: Sequence[pa.Array]) -> Tile:
    array = _one(chunks)
    return NumberTile(_wide(_items(array)), _valid(array))


def _items(array: pa.Array) -> Array:
    """The numbers of an Arrow array; any number in a null row."""
    import numpy as np

    kind = str(array.type)
    items = np.frombuffer(array.buffers()[1], FLOATS.get(kind, kind))
    return items[array.offset : array.offset + len(array)]


def _wide(numbers: Array) -> Array:
    """Small floats as doubles, so that a comparison means the same as with the number of one row."""
    return numbers.astype("float64") if numbers.dtype.kind == "f" and numbers.itemsize < 8 else numbers


def _choices(choices: Sequence[str], chunks: Sequence[pa.Array]) -> Tile:
    import numpy as np

    # Chunk by chunk: each has a dictionary of its own, and Arrow cannot join all of them.
    placed = [_placed(chunk, choices) for chunk in chunks]
    positions = np.concatenate([places for places, _ in placed]) if len(placed) > 1 else placed[0][0]
    if all(known is None for _, known in placed):
        return ChoiceTile(positions, choices, None)
    known = [np.ones(len(places), bool) if known is None else known for places, known in placed]
    return ChoiceTile(positions, choices, packed(np.concatenate(known)))


def _placed(array: pa.Array, choices: Sequence[str]) -> tuple[Array, Array | None]:
    """The position of each row in `choices`, and whether it is known, None where every row is."""
    import numpy as np

    coded = array if hasattr(array, "indices") else array.dictionary_encode()
    rows, known = _items(coded.indices), None
    if (valid := _valid(coded.indices)) is not None:
        known = np.unpackbits(valid.view(np.uint8), count=len(array), bitorder="little").view(bool)
        rows = np.where(known, rows, rows.dtype.type(0))
    names = [*coded.dictionary.to_pylist(), None]
    place_of = {name: place for place, name in enumerate(choices)}
    places = np.array([place_of.get(name, NO_CHOICE) for name in names], np.int16)
    if None in names[:-1]:  # Arrow allows a null among the names, too
        named = np.array([name is not None for name in names])[rows]
        known = named if known is None else known & named
    return places[rows], known


@dataclass(frozen=True)
class NumpyColumn:
    """A NumPy array; unknown is what a masked array masks, or NaN among numbers."""

    values: Array
    finding: Finding

    def __len__(self) -> int:
        return len(self.values)

    def tile(self, start: int, stop: int) -> Tile:
        """The rows as words."""
        import numpy as np

        part = np.ma.getdata(self.values)[start:stop]
        mask = np.ma.getmask(self.values)
        valid = None if mask is np.ma.nomask else packed(~np.broadcast_to(mask, self.values.shape)[start:stop])
        if self.finding.type == "yes_no":
            return YesNoTile(packed(part), valid)
        if self.finding.type == "choice":
            places = np.full(len(part), NO_CHOICE, np.int16)
            for place, name in enumerate(self.finding.choices):
                places[part == name] = place
            return ChoiceTile(places, self.finding.choices, valid)
        numbers = _wide(part)
        if numbers.dtype.kind == "f" and np.isnan(numbers).any():
            known = packed(~np.isnan(numbers))
            valid = known if valid is None else valid & known
        return NumberTile(numbers, valid)

    def value(self, row: int) -> Value | None:
        """The value in one row."""
        import numpy as np

        found = self.values[row]
        if found is np.ma.masked or (self.finding.type == "number" and found != found):
            return None
        return found.item()  # type: ignore[no-any-return]


@dataclass(frozen=True)
class PlainColumn:
    """A plain sequence with None for unknown; it is its own tile, with long ints as planes. It needs no other library."""

    values: Sequence[Value | None]

    def __len__(self) -> int:
        return len(self.values)

    def tile(self, start: int, stop: int) -> Tile:
        """The rows, as long ints."""
        return PlainColumn(self.values[start:stop])

    def value(self, row: int) -> Value | None:
        """The value in one row."""
        return self.values[row]

    def plane(self, test: FindingTest) -> int:
        """The long int of a test."""
        match test:
            case Present():
                return self._bits(lambda value: value is True)
            case Absent():
                return self._bits(lambda value: value is False)
            case Known():
                return self._bits(lambda value: value is not None)
            case Unknown():
                return self._bits(lambda value: value is None)
            case NumberTest(comparison=comparison, value=bound):
                compare = COMPARISONS[comparison]
                return self._bits(lambda value: value is not None and compare(value, bound))
            case ChoiceTest(choices=choices):
                return self._bits(lambda value: value in choices)
            case Later():
                return 0

    def _bits(self, holds: Callable[[Any], bool]) -> int:
        return int("".join(["1" if holds(value) else "0" for value in reversed(self.values)]) or "0", 2)

    def faults(self, finding: Finding) -> Sequence[int]:
        """Values of another type, out of range, or no choice of the finding."""
        return [row for row, value in enumerate(self.values) if value is not None and not _fits(value, finding)]


def _fits(value: Any, finding: Finding) -> bool:
    if finding.type == "yes_no":
        return isinstance(value, bool)
    if finding.type == "choice":
        return isinstance(value, str) and value in finding.choices
    if isinstance(value, bool) or not isinstance(value, int | float) or not (isinstance(value, int) or isfinite(value)):
        return False
    low, high = finding.range or (value, value)
    return low <= value <= high and (not finding.whole or value == int(value))
