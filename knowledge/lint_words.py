"""Diagnostics of words and of what is shown: numbers, tiers, promises, questions, patient words, flags out of sight.

In: `KnowledgeBase`. Out: problems. Each compares words with what they speak of; none judges style.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from itertools import chain, combinations

from .conditions import Derived, NumberTest, leaves
from .errors import Problem
from .items import URGENCY, Item
from .language import Conclusion, Finding, KnowledgeBase
from .sources import claims_of, stands_in
from .words import ConclusionWords, FindingWords

_PLACEHOLDER = re.compile(r"\{\$?(\w+)[^}]*\}")
_NUMBER = re.compile(r"(?<![\w.$-])\d+(?:\.\d+)?(?![\w-])")
_PROMISE = re.compile(
    r"\b(cures?|cured|heals?|healed|guarantee\w*|definitely|certainly|confirm\w*|diagnosed|proven|harmless|nothing serious)\b",
    re.I,
)
_TODAY = re.compile(r"\b(today|same day|now|at once)\b", re.I)
_NO = re.compile(r"\b(not|no|never)\b", re.I)
_WORD = re.compile(r"[a-z]{3,}")
_COMMON = frozenset(
    re.findall(
        "[a-z]+", "this that with have your pain does from been when than more side the and was are has how one for any not"
    )
)
_UNIT_WORDS: Mapping[str, tuple[str, ...]] = {"years": ("year", "old"), "points": ("point", "score"), "ml": ("millilit",)}


def _at(item: Item, title: str, what: str, why: str, fix: str, code: str) -> Problem:
    return Problem(item.file, item.line, title, what, why, fix, code)


def _spoken(knowledge: KnowledgeBase) -> Iterator[tuple[Conclusion, ConclusionWords]]:
    words = {key: found for item in knowledge.wording if item.language == "en" for key, found in item.conclusions.items()}
    for item in knowledge.conclusions:
        if item.side != "right" and item.base in words:
            yield item, words[item.base]


def _asked(knowledge: KnowledgeBase) -> Iterator[tuple[Finding, FindingWords]]:
    words = {key: found for item in knowledge.wording if item.language == "en" for key, found in item.findings.items()}
    for item in knowledge.findings:
        if item.side != "right" and item.base in words:
            yield item, words[item.base]


def _patient(words: ConclusionWords) -> Mapping[str, str]:
    if isinstance(words.patient, str):
        return {"": words.patient}
    return words.patient or {}


def _sentences(words: ConclusionWords) -> Iterator[str]:
    yield from chain([words.text or ""], words.grades.values(), _patient(words).values())


def lint_numbers(knowledge: KnowledgeBase) -> Iterator[Problem]:
    """K061: a number in words that is in no source; a parameter that only words use and that nothing else states."""
    for item, words in _spoken(knowledge):
        rules = knowledge.rules_for[item.id]
        said = claims_of(knowledge, (*item.source, *(key for rule in rules for key in rule.source)))
        said += " " + " ".join(
            (*(grade.replace("_", " ") for grade in item.grades), *(rule.interpretation or "" for rule in rules))
        )
        plain = " ".join(_PLACEHOLDER.sub("", sentence) for sentence in _sentences(words))
        for number in dict.fromkeys(_NUMBER.findall(plain)):
            if not stands_in(float(number), said):
                yield _at(item, f"conclusion {item.base}: {number}", f"its words say {number}, which none of its sources does",
                          "a moved figure would go unnoticed", "write {$parameter}, or correct the number", "K061")  # fmt: skip
    tested = {leaf.parameter for rule in knowledge.rules for leaf in leaves(rule.when) if isinstance(leaf, NumberTest)}
    said_in = {name for _, words in _spoken(knowledge) for text in _sentences(words) for name in _PLACEHOLDER.findall(text)}
    for parameter in (item for item in knowledge.parameters if item.id in said_in - tested):
        value = parameter.value if parameter.declared_value is None else parameter.declared_value
        if not stands_in(value, f"{claims_of(knowledge, parameter.source)} {parameter.interpretation or ''}"):
            what = f"only words use it, and neither source nor interpretation says {value:g}"
            yield _at(parameter, f"parameter {parameter.id}", what, "a moved figure would go unnoticed",
                      "state the number in interpretation:", "K061")  # fmt: skip


def lint_tiers(knowledge: KnowledgeBase) -> Iterator[Problem]:
    """K062: a sentence of a tier that speaks of another tier, or that asks the patient for something else."""
    for item, words in (pair for pair in _spoken(knowledge) if pair[0].id == URGENCY):
        for grade, sentence in words.grades.items():
            plain = _patient(words).get(grade, "")
            others = [name for name in item.grades if name != grade]
            found = [name for name in others if any(_speaks_of(name, text) for text in (sentence, plain))]
            differs = bool(_TODAY.search(sentence)) is not bool(_TODAY.search(plain))
            unsaid = set(_PLACEHOLDER.findall(plain)) - set(_PLACEHOLDER.findall(sentence))
            what = (
                f"its words for {grade} speak of {found[0]}" if found else f"its words for {grade} tell the patient another time"
            )
            if plain and (found or differs or unsaid):
                yield _at(item, f"conclusion {item.base}", what, "a patient would be sent too late, or for nothing",
                          "correct the sentence of the tier", "K062")  # fmt: skip


def _speaks_of(tier: str, text: str) -> bool:
    named = re.search(rf"\b{tier}\b", _PLACEHOLDER.sub("", text), re.I)
    return bool(named) or any(name.startswith(f"{tier}_") for name in _PLACEHOLDER.findall(text))


def lint_promises(knowledge: KnowledgeBase) -> Iterator[Problem]:
    """K063: words that promise or confirm."""
    for item, words in _spoken(knowledge):
        for found in dict.fromkeys(match.group().lower() for text in _sentences(words) for match in _PROMISE.finditer(text)):
            yield _at(item, f"conclusion {item.base}", f"its words say {found!r}",
                      "rules find what fits; they confirm nothing and promise nothing", "say what was found", "K063")  # fmt: skip


def lint_questions(knowledge: KnowledgeBase) -> Iterator[Problem]:
    """K064: a question that asks for the opposite or in another unit. K067: one that may ask for something else."""
    for item, words in _asked(knowledge):
        title = f"finding {item.base}"
        if item.type == "yes_no" and _turned(item, words.question):
            yield _at(item, title, "its question asks for the opposite of its name", "a yes would be read as a no",
                      "turn the question round", "K064")  # fmt: skip
        name = _name(item, words)
        if name and not _stems(words.question) & name:
            yield _at(item, title, "its question shares no word with its name", "it may ask for something else",
                      "name in the question what is asked", "K067")  # fmt: skip
        if item.type == "number" and item.unit and not _names_unit(item.unit, f"{words.question} {words.label}"):
            yield _at(item, title, f"its question does not say {item.unit}", "the number may be given in another unit",
                      "name the unit in the question", "K064")  # fmt: skip


def lint_swaps(knowledge: KnowledgeBase) -> Iterator[Problem]:
    """K068: two questions of one file that would fit better if they were swapped."""
    by_file: dict[str, list[tuple[Finding, FindingWords]]] = {}
    for item, words in _asked(knowledge):
        by_file.setdefault(item.file, []).append((item, words))
    for pairs in by_file.values():
        said = [(item, _stems(words.question), _name(item, words)) for item, words in pairs]
        for (one, asks, name), (other, asks_other, name_other) in combinations(said, 2):
            if _fit(asks, name_other) + _fit(asks_other, name) > _fit(asks, name) + _fit(asks_other, name_other):
                what = f"its question and that of {other.base} fit better the other way round"
                yield _at(one, f"finding {one.base}", what, "every answer would be read as that to another question",
                          "swap them, or name in each what is asked", "K068")  # fmt: skip


def _name(item: Finding, words: FindingWords) -> set[str]:
    return _stems(words.label) | _stems(item.base.replace("_", " "))


def _fit(asks: set[str], name: set[str]) -> Fraction:
    """How much of a name stands in a question."""
    return Fraction(len(asks & name), len(name) or 1)


def _negated(question: str) -> bool:
    """Whether the question itself is negated, not only an example or an exception within it."""
    asked = re.sub(r"\([^)]*\)", "", question.partition("?")[0])
    return any(_NO.search(part) and not _NO.match(part.strip()) for part in re.split(r"[,:;]", asked))


def _turned(item: Finding, question: str) -> bool:
    """Whether a question is negated and the finding is not, or the other way round."""
    named = set(item.base.split("_"))
    if "negative" in named:
        return not (_negated(question) or "without" in question)
    return _negated(question) and not named & {"not", "no", "never"}


def _stems(text: str) -> set[str]:
    return {word[:4] for word in _WORD.findall(text.lower()) if word not in _COMMON}


def _names_unit(unit: str, text: str) -> bool:
    wanted = _UNIT_WORDS.get(unit, (unit.split()[-1][:4],))
    return any(word.lower() in text.lower() for word in wanted)


def lint_patient_words(knowledge: KnowledgeBase) -> Iterator[Problem]:
    """K065: what a patient is told about without words for it, or words for a patient that no heading shows."""
    headed = {name for item in knowledge.wording if item.language == "en" for name in item.patient}
    blocking = {item.conclusion for rule in knowledge.rules for item in rule.blockers} - raising(knowledge)
    silent: dict[str, Conclusion] = {}
    for item, words in _spoken(knowledge):
        plain = _patient(words)
        missing = [grade for grade in item.grades if not words.plain(grade)]
        if item.kind in headed and not item.within and missing and (plain or item.id not in blocking):
            yield _at(item, f"conclusion {item.base}", f"no words for the patient at {', '.join(missing)}",
                      "the patient would not be told", "add patient:, or take the kind out of the headings", "K065")  # fmt: skip
        if headed and plain and item.kind not in headed:
            silent.setdefault(item.kind, item)
    for kind, item in silent.items():
        yield _at(item, f"kind {kind}", "words for the patient and no heading for them", "they are never shown",
                  "add the kind to patient: in the wording", "K065")  # fmt: skip


def lint_shown(knowledge: KnowledgeBase) -> Iterator[Problem]:
    """K066: what an urgency rests on is shown only within another conclusion."""
    found = raising(knowledge)
    for item in (item for item in knowledge.conclusions if item.id in found and item.within and item.side != "right"):
        yield _at(item, f"conclusion {item.base}", f"it raises the {URGENCY} and is shown only within {item.within}",
                  "a reader would see a tier without its reason", "remove within:", "K066")  # fmt: skip


def raising(knowledge: KnowledgeBase) -> set[str]:
    """The conclusions that the urgency rests on."""
    rules = [rule for rule in knowledge.rules if any(part.conclusion == URGENCY for part in rule.then)]
    return {leaf.conclusion for rule in rules for leaf in leaves(rule.when) if isinstance(leaf, Derived)}


WORD_LINTS: tuple[Callable[[KnowledgeBase], Iterator[Problem]], ...] = (
    lint_numbers,
    lint_tiers,
    lint_promises,
    lint_questions,
    lint_swaps,
    lint_patient_words,
    lint_shown,
)
