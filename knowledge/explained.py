"""The one-page explanation of every code that a message ends with.

In: a code. Out: its page. The pages are files beside this module, shipped with the library.
"""

from __future__ import annotations

from pathlib import Path

from .errors import AskedError, nearest

PAGES = Path(__file__).parent / "codes"


def codes() -> tuple[str, ...]:
    """Every code that has a page."""
    return tuple(sorted(path.stem for path in PAGES.glob("*.md")))


def explain_code(code: str) -> str:
    """The page of a code.

    Raises:
        AskedError: there is no such code.

    >>> explain_code("K012").splitlines()[0]
    '# K012: No source'
    """
    name = code.upper()
    if name not in codes():
        raise AskedError(f"unknown code {code[:20]}: {nearest(name, codes())}")
    return (PAGES / f"{name}.md").read_text(encoding="utf-8")
