"""Estimates: arithmetic on published figures, intervals in and intervals out. Shown beside a conclusion and never read
by a rule.

In: `KnowledgeBase` and the grades derived. Out: `EstimateResult`, one for each estimate whose conclusion holds. A
result is never a single percentage: it is a range for each published figure, side by side, with what was assumed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import ceil, floor

from pydantic import ConfigDict

from ..engine.unshown import Unshown
from ..knowledge.items import LABEL_ORDER, Label
from ..knowledge.language import Estimate, KnowledgeBase, Variant

FROZEN = ConfigDict(frozen=True, extra="forbid")

Interval = tuple[float, float]


class VariantResult(Unshown):
    """What one published likelihood ratio makes of the pre-test interval; probabilities are 0 to 1, rounded outwards to 0.01."""

    model_config = FROZEN
    label: str
    likelihood_ratio: Interval
    point: float | None
    post_test: Interval
    source: tuple[str, ...]
    certainty: Label | None


class EstimateResult(Unshown):
    """An estimate whose conclusion holds; `shown_with` names the conclusions, one per side where it has sides."""

    model_config = FROZEN
    estimate: str
    title: str
    formula: str
    shown_with: tuple[str, ...]
    pre_test: Interval
    variants: tuple[VariantResult, ...]
    assumptions: str


def estimates_of(knowledge: KnowledgeBase, grades: Mapping[str, str]) -> tuple[EstimateResult, ...]:
    """Every estimate whose conclusion was derived, in the order of the files."""
    found = []
    for item in knowledge.estimates:
        if holding := tuple(name for name in grades if item.shown_with in {name, name.partition(".")[0]}):
            found.append(estimated(item, holding, knowledge))
    return tuple(found)


def estimated(item: Estimate, shown_with: tuple[str, ...], knowledge: KnowledgeBase) -> EstimateResult:
    """One estimate carried out."""
    return EstimateResult(
        estimate=item.id,
        title=item.title,
        formula=item.formula,
        shown_with=shown_with,
        pre_test=item.pre_test,
        variants=tuple(_variant(variant, item.pre_test, knowledge) for variant in item.variants),
        assumptions=item.assumptions,
    )


def _variant(variant: Variant, pre_test: Interval, knowledge: KnowledgeBase) -> VariantResult:
    labels = (knowledge.reference_by_id[key].certainty for key in variant.source)
    return VariantResult(
        label=variant.label,
        likelihood_ratio=variant.likelihood_ratio,
        point=variant.point,
        post_test=outwards(post_test_probability(pre_test, variant.likelihood_ratio)),
        source=variant.source,
        certainty=weakest(label for some in labels for label in some),
    )


def post_test_probability(pre_test: Interval, likelihood_ratio: Interval) -> Interval:
    """Bayes' rule on odds, end by end: it rises with both the pre-test probability and the likelihood ratio.

    >>> low, high = post_test_probability((0.1, 0.4), (1.2, 3.9))
    >>> round(low, 4), round(high, 4)
    (0.1176, 0.7222)
    """
    low, high = (_update(prior, ratio) for prior, ratio in zip(pre_test, likelihood_ratio, strict=True))
    return low, high


def _update(prior: float, ratio: float) -> float:
    """The probability after a finding of that likelihood ratio.

    >>> _update(0.5, 1.0), _update(1.0, 0.1), _update(0.0, 9.0)
    (0.5, 1.0, 0.0)
    """
    return prior * ratio / (prior * ratio + (1 - prior)) if prior < 1 else 1.0


def outwards(interval: Interval) -> Interval:
    """An interval rounded to whole percent so that it still holds every value.

    >>> outwards((0.1176, 0.7222))
    (0.11, 0.73)
    """
    low, high = interval
    return floor(round(low * 100, 9)) / 100, ceil(round(high * 100, 9)) / 100


def weakest(labels: Iterable[Label]) -> Label | None:
    """The weakest of some certainty labels; None where there is none.

    >>> weakest(("V", "P", "D"))
    'P'
    """
    return max(labels, key=LABEL_ORDER.index, default=None)
