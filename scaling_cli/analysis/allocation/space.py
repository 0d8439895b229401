"""What a search may choose beside tokens: params, further inputs of a law within ranges, and shares of a mixture.

Choices are points of the unit box, so that one solver does for all. Ranges above zero are even in logs. Shares that add
up to a total are cut off one by one: the first coordinate is the first share of the total, the second the second
share of what is left, and so on, which reaches all corners and edges of the simplex.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from scaling_cli.arrays import Array
from scaling_cli.record import Record, replace

AT_END = 1e-6  # of the box: a choice this close to an end is at the end


class Axis(Record):
    """An input with the range within which it is searched."""

    name: str
    low: float
    high: float

    @property
    def is_log(self) -> bool:
        """Whether equal steps are equal factors."""
        return self.low > 0

    def value(self, place: Array) -> Array:
        """The value at places between 0 and 1, of any shape."""
        if self.is_log:
            return np.asarray(np.exp(np.log(self.low) + place * (np.log(self.high) - np.log(self.low))))
        return self.low + place * (self.high - self.low)


class Space(Record):
    """The choices: params, if they are free, then `axes`, then `shares` that add up to `total`."""

    has_params: bool
    axes: tuple[Axis, ...]
    shares: tuple[str, ...] = ()
    total: float = 1.0

    @property
    def dimensions(self) -> int:
        """Coordinates of the unit box."""
        return int(self.has_params) + len(self.axes) + max(len(self.shares) - 1, 0)

    @property
    def names(self) -> tuple[str, ...]:
        """All that is searched beside params."""
        return (*(axis.name for axis in self.axes), *self.shares)

    def range_of(self, name: str) -> tuple[float, float]:
        """The range of one of `names`."""
        return next(((axis.low, axis.high) for axis in self.axes if axis.name == name), (0.0, self.total))

    def columns(self, places: Array) -> dict[str, Array]:
        """The values `(...,)` of `names` at places `(..., dimensions)`; params are left to the caller."""
        first = int(self.has_params)
        values = {axis.name: axis.value(places[..., first + at]) for at, axis in enumerate(self.axes)}
        left = np.full(places.shape[:-1], self.total)
        start = first + len(self.axes)
        for at, name in enumerate(self.shares[:-1]):
            values[name] = left * places[..., start + at]
            left = left * (1.0 - places[..., start + at])
        if self.shares:
            values[self.shares[-1]] = left
        return values

    def without(self, name: str, value: float) -> Space:
        """The choices that are left once one of `names`, or params, has this value."""
        if name in self.shares:
            rest = tuple(share for share in self.shares if share != name)
            return replace(self, shares=rest, total=max(self.total - value, 0.0))
        axes = tuple(axis for axis in self.axes if axis.name != name)
        return replace(self, axes=axes) if len(axes) < len(self.axes) else replace(self, has_params=False)

    def place(self, columns: Mapping[str, float], params: float) -> Array:
        """The place `(dimensions,)` of values of `names`; `params` is the place of params."""
        found = [params] if self.has_params else []
        for axis in self.axes:
            low, high, value = axis.low, axis.high, columns[axis.name]
            low, high, value = (np.log(low), np.log(high), np.log(value)) if axis.is_log else (low, high, value)
            found.append((value - low) / (high - low))
        left = self.total
        for name in self.shares[:-1]:
            found.append(columns[name] / left if left > 0 else 0.0)
            left -= columns[name]
        return np.asarray(np.clip(np.array(found, dtype=float), 0.0, 1.0))
