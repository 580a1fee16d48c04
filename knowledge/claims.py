"""What is claimed about a pack, as models: invariants, accepted diagnostics and the knowledge card.

In: plain values from `invariants.yaml`, `accepted.yaml` and `card.yaml`. Out: models; none of them changes an answer.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, StringConstraints

from .conditions import FROZEN, Condition
from .frozen import FrozenDict, FrozenMapping
from .items import Id, Item, Line, SidedId, Text


class Changing(BaseModel):
    """Answers that change: which findings, from what, to what; `anything` is any value or none, of any type."""

    model_config = FROZEN
    findings: tuple[SidedId, ...] = ()
    pack: Id | None = None
    not_these: tuple[SidedId, ...] = ()
    before: tuple[Literal["unknown", "absent", "present"], ...] = ("unknown", "absent", "present")
    after: Literal["unknown", "absent", "present", "anything"]


class InvariantItem(Item):
    """What must hold for every patient, as written, in exactly one of the forms."""

    id: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,49}$")]
    says: Text
    because: Text | None = None
    never: Any = None
    always: Any = None
    whenever: Any = None
    then: Any = None
    never_together: Any = None
    changing: Changing | None = None
    never_lowers: tuple[SidedId, ...] = ()
    never_raises: tuple[SidedId, ...] = ()
    unknown_only_for: tuple[Id, ...] = ()
    reachable: Literal["conclusions", "rules"] | None = None


class Invariant(Item):
    """What must hold for every patient: none fulfils `violation`, or no change of answers moves `guarded` the wrong way.

    `kinds` are the kinds of conclusions that a rule which tests for unknown may give; `reachable` asks for an example of
    every conclusion and grade, or of every rule.
    """

    id: Id
    says: Text
    because: Text | None = None
    form: Literal["never", "change", "unknown_only_for", "reachable"]
    violation: Condition | None = None
    change: Changing | None = None
    guarded: tuple[SidedId, ...] = ()
    direction: Literal["lowers", "raises"] | None = None
    kinds: tuple[Id, ...] = ()
    reachable: Literal["conclusions", "rules"] | None = None


class Accepted(Item):
    """A diagnostic that the author has looked at and accepts, and why."""

    code: Annotated[str, StringConstraints(pattern=r"^K\d{3}$")]
    item: Line
    because: Line


class Card(Item):
    """What a reader of the knowledge has to be told about it; every field is filled before a release.

    The first four source attributes of 45 CFR 170.315(b)(11)(iv)(A) are fields; `inputs` names the findings behind the
    nine others, whose use is computed from the rules. `no_attribute` lists findings that only sound like one.
    """

    users: Text | None = None
    population: Text | None = None
    limits: tuple[Text, ...] = ()
    reviewed_by: tuple[Text, ...] = ()
    citation: Text | None = None
    developer: Text | None = None
    funding: Text | None = None
    released: date | None = None
    revised: date | None = None
    inputs: FrozenMapping[Id, tuple[Id, ...]] = Field(default_factory=FrozenDict)
    no_attribute: tuple[Id, ...] = ()
