"""Text from a case or a pack made harmless to look at: nothing in it can steer a terminal or turn the direction of reading."""

from __future__ import annotations

import re
import unicodedata

_PLAIN = re.compile(r"[ -~\n\t]*\Z")


def inert(text: str) -> str:
    r"""A text without control and direction-changing characters, each shown as its code point.

    >>> inert("a\u202eb")
    'a[U+202E]b'
    """
    if _PLAIN.match(text):
        return text
    return "".join(f"[U+{ord(char):04X}]" if _unsafe(char) else char for char in text)


def _unsafe(char: str) -> bool:
    return char not in "\n\t" and unicodedata.category(char) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
