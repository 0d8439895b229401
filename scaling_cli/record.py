"""Frozen records of annotated fields: the classes of everything that is passed on.

They are msgspec structs: defining one takes a twentieth of the time of a dataclass, and a small fit defines about
eighty. The same definition reads and checks JSON, and gives its schema.
"""

from __future__ import annotations

from abc import ABCMeta
from typing import Any, ClassVar, dataclass_transform

from msgspec import Struct, StructMeta, field
from msgspec.structs import asdict, astuple, fields, force_setattr, replace

__all__ = ["AbstractMeta", "Record", "State", "asdict", "astuple", "field", "fields", "force_setattr", "replace"]

LONGEST = 500  # characters of one value in a repr


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
class RecordMeta(StructMeta):
    """The metaclass of records, by which type checkers know that they are frozen."""


class AbstractMeta(RecordMeta, ABCMeta):
    """The metaclass of records with abstract methods; it makes defining a class take three times as long."""


class Record(Struct, frozen=True, metaclass=RecordMeta):
    """A frozen record.

    `drawn` names the fields that only tables and charts use; they stay out of JSON. `unwrapped` names dictionaries that
    JSON replaces with their value where they have a single key.
    """

    drawn: ClassVar[tuple[str, ...]] = ()
    unwrapped: ClassVar[tuple[str, ...]] = ()

    def __repr__(self) -> str:
        shown = (f"{name}={_shown(getattr(self, name))}" for name in self.__struct_fields__ if name not in self.drawn)
        return f"{type(self).__qualname__}({', '.join(shown)})"


class State(Struct, metaclass=RecordMeta):
    """A record whose values may change, for the state of a computation."""


def _shown(value: Any) -> str:
    """The repr of a value, or only its type and size where the repr is long."""
    text = repr(value)
    if len(text) <= LONGEST:
        return text
    size = f" of {len(value):,}" if hasattr(value, "__len__") else ""
    return f"<{type(value).__name__}{size}>"
