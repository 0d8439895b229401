"""One law for several groups of runs, with some parameters shared by all groups and one value of the others per group.

The coordinates are the shared parameters, then those of each group. All groups have the same centre, so a coefficient
on centred inputs can be shared where the exponents that it absorbs are; where they are not, its coordinate is that on
raw inputs. With theta the coordinates of the law in a group and phi those of all groups, theta = P phi + q for each
group.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import ClassVar

import numpy as np

from scaling_cli.arrays import Array, Flags, Inputs
from scaling_cli.errors import UsageError
from scaling_cli.laws.law import Derived, Law, Scale, Scene
from scaling_cli.record import replace

LEVEL = "level of "  # before the name of a column of labels, as an input of a law
GROUPED = re.compile(r"(?P<law>.+) by (?P<column>[^=]+)=(?P<labels>.+) sharing (?P<shared>.+)", re.DOTALL)
MATRIX = "centre of groups"  # the input that holds the map to centred coordinates, shaped (n, k, k + 1)

Evaluation = Callable[[Array, Inputs], tuple[Array, Array]]


class GroupedLaw(Law, kw_only=True):
    """The law `inner` in groups `labels` of a column, with the parameters in `shared` equal in all of them.

    `extents` holds the lowest and the highest loss of each group, on which the bounds depend.
    """

    is_grouped: ClassVar[bool] = True

    inner: Law
    labels: tuple[str, ...]
    shared: tuple[str, ...]
    extents: tuple[tuple[float, float], ...] = ()

    @property
    def column(self) -> str:
        """The input with the number of each point's group."""
        return next(iter(self.levels))

    @cached_property
    def index(self) -> Array:
        """The place of each group's coordinates in those of all `(groups, k)`."""
        place = {name: number for number, name in enumerate(self.names)}
        rows = [
            [place.get(name, place.get(f"{name}[{label}]", -1)) for name in self.inner.names] for label in self.labels
        ]
        return np.array(rows)

    @property
    def is_formula(self) -> bool:
        """Whether the law of each group is any formula."""
        return self.inner.is_formula

    def takes(self, name: str, values: Array) -> bool:
        """Whether the law can take these values of an input; groups are numbers of any sign."""
        return name == self.column or self.inner.takes(name, values)

    def prepare(self, columns: Mapping[str, Array]) -> Inputs:
        """The prepared inputs of the law, and the groups."""
        return {**self.inner.prepare(columns), self.column: np.asarray(columns[self.column], dtype=float)}

    def centre(self, inputs: Inputs) -> tuple[Inputs, Array, Array]:
        """Inputs on one centre for all groups, and the map to coordinates on them."""
        centred, matrix, offset = self.inner.centre(self._own(inputs))
        whole, moved = np.eye(len(self.names)), np.zeros(len(self.names))
        for places in self.index:
            for row in np.flatnonzero(self._is_centred(matrix)):
                whole[places[row]] = 0.0
                whole[places[row], places] = matrix[row]
                moved[places[row]] = offset[row]
        n = len(inputs[self.column])
        kept = np.broadcast_to(np.column_stack([matrix, offset]), (n, len(offset), len(offset) + 1))
        return {**centred, self.column: inputs[self.column], MATRIX: kept}, whole, moved

    def _is_centred(self, matrix: Array) -> Flags:
        """Which coordinates `(k,)` of the law are those on centred inputs: all but shared ones that absorb others."""
        is_shared = np.array([name in self.shared for name in self.inner.names])
        absorbs_own = ((matrix != 0) & ~np.eye(len(matrix), dtype=bool) & ~is_shared).any(axis=1)
        centred: Flags = ~(is_shared & absorbs_own)
        return centred

    def _own(self, inputs: Inputs) -> Inputs:
        return {name: values for name, values in inputs.items() if name not in (self.column, MATRIX)}

    def _groups(self, inputs: Inputs) -> Iterator[tuple[Flags, Array, Array, Array]]:
        """The points of each group, the places of its coordinates, and its map P (less the places) and q."""
        k = len(self.inner.names)
        matrix, offset = np.eye(k), np.zeros(k)
        if MATRIX in inputs:
            matrix, offset = inputs[MATRIX][0][:, :-1], inputs[MATRIX][0][:, -1]
        raw = ~self._is_centred(matrix)
        turn, shift = np.eye(k), np.zeros(k)
        turn[raw], shift[raw] = matrix[raw], offset[raw]
        for number, places in enumerate(self.index):
            yield inputs[self.column] == number, places, turn, shift

    def _evaluated(self, how: Evaluation, theta: Array, inputs: Inputs) -> tuple[Array, Array]:
        n = inputs[self.column].shape[-1]
        prediction, jacobian = np.zeros((len(theta), n)), np.zeros((len(theta), len(self.names), n))
        own = self._own(inputs)
        for points, places, turn, shift in self._groups(inputs):
            if points.any():
                part = {name: values[points] for name, values in own.items()}
                prediction[:, points], slope = how(theta[:, places] @ turn.T + shift, part)
                with np.errstate(invalid="ignore", over="ignore"):  # the solver rejects values that overflowed
                    slopes = np.matmul(turn.T, slope.swapaxes(1, 2))
                rows = np.arange(len(theta))[:, None, None]
                jacobian[rows, places[None, :, None], np.flatnonzero(points)[None, None]] = slopes
        return prediction, jacobian.swapaxes(1, 2)

    def evaluate(self, theta: Array, inputs: Inputs) -> tuple[Array, Array]:
        """Log predictions of each point under the parameters of its group, and their Jacobian."""
        return self._evaluated(self.inner.evaluate, theta, inputs)

    def evaluate_linear(self, theta: Array, inputs: Inputs) -> tuple[Array, Array]:
        """Predictions of each point under the parameters of its group, and their Jacobian."""
        return self._evaluated(self.inner.evaluate_linear, theta, inputs)

    def axes(self, scene: Scene) -> Mapping[str, Array]:
        """No values: starts come from the groups' own fits, see `scaling_cli.fitting.starts`."""
        return {}

    @property
    def scales(self) -> tuple[Scale, ...]:
        """No scales, since starts come from the groups' own fits."""
        return ()

    def bounds(self, scene: Scene) -> tuple[Array, Array]:
        """Each group's bounds, from its own losses; a shared parameter has the narrowest."""
        low, high = np.full(len(self.names), -np.inf), np.full(len(self.names), np.inf)
        extents = self.extents or ((scene.lowest, scene.highest),) * len(self.labels)
        for number, (places, extent) in enumerate(zip(self.index, extents, strict=True)):
            points = scene.inputs[self.column] == number
            own = {name: values[points] for name, values in self._own(scene.inputs).items()}
            least, most = self.inner.bounds(Scene(own, *extent))
            np.maximum.at(low, places, least)
            np.minimum.at(high, places, most)
        if MATRIX in scene.inputs:  # bounds of coefficients hold for centred coordinates alone
            raw = [self.names.index(self.inner.names[place]) for place in np.flatnonzero(
                ~self._is_centred(scene.inputs[MATRIX][0][:, :-1]))]  # fmt: skip
            low[raw], high[raw] = -np.inf, np.inf
        return low, high


def grouped(
    inner: Law,
    column: str,
    labels: Sequence[str],
    shared: Sequence[str],
    extents: Sequence[tuple[float, float]] = (),
) -> GroupedLaw:
    """`inner` in groups with these labels, which the input `level of COLUMN` numbers.

    Raises:
        UsageError: A shared name is not a parameter, or all are shared, or the law is of whole training curves.
    """
    for name in shared:
        if name not in inner.names:
            hint = f"Its parameters are {', '.join(inner.names)}."
            raise UsageError(f"--share names {name!r}, but {inner.name} has no such parameter.", hint=hint)
    if inner.is_curve:
        raise UsageError(
            f"--share cannot be used with {inner.name}, which describes whole training curves.", hint="Leave it out."
        )
    own = [parameter for parameter in inner.parameters if parameter.name not in shared]
    if not own:
        raise UsageError(
            "--share names every parameter, so the groups would have one law.",
            hint="Leave --by out to fit all runs together, or share fewer parameters.",
        )
    parameters = [parameter for parameter in inner.parameters if parameter.name in shared]
    parameters += [replace(each, name=f"{each.name}[{label}]") for label in labels for each in own]
    named = ",".join(name for name in inner.names if name in shared)
    law = GroupedLaw(
        name=f"{inner.name} by {column}={';'.join(labels)} sharing {named}",
        formula=inner.formula, source=inner.source, inputs=(*inner.inputs, LEVEL + column),
        parameters=tuple(parameters), narrow=(*inner.narrow, LEVEL + column), shares=inner.shares,
        inner=inner, labels=tuple(labels), shared=tuple(shared),
        levels={**inner.levels, LEVEL + column: tuple(labels)} if not inner.levels else {},
        flags=inner.flags, extents=tuple(extents), polished=inner.polished,
    )  # fmt: skip
    return replace(law, derived=tuple(_of_group(law, each, label) for each in inner.derived for label in labels))


def _of_group(law: GroupedLaw, quantity: Derived, label: str) -> Derived:
    def compute(values: Mapping[str, Array]) -> Array:
        own = {name: values[name] if name in values else values[f"{name}[{label}]"] for name in law.inner.names}
        return quantity.compute(own)

    return replace(quantity, name=f"{quantity.name}[{label}]", compute=compute)
