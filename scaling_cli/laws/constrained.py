"""Any law with some parameters fixed at a value, or with two of them tied (held equal).

The free coordinates phi map to the coordinates theta of the whole law by an affine map, theta = S phi + f, so the
solver, the bootstrap and the reports work unchanged. On centred inputs the map differs and depends on the data: a
coefficient that is fixed on raw inputs changes with its exponent on centred inputs. That map is therefore stored with
the inputs, one copy per point.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import ClassVar

import numpy as np

from scaling_cli.arrays import Array, Inputs
from scaling_cli.errors import UsageError, nearest
from scaling_cli.laws.law import Derived, Law, Parameter, Scale, Scene
from scaling_cli.record import replace

GONE = -1e4  # the log of a coefficient fixed at zero: finite, so that arithmetic with it works
MAP = "constraint"  # the input that holds S and f on centred inputs, shaped (n, k, free + 1)
FAR = 30.0  # starts need not lie further than this from zero, in logs or exponents
SPREAD_STARTS = 9  # starts of a coordinate that can no longer be solved for, as its scale is constrained


class ConstrainedLaw(Law, kw_only=True):
    """The law `inner` with the parameters in `fixed` held at a value, and each key of `ties` equal to its value."""

    is_held: ClassVar[bool] = True

    inner: Law
    fixed: Mapping[str, float]
    ties: Mapping[str, str]

    @cached_property
    def _held(self) -> Array:
        """The offset f of the affine map (see the module docstring), shaped `(k,)`."""
        return self._coordinates(np.zeros(len(self.parameters)))

    @cached_property
    def _spread(self) -> Array:
        """The matrix S of the affine map (see the module docstring), shaped `(k, free)`."""
        columns = [self._coordinates(row) - self._held for row in np.eye(len(self.parameters))]
        return np.stack(columns, axis=1) if columns else np.zeros((len(self._held), 0))

    def _coordinates(self, phi: Array) -> Array:
        values = dict(zip(self.names, self.to_parameters(phi).tolist(), strict=True))
        complete = self.complete(values)
        with np.errstate(invalid="ignore"):
            return np.maximum(self.inner.to_coordinates(np.array([complete[name] for name in self.inner.names])), GONE)

    def complete(self, free: Mapping[str, float]) -> dict[str, float]:
        """All parameters, in the order of the whole law, from the free ones."""
        values = {**free, **self.fixed}
        return {name: values[self.ties.get(name, name)] for name in self.inner.names}

    @property
    def is_formula(self) -> bool:
        """Whether the whole law is any formula."""
        return self.inner.is_formula

    def takes(self, name: str, values: Array) -> bool:
        """Whether the whole law can take these values of an input."""
        return self.inner.takes(name, values)

    def prepare(self, columns: Mapping[str, Array]) -> Inputs:
        """The prepared inputs of the whole law."""
        return self.inner.prepare(columns)

    def centre(self, inputs: Inputs) -> tuple[Inputs, Array, Array]:
        """Centred inputs with the affine map that holds on them; free coordinates are those of the whole law."""
        centred, matrix, offset = self.inner.centre(inputs)
        own = [self.inner.names.index(name) for name in self.names]
        spread, held = matrix @ self._spread, matrix @ self._held + offset
        turn = spread[own]
        spread = spread @ np.linalg.inv(turn)
        mapped = np.column_stack([spread, held - spread @ held[own]])
        n = len(next(iter(inputs.values())))
        return {**centred, MAP: np.broadcast_to(mapped, (n, *mapped.shape))}, turn, held[own]

    def _map(self, inputs: Inputs) -> tuple[Array, Array]:
        """The matrix S and the offset f that hold on `inputs`."""
        if MAP not in inputs:
            return self._spread, self._held
        mapped = inputs[MAP][0]
        return mapped[:, :-1], mapped[:, -1]

    def evaluate(self, theta: Array, inputs: Inputs) -> tuple[Array, Array]:
        """Log predictions of the whole law, and their Jacobian in the free coordinates."""
        spread, held = self._map(inputs)
        prediction, jacobian = self.inner.evaluate(theta @ spread.T + held, inputs)
        return prediction, _freed(jacobian, spread)

    def evaluate_linear(self, theta: Array, inputs: Inputs) -> tuple[Array, Array]:
        """Predictions of the whole law, and their Jacobian in the free coordinates."""
        spread, held = self._map(inputs)
        prediction, jacobian = self.inner.evaluate_linear(theta @ spread.T + held, inputs)
        return prediction, _freed(jacobian, spread)

    def axes(self, scene: Scene) -> Mapping[str, Array]:
        """The starts of the whole law for the free coordinates.

        A free coordinate that can no longer be solved for, because its scale is constrained, gets evenly spaced starts.
        """
        axes = {name: values for name, values in self.inner.axes(scene).items() if name in self.names}
        solved = {name for scale in self.scales for name in scale.moves}
        for name, least, most in zip(self.names, *self.bounds(scene), strict=True):
            if name not in axes and name not in solved:
                axes[name] = np.linspace(max(least, -FAR), min(most, FAR), SPREAD_STARTS + 2)[1:-1]
        return axes

    @property
    def scales(self) -> tuple[Scale, ...]:
        """The scales of the whole law whose coordinates are all free."""
        return tuple(
            Scale({name: self._of_whole(by) for name, by in scale.moves.items()}, scale.is_signed)
            for scale in self.inner.scales
            if all(name in self.names for name in scale.moves)
        )

    def _of_whole(self, by: Callable[[Mapping[str, Array]], Array | float]) -> Callable[[Mapping[str, Array]], Array]:
        def of_free(at: Mapping[str, Array]) -> Array:
            free = np.stack([at[name] for name in self.names], axis=-1)
            whole = free @ self._spread.T + self._held
            return np.asarray(by({name: whole[..., index] for index, name in enumerate(self.inner.names)}))

        return of_free

    def bounds(self, scene: Scene) -> tuple[Array, Array]:
        """The bounds of the whole law; the bounds of a tied parameter also apply to the one it equals."""
        low, high = self.inner.bounds(scene)
        spread, held = self._map(scene.inputs)
        own = [self.inner.names.index(name) for name in self.names]
        least, most = low[own], high[own]
        for row in range(len(low)):
            moved = np.flatnonzero(spread[row])
            if len(moved) == 1 and spread[row, moved[0]] == 1 and held[row] == 0:
                least[moved] = np.maximum(least[moved], low[row])
                most[moved] = np.minimum(most[moved], high[row])
        return least, most


def _freed(jacobian: Array, spread: Array) -> Array:
    with np.errstate(invalid="ignore"):  # the solver rejects values that overflowed
        free: Array = np.matmul(spread.T, jacobian.swapaxes(1, 2)).swapaxes(1, 2)
    return free


def constrain(law: Law, fix: Mapping[str, float], tie: Sequence[tuple[str, str]] = ()) -> Law:
    """`law` with the parameters in `fix` held at their values, and both parameters of each pair in `tie` held equal.

    Raises:
        UsageError: The law lacks a parameter, a value is impossible, constraints clash, or nothing is left to fit.
    """
    if not fix and not tie:
        return law
    for name in (*fix, *(name for pair in tie for name in pair)):
        if name not in law.names:
            hint = f"{nearest(name, law.names)}Its parameters are {', '.join(law.names)}."
            raise UsageError(f"{law.name} has no parameter {name!r}.", hint=hint)
    for parameter in law.parameters:
        if parameter.name in fix:
            _check_value(parameter, fix[parameter.name])
    ties = _directed(law, fix, tie)
    free = tuple(parameter for parameter in law.parameters if parameter.name not in fix and parameter.name not in ties)
    if not free:
        raise UsageError("Every parameter is fixed.", hint="Leave at least one parameter free.")
    shell = ConstrainedLaw(
        name=law.name, formula=law.formula, source=law.source, inputs=law.inputs, parameters=free, inner=law,
        fixed=dict(fix), ties=ties, narrow=law.narrow, shares=law.shares,
        is_curve=law.is_curve,
        polished=law.polished, escapes=law.escapes, levels=law.levels, flags=law.flags,
        is_predictive=law.is_predictive,
    )  # fmt: skip
    return replace(shell, derived=tuple(_completed(shell, quantity) for quantity in law.derived))


def _check_value(parameter: Parameter, value: float) -> None:
    lowest = 0.0 if parameter.positive else -np.inf
    is_allowed = np.isfinite(value) and (value > lowest or (value == 0 and parameter.vanishes))
    if not is_allowed:
        raise UsageError(
            f"{parameter.name} cannot be fixed at {value:g}.",
            hint="Give a positive number." if parameter.positive else "Give a finite number.",
        )


def _directed(law: Law, fix: Mapping[str, float], tie: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Each tied parameter, mapped to the parameter that it equals, which comes earlier in the law."""
    positive = {parameter.name: parameter.positive for parameter in law.parameters}
    ties: dict[str, str] = {}
    for pair in tie:
        leader, follower = sorted((ties.get(name, name) for name in pair), key=law.names.index)
        if positive[follower] != positive[leader]:
            raise UsageError(
                f"{pair[0]} and {pair[1]} cannot be tied, because only one is restricted to positive values.",
                hint="Tie two exponents, or two coefficients.",
            )
        if follower == leader or follower in fix or leader in fix:
            raise UsageError(
                f"The tie {pair[0]}={pair[1]} repeats or contradicts another constraint.",
                hint="Use each parameter in one constraint only.",
            )
        ties[follower] = leader
        ties |= {name: leader for name, led in ties.items() if led == follower}
    return ties


def _completed(law: ConstrainedLaw, quantity: Derived) -> Derived:
    def compute(free: Mapping[str, Array]) -> Array:
        shape = np.shape(next(iter(free.values())))
        held = {name: np.full(shape, value) for name, value in law.fixed.items()}
        values = {**free, **held}
        return quantity.compute({name: values[law.ties.get(name, name)] for name in law.inner.names})

    return replace(quantity, compute=compute)
