"""Operators beside those of cosmic-ray: something that was said is left out.

In: a node of the syntax tree. Out: the node without one operand, without the filter of a comprehension, or a statement left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import parso
from cosmic_ray.operators.operator import Example, Operator

Place = tuple[tuple[int, int], tuple[int, int]]


class DropOperand(Operator):  # type: ignore[misc]
    """One operand of `and`, `or`, `&`, `|` left out."""

    TYPES = ("and_test", "or_test", "and_expr", "expr")

    def mutation_positions(self, node: Any) -> Iterator[Place]:
        if node.type in self.TYPES:
            yield from ((operand.start_pos, operand.end_pos) for operand in node.children[::2])

    def mutate(self, node: Any, index: int) -> Any:
        kept = [part.get_code() for number, part in enumerate(node.children[::2]) if number != index]
        return parso.parse(f" {node.children[1].value} ".join(kept))

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return (Example("a and b", " b"),)


class DropFilter(Operator):  # type: ignore[misc]
    """The filter of a comprehension left out."""

    def mutation_positions(self, node: Any) -> Iterator[Place]:
        if node.type == "sync_comp_for" and node.children[-1].type == "comp_if":
            yield node.children[-1].start_pos, node.children[-1].end_pos

    def mutate(self, node: Any, index: int) -> Any:
        node.children.pop()
        return node

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return (Example("[a for a in b if c]", "[a for a in b]"),)


class DropStatement(Operator):  # type: ignore[misc]
    """A call, a `yield` or an augmented assignment left out."""

    TYPES = ("atom_expr", "yield_expr", "expr_stmt")

    def mutation_positions(self, node: Any) -> Iterator[Place]:
        if node.type == "simple_stmt" and node.children[0].type in self.TYPES and not _assigns(node.children[0]):
            yield node.children[0].start_pos, node.children[0].end_pos

    def mutate(self, node: Any, index: int) -> Any:
        node.children[0] = parso.parse(f"{node.get_first_leaf().prefix}pass")
        return node

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return (Example("a()\n", "pass\n"),)


def _assigns(node: Any) -> bool:
    """Whether later statements would miss a name."""
    return (
        node.type == "expr_stmt" and "augassign" not in {child.type for child in node.children} and _operator(node) in ("=", ":")
    )


def _operator(node: Any) -> str:
    second = node.children[1]
    if second.type == "annassign":
        return ":"
    text: str = second.get_code().strip()
    return text
