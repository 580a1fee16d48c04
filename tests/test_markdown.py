"""Markdown and audit text: from the same tree as the page, and inert."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import EXAMPLES
from sijoint.explain.markdown import escape
from sijoint.explain.page import build_page

from sijoint import Engine, assess

Golden = Callable[[str, str], None]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_section_of_the_page_is_in_the_markdown(path: Path, engine: Engine) -> None:
    assessment = assess(path, engine=engine)
    text = assessment.to_markdown()
    for section in build_page(assessment).sections:
        assert f"\n## {escape(section.title)}\n" in text


def test_the_markdown_of_an_example(engine: Engine, golden: Golden) -> None:
    path = next(path for path in EXAMPLES if path.stem == "neither")
    golden("markdown/neither.md", assess(path, engine=engine).to_markdown())


@pytest.mark.parametrize(
    "text", ["<script>", "*a*", "_a_", "[x](javascript:1)", "`x`", "# a", "&lt;", "a | b", "~~a~~", "![x](y)"]
)
def test_markup_is_escaped(text: str) -> None:
    assert not re.search(r"(?<!\\)[<>*_\[\]`#&|~!]", escape(text))


@pytest.mark.parametrize("text", ["- a", "1. a", "+ a", "2) a"])
def test_the_start_of_a_list_is_escaped(text: str) -> None:
    assert "\\" in escape(text)


def test_the_audit_text_gives_file_and_line_of_every_rule(engine: Engine) -> None:
    assessment = assess(EXAMPLES[0], engine=engine)
    flat = "".join(assessment.to_audit().split())
    for firing in assessment.trace.firings:
        assert f"({firing.file}:{firing.line})" in flat
