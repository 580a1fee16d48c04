"""Sentences -> lines of at most `WIDTH` columns: every text output lays its lines out here.

In: text, and what stands before its first and its later lines. Out: lines, inert, wide characters counted as two columns.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from textwrap import wrap
from unicodedata import east_asian_width

from .inert import inert

WIDTH = 100
DEEPEST = 48
"""Indentation stops here, so that there is room for words however deep a proof is."""
CUT = " ..."
_WIDE = re.compile(r"[^\x00-\u10ff]")
_SECOND = "\ufffe"
"""Stands for the second column of a wide character while lines are measured; no inert text holds it."""


def wrapped(
    text: str, first: str = "", later: str | None = None, *, most: int | None = None, hyphens: bool = True
) -> Iterator[str]:
    """A text as lines under its indentation, `first` before the first, `later` (as many blanks) before the others.

    With `most`, no more lines than that; what is cut ends in dots.

    >>> list(wrapped("one two", "- "))
    ['- one two']
    """
    first = _measured(first)
    later = " " * len(first) if later is None else later
    measured = _measured(text)
    lines = wrap(
        measured,
        WIDTH - (_SECOND in first + measured),  # a break within a wide character leaves all of it on the line before
        initial_indent=first,
        subsequent_indent=later,
        max_lines=most,
        placeholder=CUT,
        break_on_hyphens=hyphens,
    )
    yield from (line.replace(_SECOND, "").rstrip() for line in lines or [first])


def indented(indent: str) -> str:
    """An indentation, as deep as it may be.

    >>> len(indented(" " * 200))
    48
    """
    return indent[:DEEPEST]


def _measured(text: str) -> str:
    return _WIDE.sub(lambda match: match[0] + _SECOND * (east_asian_width(match[0]) in "WF"), inert(text))
