"""What could be read of a refused case -> the cases that it may have meant, so that a worrying answer is weighed.

In: the case as far as it could be read, and the further values that some findings were given. Out: a bounded list of cases.
They are only ever looked at for flags; nothing is concluded from them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from itertools import islice, product
from math import prod
from typing import Any

from ..knowledge.conditions import Later, leaves
from ..knowledge.items import SIDES
from ..knowledge.language import Finding, KnowledgeBase
from ..knowledge.scalars import decimal_number
from ..knowledge.yaml_reader import SECOND_DOCUMENT, Path
from .case import Case, Recorded, Step, Value

Slot = tuple[int, str]
Others = dict[Slot, list[Recorded]]
Choice = Mapping[Slot, Recorded]
MOST = 32
STEPS = 200
_YES, _NO = {"yes", "y", "true", "on"}, {"no", "n", "false", "off"}


def meant(finding: Finding, raw: object) -> Value | None:
    """What a text in place of a value most likely means; None where that is not plain."""
    if not isinstance(raw, str):
        return None
    word = raw.strip().lower()
    if finding.type == "yes_no":
        return True if word in _YES else False if word in _NO else None
    if finding.type == "choice":
        return word if word in finding.choices else None
    try:
        value = decimal_number(word.replace(",", "."))
    except ValueError:
        return None
    low, high = finding.range or (value, value)
    return value if low <= value <= high else None


def readable_cases(case: Case, others: Others) -> tuple[Case, ...]:
    """The case as read first, and with further values in place: every combination where there are few."""
    slots = list(others)
    if prod(min(len(others[slot]) + 1, MOST) for slot in slots[:6]) <= MOST and len(slots) <= 6:
        chosen = (dict(pairs) for pairs in product(*(_options(slot, others[slot]) for slot in slots)))
        return tuple(_with(case, {slot: item for slot, item in choice.items() if item}) for choice in chosen)
    return tuple(_with(case, choice) for choice in (*_extremes(case, others), *islice(_single(others), MOST)))


def _options(slot: Slot, items: Sequence[Recorded]) -> list[tuple[Slot, Recorded | None]]:
    return [(slot, None), *((slot, item) for item in items)]


def _single(others: Others) -> Iterable[Choice]:
    return ({slot: item} for slot, items in others.items() for item in items)


def _extremes(case: Case, others: Others) -> Iterable[Choice]:
    """As read; the last values; the highest (yes before no); the lowest."""
    first = {(0, item.finding): item for item in case.findings}
    first |= {(number, item.finding): item for number, step in enumerate(case.steps, 1) for item in step.findings}
    yield {}
    yield {slot: items[-1] for slot, items in others.items()}
    for pick in (max, min):
        yield {slot: _picked([*([first[slot]] if slot in first else []), *items], pick) for slot, items in others.items()}


def _picked(items: list[Recorded], pick: Callable[..., Recorded]) -> Recorded:
    return pick(items, key=lambda item: item.value)


def _with(case: Case, choice: Choice) -> Case:
    """A case with some values replaced."""
    if not choice:
        return case
    findings = _replaced(case.findings, choice, 0)
    steps = tuple(_step_with(step, choice, number) for number, step in enumerate(case.steps, 1))
    return Case.model_construct(case=case.case, as_of=case.as_of, findings=findings, steps=steps)


def _step_with(step: Step, choice: Choice, number: int) -> Step:
    findings = _replaced(step.findings, choice, number)
    recorded = {item.finding for item in findings}
    withdrawn = tuple(name for name in step.withdrawn if name not in recorded)
    return Step.model_construct(as_of=step.as_of, title=step.title, findings=findings, withdrawn=withdrawn)


def _replaced(items: Iterable[Recorded], choice: Choice, moment: int) -> tuple[Recorded, ...]:
    found = {item.finding: item for item in items}
    found |= {name: item for (at, name), item in choice.items() if at == moment}
    return tuple(found[name] for name in sorted(found))


def work_ups_of(knowledge: KnowledgeBase) -> set[str]:
    """The findings that close a flag by being later."""
    return {leaf.finding for rule in knowledge.rules for leaf in leaves(rule.when) if isinstance(leaf, Later)}


def _answers(case: Case) -> list[tuple[Recorded, ...]]:
    """The answers of the first moment and of each step."""
    return [case.findings, *(step.findings for step in case.steps)]


def slots_of(case: Case) -> set[Slot]:
    """Where a case has answers."""
    return {(at, item.finding) for at, items in enumerate(_answers(case)) for item in items}


def without(case: Case, slots: Collection[Slot]) -> Case:
    """A case without some of its answers."""
    first, *later = (tuple(item for item in items if (at, item.finding) not in slots) for at, items in enumerate(_answers(case)))
    steps = (step.model_copy(update={"findings": kept}) for step, kept in zip(case.steps, later, strict=True))
    return case.model_copy(update={"findings": first, "steps": tuple(steps)})


def repeated_findings(repeated: Iterable[tuple[Path, Any]]) -> Iterable[tuple[Path, Any]]:
    """The findings that keys given more than once hold, each mapping of them with its place; a plain value once."""
    for path, value in _distinct(repeated):
        if path == SECOND_DOCUMENT:
            for key, part in value.items():
                yield from _findings_at((key,), part)
        else:
            yield from _findings_at(path, value)


def _distinct(repeated: Iterable[tuple[Path, Any]]) -> Iterable[tuple[Path, Any]]:
    """The values of repeated keys, a plain one once for each place."""
    seen = set()
    for path, value in repeated:
        key = None if isinstance(value, dict | list) else (path, type(value), value)
        if key is None or key not in seen:
            yield path, value
        seen.add(key)


def _findings_at(path: Path, value: Any) -> Iterable[tuple[Path, Any]]:
    """The findings that a repeated key holds, each mapping of them with its place."""
    if path == ("steps",) and isinstance(value, list):
        for number, step in enumerate(value[:STEPS]):
            if isinstance(step, Mapping):
                yield ("steps", number, "findings"), step.get("findings")
        return
    start = 2 if path[:1] == ("steps",) else 0
    inside = path[start:]
    if inside[:1] == ("findings",) and (len(inside) < 3 or inside[-1] in ("value", *SIDES)):
        for key in reversed(inside[1:]):
            value = {key: value}
        yield (*path[:start], "findings"), value
