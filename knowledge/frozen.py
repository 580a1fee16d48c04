"""What does not change once it is made: mappings, models with values computed on first use, and plain objects.

In: values. Out: the same values, which refuse every change, and can still be pickled and copied while other threads read them.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Any, NoReturn, Self, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict

K = TypeVar("K")
V = TypeVar("V")


class FrozenDict(dict[K, V]):
    """A dict that refuses every change; unlike a mapping proxy it can be pickled, copied and written as JSON.

    >>> FrozenDict(a=1)["a"] = 2
    Traceback (most recent call last):
    TypeError: this mapping cannot be changed; make a new one from dict(...)
    """

    def _refuse(self, *args: object, **more: object) -> NoReturn:
        raise TypeError("this mapping cannot be changed; make a new one from dict(...)")

    __setitem__ = __delitem__ = clear = pop = popitem = setdefault = update = __ior__ = _refuse

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (dict(self),)


FrozenMapping = Annotated[Mapping[K, V], AfterValidator(FrozenDict)]
"""The type of a mapping in a frozen model."""


def frozen(value: Any) -> Any:
    """Plain values that refuse every change, whatever they hold: mappings and lists all the way down.

    >>> frozen({"a": [1, {"b": 2}]})
    {'a': (1, {'b': 2})}
    """
    if isinstance(value, Mapping):
        return FrozenDict({key: frozen(item) for key, item in value.items()})
    return tuple(map(frozen, value)) if isinstance(value, list | tuple) else value


FrozenValues = Annotated[Mapping[str, Any], AfterValidator(frozen)]
"""The type of plain YAML in a frozen model."""


class FrozenModel(BaseModel):
    """A frozen model of frozen parts. What it computes on first use is neither copied nor pickled: copies may hold other
    parts, and another thread may be computing at that moment.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    def __setattr__(self, name: str, value: object) -> None:
        self._refuse_computed(name)
        super().__setattr__(name, value)

    def __delattr__(self, name: str) -> None:
        self._refuse_computed(name)
        super().__delattr__(name)

    def _refuse_computed(self, name: str) -> None:
        """What is computed is no field, so that pydantic would let it be replaced."""
        if isinstance(getattr(type(self), name, None), cached_property):
            raise AttributeError(f"{type(self).__name__}.{name} is computed and cannot be changed")

    def __copy__(self) -> Self:
        copied = super().__copy__()
        for name in copied.__dict__.keys() - type(self).model_fields.keys():
            del copied.__dict__[name]
        return copied

    def __deepcopy__(self, memo: dict[int, Any] | None = None) -> Self:
        return self.__copy__()

    def __getstate__(self) -> dict[Any, Any]:
        held = self.__dict__.copy()
        kept = {name: held[name] for name in type(self).model_fields if name in held}
        return {**super().__getstate__(), "__dict__": kept}


class FrozenObject:
    """An object whose attributes are set by `_fix` while it is made, and never again."""

    def _fix(self, **attributes: Any) -> None:
        vars(self).update(attributes)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"{type(self).__name__} cannot be changed; make a new one")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"{type(self).__name__} cannot be changed; make a new one")
