"""Page -> Markdown, and page -> indented text for auditors with every id; both from the same tree as the HTML.

In: `Page`. Out: text. What stands in a page is escaped, so that neither knowledge nor case can inject markup.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from .assessment import Assessment
from .inert import inert
from .lines import indented, wrapped
from .nodes import Node, Page
from .page import build_page

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~!&])")
_LIST = re.compile(r"^(\s*)([-+]|\d+[.)])(?=\s)")


def render_markdown(assessment: Assessment, language: str = "en") -> str:
    """The whole assessment as Markdown."""
    page = build_page(assessment, language)
    lines = [f"# {escape(page.title)}", ""]
    for node in page.banner:
        lines += _items(node, 0)
    for section in page.sections:
        lines += ["", f"## {escape(section.title)}", "", *([escape(section.intro), ""] if section.intro else [])]
        for node in section.nodes:
            lines += _items(node, 0)
    return inert("\n".join(lines)) + "\n"


def _items(node: Node, depth: int) -> Iterator[str]:
    label = f"**{escape(node.label)}** " if node.label else ""
    ids = "".join(f" `{name}`" for name in node.ids)
    yield f"{'  ' * depth}- {label}{escape(node.text)}{ids}"
    for child in node.children:
        yield from _items(child, depth + 1)


def escape(text: str) -> str:
    r"""A text in which no character is markup, on one line.

    >>> escape("<b>*x*")
    '\\<b\\>\\*x\\*'
    """
    flat = " ".join(inert(text).split())
    return _LIST.sub(lambda match: f"{match[1]}\\{match[2]}", _SPECIAL.sub(r"\\\1", flat))


def render_audit(assessment: Assessment, language: str = "en") -> str:
    """Everything as indented text with ids, file and line of every rule, and every condition."""
    return inert("\n".join(_audit(build_page(assessment, language, audit=True)))) + "\n"


def _audit(page: Page) -> Iterator[str]:
    yield from wrapped(page.title)
    for node in page.banner:
        yield from _lines(node, 1)
    for section in page.sections:
        yield ""
        yield from wrapped(section.title.upper())
        yield from wrapped(section.intro) if section.intro else ()
        for node in section.nodes:
            yield from _lines(node, 1)


def _lines(node: Node, depth: int) -> Iterator[str]:
    label = f"{node.label}: " if node.label else ""
    ids = f" [{' '.join(node.ids)}]" if node.ids else ""
    indent = indented("  " * depth)
    text = " ".join(f"{label}{node.text}{ids}".split())
    yield from wrapped(text, indent, f"{indent}    ", hyphens=False)
    for child in node.children:
        yield from _lines(child, depth + 1)
