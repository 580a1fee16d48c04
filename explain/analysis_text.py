"""Analyses -> plain text for the command line: why, why not, what if, contrast, counterfactuals, settled, questions, arguments.

In: the models and `Words`. Out: lines of text. It lays out and never computes; sentences come from the wording files.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from ..engine.trace import Checked
from ..knowledge.conditions import Leaf, NotDerived, findings_of
from .answers import Answer
from .arguments import Argument, Ledger
from .contrast import Contrast, Deciding, Side
from .counterfactual import Change, ChangeSet, Counterfactuals
from .inert import inert
from .justification import Justification, Reason, RuleProof
from .lines import indented, wrapped
from .questions import NextQuestion, QuestionGroup
from .settled import Settled
from .what_if import Shift, Shifts
from .why_not import RuleDistance, Unmet, WhyNot
from .wording import Words, number

SETS_SHOWN = 40
LACKS = {
    "unknown": "not recorded",
    "known_false": "recorded otherwise",
    "too_low": "graded too low",
    "not_derived": "not derived",
    "blocked": "blocked by",
    "earlier": "otherwise at earlier moments",
    "branch": "not met",
}
STATES = {
    "always": "settled: holds whatever else is answered",
    "never": "settled: does not hold whatever else is answered",
    "open": "open: the answers missing can still change it",
    "open_not_decided": "open, not decided: too many answers are missing to try them all",
}


def _text(lines: Iterable[str]) -> str:
    return inert("\n".join(laid for line in lines for laid in _laid_out(line))) + "\n"


def _laid_out(line: str) -> Iterator[str]:
    words = line.lstrip()
    return _wrapped(line[: len(line) - len(words)], words)


def _wrapped(indent: str, text: str) -> Iterator[str]:
    indent = indented(indent)
    yield from wrapped(text, indent, f"{indent}  ")


def _ids(leaf: Leaf) -> str:
    names = findings_of(leaf) or (getattr(leaf, "conclusion", ""),)
    return f"[{' '.join(names)}]"


def _state(name: str, grade: str | None, words: Words) -> str:
    said = words.graded(name, grade) if grade else f"{words.conclusion(name)}, not derived"
    return f"{said} [{name}]"


# Why ---------------------------------------------------------------------------------------------------------------------


def render_proof(proof: Justification, words: Words) -> str:
    """A proof as an indented tree."""
    return _text(_proof(proof, words, ""))


def _proof(proof: Justification, words: Words, indent: str) -> Iterator[str]:
    name = f"{words.graded(proof.conclusion, proof.grade)} [{proof.conclusion}: {proof.grade}]"
    left_out = ": as above" if proof.seen else ": folded" if proof.folded else ""
    yield from _wrapped(indent, f"{name}{left_out}")
    for place, rule in enumerate(proof.rules):
        yield from _rule_proof(rule, words, f"{indent}  ", "or " if place else "")


def _rule_proof(rule: RuleProof, words: Words, indent: str, joint: str) -> Iterator[str]:
    yield from _wrapped(indent, f"{joint}rule {rule.rule} ({rule.file}:{rule.line}): {words.rule(rule.rule, 'title')}")
    yield from _said(rule, words, f"{indent}  ")
    yield from _reason(rule.when, words, f"{indent}  ")
    for item in rule.unless:
        yield from _reason(item, words, f"{indent}  ")


def _said(rule: RuleProof | RuleDistance, words: Words, indent: str) -> Iterator[str]:
    said = {
        "mechanism": words.rule(rule.rule, "because"),
        "source": " ".join(rule.source),
        "our reading": words.rule(rule.rule, "interpretation"),
        "certainty": " ".join(rule.certainty),
    }
    for name, text in said.items():
        if text:
            yield from _wrapped(indent, f"{name}: {text}")


def _reason(reason: Reason, words: Words, indent: str) -> Iterator[str]:
    if reason.proof is not None:
        yield from _proof(reason.proof, words, indent)
    elif isinstance(reason.leaf, NotDerived):
        said = words.graded(reason.leaf.conclusion, reason.leaf.grade)
        yield from _wrapped(indent, f"and this was not derived: {said} {_ids(reason.leaf)}")
        for rule in reason.why_not.rules if reason.why_not else ():
            yield from _distance(rule, words, f"{indent}  ", brief=True)
    elif reason.leaf is not None:
        yield from _wrapped(indent, f"{words.fact(reason.leaf, reason.value)} {_ids(reason.leaf)}")
    else:
        heading = {"all": "all of", "any": "any of"}.get(reason.test, f"at least {reason.k}, here {len(reason.of)}, of")
        yield f"{indent}{heading}:"
        for member in reason.of:
            yield from _reason(member, words, f"{indent}  ")
        for item in reason.unmet:
            yield from _unmet(item, words, f"{indent}  not met: ")


# Why not -----------------------------------------------------------------------------------------------------------------


def render_absence(tree: WhyNot, words: Words) -> str:
    """Why something was not derived, the nearest rule first."""
    return _text(_absence(tree, words, ""))


def _absence(tree: WhyNot, words: Words, indent: str) -> Iterator[str]:
    now = f"only {tree.derived}" if tree.derived else "not derived"
    left_out = "; as above" if tree.seen else "; folded" if tree.folded else "" if tree.rules else "; no rule concludes it"
    yield from _wrapped(indent, f"{words.graded(tree.conclusion, tree.grade)} [{tree.conclusion}: {tree.grade}]: {now}{left_out}")
    for rule in tree.rules:
        yield from _distance(rule, words, f"{indent}  ")


def _distance(rule: RuleDistance, words: Words, indent: str, *, brief: bool = False) -> Iterator[str]:
    away = f"{rule.distance} away"
    yield from _wrapped(indent, f"rule {rule.rule} ({rule.file}:{rule.line}), {away}: {words.rule(rule.rule, 'title')}")
    if not brief:
        yield from _said(rule, words, f"{indent}  ")
    if rule.when is not None:
        yield from _unmet(rule.when, words, f"{indent}  ")
    for item in rule.blocked:
        yield from _unmet(item, words, f"{indent}  ")


def _unmet(item: Unmet, words: Words, indent: str) -> Iterator[str]:
    spaces = " " * len(indent)
    if item.leaf is None:
        heading = {"all": "all of", "any": "any of"}.get(item.test, f"at least {item.k}, here {len(item.met)}, of")
        yield f"{indent}{heading} ({item.distance} away):"
        for part in item.of:
            yield from _unmet(part, words, f"{spaces}  ")
        for check in item.met:
            yield from _met(check, words, f"{spaces}  ")
        return
    recorded = f": {words.recorded(getattr(item.leaf, 'finding', ''), item.value)}" if item.value is not None else ""
    graded = f": {item.grade}" if item.grade else ""
    leaf = item.leaf
    asked = words.graded(leaf.conclusion, leaf.grade) if isinstance(leaf, NotDerived) else words.test(leaf)
    yield from _wrapped(indent, f"{asked} {_ids(leaf)} - {LACKS[item.kind]}{recorded or graded}")
    if item.below is not None and not item.below.folded:
        yield from _absence(item.below, words, f"{spaces}  ")


def _met(check: Checked, words: Words, indent: str) -> Iterator[str]:
    if check.leaf is not None:
        yield from _wrapped(indent, f"met: {words.fact(check.leaf, check.value)} {_ids(check.leaf)}")
    for part in check.of:
        if part.holds:
            yield from _met(part, words, indent)


# What if, counterfactuals, contrast --------------------------------------------------------------------------------------


def render_shifts(shifts: Shifts, words: Words) -> str:
    """What changes came to."""
    return _text(_shifts(shifts, words))


def _shifts(shifts: Shifts, words: Words) -> Iterator[str]:
    for change in shifts.changes:
        values = (words.recorded(change.finding, value) if value is not None else "not recorded" for value in
                  (change.before, change.after))  # fmt: skip
        yield f"{words.finding(change.finding)} [{change.finding}]: {' -> '.join(values)}"
    if shifts.disposition_before != shifts.disposition_after:
        yield f"urgency: {_tier(shifts.disposition_before)} -> {_tier(shifts.disposition_after)}"
    else:
        yield f"urgency: {_tier(shifts.disposition_after)}, unchanged"
    if shifts.re_examine:
        yield "re-examine: these answers would lower the urgency; examine again before anything rests on them"
    for heading, items in (("gained", shifts.gained), ("regraded", shifts.regraded), ("lost", shifts.lost)):
        for item in items:
            yield from _wrapped("", f"{heading}: {shift_in_words(item, words)}")
    if not shifts.all:
        yield "nothing is gained, regraded or lost"


def _tier(disposition: str) -> str:
    return disposition.replace("_", " ")


def shift_in_words(item: Shift, words: Words) -> str:
    """A conclusion that changed, and the rules responsible."""
    said = words.graded(item.conclusion, item.after or item.before or "")
    was = f", was {item.before}" if item.before and item.after else ""
    rules = f"; by {', '.join(item.started)}" if item.started else ""
    stopped = f"; no longer {', '.join(item.stopped)}" if item.stopped else ""
    return f"{said}{was} [{item.conclusion}]{rules}{stopped}"


def answer_in_words(answer: Answer, words: Words) -> str:
    """An answer; a number as the interval it stands for."""
    signed = ", signed and dated after everything on record" if answer.signed else ""
    if answer.low is None or answer.high is None:
        return f"{words.recorded(answer.finding, answer.value)}{signed}"
    return f"{words.finding(answer.finding)}: {_interval(answer, answer.low, answer.high, words)}"


def _interval(answer: Answer, least: float, most: float, words: Words) -> str:
    unit = words.knowledge.finding_by_id[answer.finding].unit or ""
    low = f"{'more than' if answer.low_open else 'from'} {number(least)}"
    high = f"{'less than' if answer.high_open else 'up to'} {number(most)}"
    return f"{low} {high} {unit}".rstrip()


def render_counterfactuals(found: Counterfactuals, words: Words) -> str:
    """Every smallest set of changes, those of one size together."""
    return _text(_counterfactuals(found, words))


def _counterfactuals(found: Counterfactuals, words: Words) -> Iterator[str]:
    yield f"{_state(found.conclusion, found.now, words)}; to: {_tier(found.to)}"
    if found.met:
        yield "it is so already"
        return
    counted = "no set" if not found.sets else f"{len(found.sets)} smallest set{'' if len(found.sets) == 1 else 's'}"
    yield f"{counted} of at most {found.most} changed findings"
    yield from _sets(found.sets, words)
    if found.kept:
        yield from _wrapped("", f"left as they are: {', '.join(found.kept)}")


def _sets(sets: tuple[ChangeSet, ...], words: Words) -> Iterator[str]:
    for size, group in groupby(sets, key=lambda item: len(item.changes)):
        items = list(group)
        yield f"{size} change{'' if size == 1 else 's'}:"
        for item in items[:SETS_SHOWN]:
            yield from _wrapped("  ", "- " + " and ".join(_change(change, words) for change in item.changes) + _marks(item))
        if len(items) > SETS_SHOWN:
            yield f"  and {len(items) - SETS_SHOWN} more; all of them with --json"


def _change(change: Change, words: Words) -> str:
    past = " (past: ask again)" if change.re_ask else ""
    return f"{answer_in_words(change, words)} [{change.finding}]{past}"


def _marks(item: ChangeSet) -> str:
    lower = "; lower urgency: re-examine" if item.re_examine else ""
    return lower + (f"; contradicts {', '.join(item.contradicts)}" if item.contradicts else "")


def render_contrast(found: Contrast, words: Words) -> str:
    """What decides between two conclusions."""
    return _text(_contrast(found, words))


def _contrast(found: Contrast, words: Words) -> Iterator[str]:
    yield f"{_state(found.a.conclusion, found.a.grade, words)}  rather than  {_state(found.b.conclusion, found.b.grade, words)}"
    for side in (found.a, found.b):
        yield from _side(side, words)
    yield f"common ground: {found.common} tests that both rest on"
    if found.turned_by:
        yield "it would be the other way round with:"
        yield from _sets(found.turned_by, words)
    else:
        yield f"no {found.most} changed findings or fewer would turn it round"


def _side(side: Side, words: Words) -> Iterator[str]:
    yield f"{words.conclusion(side.conclusion)}:"
    yield from (line for item in side.holds for line in _wrapped("  ", f"for: {_deciding(item, words)}"))
    if side.grade is not None and side.fails:
        yield f"  {len(side.fails)} more tests of its own do not hold, and it holds without them"
    for item in side.fails if side.grade is None else ():
        how = "not recorded" if item.value is None else f"recorded {words.recorded(item.leaf.finding, item.value)}"
        yield from _wrapped("  ", f"lacks: {words.test(item.leaf)} {_ids(item.leaf)} - {how}")


def _deciding(item: Deciding, words: Words) -> str:
    return f"{words.fact(item.leaf, item.value)} {_ids(item.leaf)}"


# Settled, questions, arguments -------------------------------------------------------------------------------------------


def render_settled(found: Settled, words: Words) -> str:
    """Whether a conclusion is settled, and what can still overturn it."""
    return _text(_settled(found, words))


def _settled(found: Settled, words: Words) -> Iterator[str]:
    now = "holds" if found.holds else "does not hold"
    yield f"{words.graded(found.conclusion, found.grade)} [{found.conclusion}: {found.grade}] {now} now"
    yield STATES[found.state]
    if found.unknowns:
        yield f"{'can' if found.exact else 'may'} still overturn it:"
        yield from (f"  {words.finding(name)} [{name}]" for name in found.unknowns)


def render_questions(groups: tuple[QuestionGroup, ...], words: Words) -> str:
    """What to ask next, with the reason for each."""
    if not groups:
        return "nothing that matters is left to ask\n"
    lines = (line for place, group in enumerate(groups, 1) for item in group.questions for line in _question(place, item, words))
    return _text(lines)


def _question(place: int, item: NextQuestion, words: Words) -> Iterator[str]:
    yield from _wrapped("", f"{place}. {words.question(item.finding)} [{item.finding}]")
    if why := words.purpose(item.finding):
        yield from _wrapped("   ", why)
    for line in reasons_in_words(item, words):
        yield from _wrapped("   ", line)


def reasons_in_words(item: NextQuestion, words: Words) -> Iterator[str]:
    """What each answer to a question would change; answers that change nothing are said together."""
    for effect in item.effects:
        yield f"if {_brief(effect.answer, words)}: {effect_in_words(item, effect.shifts, words)}"


def _brief(answer: Answer, words: Words) -> str:
    """The value of an answer, without what it answers."""
    if isinstance(answer.value, bool):
        return "yes" if answer.value else "no"
    if answer.low is not None and answer.high is not None:
        return _interval(answer, answer.low, answer.high, words)
    return words.value(answer.finding, answer.value)


def effect_in_words(item: NextQuestion, shifts: Shifts, words: Words) -> str:
    """What one answer would change, the urgency first."""
    said = []
    if shifts.disposition_before != shifts.disposition_after:
        said.append(f"urgency {_tier(shifts.disposition_after)}")
    changed = [words.conclusion(part.conclusion) for part in shifts.gained if part.conclusion != "disposition"]
    withdrawn = [words.conclusion(part.conclusion) for part in shifts.lost if part.conclusion != "disposition"]
    said += [f"new: {', '.join(changed[:3])}{_more(changed)}"] if changed else []
    said += [f"withdrawn: {', '.join(withdrawn[:3])}{_more(withdrawn)}"] if withdrawn else []
    nearer = f"one answer nearer to {', '.join(words.conclusion(name) for name in item.conclusions[:2])}"
    otherwise = "one answer nearer to a plan" if item.level == "screen" else nearer if item.level == "nearer" else "no change"
    return "; ".join(said) or otherwise


def _more(items: list[str]) -> str:
    return f" and {len(items) - 3} more" if len(items) > 3 else ""


def render_arguments(ledgers: tuple[Ledger, ...], words: Words) -> str:
    """What stands for, against and unconfirmed of each candidate."""
    return _text(line for ledger in ledgers for line in _ledger(ledger, words))


def _ledger(ledger: Ledger, words: Words) -> Iterator[str]:
    yield _state(ledger.conclusion, ledger.grade, words)
    for heading, items in (("for", ledger.supports), ("against", ledger.against), ("unconfirmed", ledger.unconfirmed)):
        for item in items:
            yield from _wrapped("  ", f"{heading}: {_argument(item, words)}")


def _argument(item: Argument, words: Words) -> str:
    said = words.finding(item.finding) if item.value is None else words.recorded(item.finding, item.value)
    return f"{said} [{item.finding}], read by {', '.join(item.rules)}"
