"""Frozen dataclasses that cost little to import.

The standard decorator writes the source of each class's methods and compiles it, half a millisecond a class in Python
3.11: the records that a small fit needs would take as long as the fit. Records share their methods instead. To all else
they are dataclasses: to `fields`, `replace`, `asdict`, `pickle`, `inspect.signature` and type checkers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, FrozenInstanceError, dataclass, field, fields
from functools import cache
from inspect import Parameter, Signature
from typing import Any, NoReturn, TypeVar, dataclass_transform, overload

Class = TypeVar("Class", bound=type)
LONGEST = 500  # characters of one value in a repr


@overload
def record(of: Class, /) -> Class: ...


@overload
def record(*, kw_only: bool) -> Callable[[Class], Class]: ...


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def record(of: Class | None = None, /, *, kw_only: bool = False) -> Class | Callable[[Class], Class]:
    """Make a class a frozen record of its annotated fields; `kw_only` fields are given by name alone."""

    def made(of: Class) -> Class:
        dataclass(init=False, repr=False, eq=False, kw_only=kw_only)(of)
        for name, shared in SHARED.items():
            if name not in vars(of):
                setattr(of, name, shared)
        return of

    return made if of is None else made(of)


def _init(self: Any, /, *values: Any, **named: Any) -> None:
    of: Any = type(self)
    places, expected, constants, factories = _layout(of)
    state = dict(zip(places, values, strict=False))
    if len(values) > len(places) or not named.keys() <= expected - state.keys():
        _signature(of).bind(*values, **named)  # raises what Python says of such a call
    state |= named
    for name in expected - state.keys() - constants.keys():
        if name not in factories:
            _signature(of).bind(*values, **named)
        state[name] = factories[name]()
    self.__dict__.update({**constants, **state})
    if hasattr(self, "__post_init__"):
        self.__post_init__()


@cache
def _layout(of: Any) -> tuple[tuple[str, ...], frozenset[str], dict[str, Any], dict[str, Callable[[], Any]]]:
    """Fields by position, all that can be given, and what the others are: values, and makers of values."""
    return (
        tuple(each.name for each in fields(of) if each.init and not each.kw_only),
        frozenset(each.name for each in fields(of) if each.init),
        {each.name: each.default for each in fields(of) if each.default is not MISSING},
        {each.name: each.default_factory for each in fields(of) if each.default_factory is not MISSING},
    )


@cache
def _signature(of: Any) -> Signature:
    places, _, constants, factories = _layout(of)
    defaults = {**constants, **factories}
    given = [each for each in fields(of) if each.init]
    return Signature(
        [
            Parameter(
                each.name,
                Parameter.POSITIONAL_OR_KEYWORD if each.name in places else Parameter.KEYWORD_ONLY,
                default=defaults.get(each.name, Parameter.empty),
                annotation=each.type,
            )
            for each in sorted(given, key=lambda each: each.name not in places)
        ]
    )


class _SignatureOf:
    """`inspect.signature(SomeRecord)` as if its `__init__` had been written out."""

    def __get__(self, instance: object, of: type) -> Signature:
        return _signature(of)


def _values(self: Any) -> tuple[Any, ...]:
    return tuple(getattr(self, each.name) for each in fields(self) if each.compare)


def _repr(self: Any) -> str:
    shown = ", ".join(f"{each.name}={_shown(getattr(self, each.name))}" for each in fields(self) if each.repr)
    return f"{type(self).__qualname__}({shown})"


def _shown(value: Any) -> str:
    """A value as it looks, or only its kind and size where that would bury all the others."""
    text = repr(value)
    if len(text) <= LONGEST:
        return text
    size = f" of {len(value):,}" if hasattr(value, "__len__") else ""
    return f"<{type(value).__name__}{size}>"


def _equal(self: Any, other: object) -> Any:
    return _values(self) == _values(other) if type(other) is type(self) else NotImplemented


def _hash(self: Any) -> int:
    return hash(_values(self))


def _refuse(self: Any, name: str, value: object = None) -> NoReturn:
    raise FrozenInstanceError(f"{type(self).__name__}.{name} cannot change: use dataclasses.replace.")


SHARED = {
    "__init__": _init,
    "__repr__": _repr,
    "__eq__": _equal,
    "__hash__": _hash,
    "__setattr__": _refuse,
    "__delattr__": _refuse,
    "__signature__": _SignatureOf(),
}
