"""The cells of a design fitted together, with some parameters of the law given by a linear model over the cells.

Parameters without a model have a value of their own in every cell. A coefficient is compared at one place, the middle
of all data: in a cell's own centred coordinates it depends on the cell's exponent and on where the cell's data lie,
which the maps below allow for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from scaling_cli.analysis.comparison.models import Member, parts, run_numbers
from scaling_cli.arrays import Array, Flags, Indices, from_coordinates
from scaling_cli.record import Record


class Frames(Record):
    """For each cell the map from coordinates in the middle of all data to its own: `own = turn @ common + offset`."""

    turns: tuple[Array, ...]
    offsets: tuple[Array, ...]


class DesignedProblem(Record):
    """Cells under one law, whose coordinates are `maps[g] @ phi + offsets[g]`; it is fitted like any other problem.

    `places` holds for each parameter the indices of its coefficients in phi, and `designs` its columns `(cells, p)`.
    """

    members: tuple[Member, ...]
    designs: Mapping[str, Array]
    places: Mapping[str, Indices]
    maps: tuple[Array, ...]
    offsets: tuple[Array, ...]
    low: Array
    high: Array
    target: Array
    weights: Array
    penalty: None = None

    def residuals(self, theta: Array, target: Array | None = None) -> tuple[Array, Array]:
        """Residuals `(replicates, n)` and the predictions' Jacobian `(replicates, n, K)`."""
        if target is None:
            target = np.broadcast_to(self.target, (len(theta), len(self.target)))
        residuals = np.empty((len(theta), len(self.target)))
        slopes = np.empty((len(self.low), len(theta), len(self.target)))
        for member, turn, own, part in zip(
            self.members, self.maps, self.split(theta), parts(self.members), strict=True
        ):
            residuals[:, part], jacobian = member.problem.residuals(own, target[:, part])
            slopes[:, :, part] = np.matmul(turn.T, jacobian.swapaxes(1, 2)).swapaxes(0, 1)
        return residuals, from_coordinates(slopes)

    def kept(self, rows: Flags | Indices) -> DesignedProblem:
        """The problem of some replicates: the same for all."""
        return self

    def split(self, theta: Array) -> list[Array]:
        """Each cell's coordinates `(replicates, k)` from those of the design `(replicates, K)`."""
        return [theta @ turn.T + offset for turn, offset in zip(self.maps, self.offsets, strict=True)]


def frames(members: Sequence[Member]) -> Frames:
    """The maps between coordinates in the middle of all data and those of each cell."""
    law = members[0].problem.law
    columns = {
        name: np.concatenate([member.problem.columns[name] for member in members])
        for name in members[0].problem.columns
    }
    runs = run_numbers(members, is_paired=False)
    _, shift, offset = law.centre(law.prepare({**columns, "run": runs.astype(float)} if law.is_curve else columns))
    back = np.linalg.inv(shift)
    turns = tuple(member.problem.shift @ back for member in members)
    return Frames(
        turns, tuple(member.problem.offset - turn @ offset for member, turn in zip(members, turns, strict=True))
    )


def designed(members: Sequence[Member], designs: Mapping[str, Array], framed: Frames) -> DesignedProblem:
    """The cells under one law, with a linear model `(cells, p)` for each parameter named in `designs`."""
    names = members[0].problem.law.names
    cells = len(members)
    whole = {name: designs.get(name, np.eye(cells)) for name in names}
    ends = np.cumsum([columns.shape[1] for columns in whole.values()]).tolist()
    places = {
        name: np.arange(end - columns.shape[1], end) for (name, columns), end in zip(whole.items(), ends, strict=True)
    }
    maps, offsets = [], []
    for cell in range(cells):
        chosen = np.zeros((len(names), ends[-1]))
        for k, name in enumerate(names):
            chosen[k, places[name]] = whole[name][cell]
        # A parameter with a value of its own in every cell needs no common place.
        turn = np.where(np.isin(names, list(designs))[:, None], framed.turns[cell], np.eye(len(names)))
        maps.append(turn @ chosen)
        offsets.append(np.where(np.isin(names, list(designs)), framed.offsets[cell], 0.0))
    low, high = _bounds(members, designs, places)
    return DesignedProblem(
        members=tuple(members), designs=whole, places=places, maps=tuple(maps), offsets=tuple(offsets),
        low=low, high=high,
        target=np.concatenate([member.problem.target for member in members]),
        weights=np.concatenate([member.problem.weights for member in members]),
    )  # fmt: skip


def _bounds(
    members: Sequence[Member], designs: Mapping[str, Array], places: Mapping[str, Indices]
) -> tuple[Array, Array]:
    """Bounds of the design's coordinates: a cell's own where it has its own value, none for effects."""
    names = members[0].problem.law.names
    size = int(max(place[-1] for place in places.values() if len(place))) + 1
    low, high = np.full(size, -np.inf), np.full(size, np.inf)
    for k, name in enumerate(names):
        if name not in designs:
            low[places[name]] = [member.problem.low[k] for member in members]
            high[places[name]] = [member.problem.high[k] for member in members]
    return low, high


def starts(
    problem: DesignedProblem, framed: Frames, own: Sequence[Array], errors: Sequence[Array], tested: Sequence[str]
) -> Array:
    """Two starts of a designed fit for each replicate `(2, replicates, K)`, from the cells' own fits.

    The tested parameters start at the regression of the cells' values on the design: once weighted by their precision,
    once plain.

    Args:
        problem: The designed problem.
        framed: The maps to the middle of all data.
        own: Each cell's own fit `(replicates, k)`.
        errors: Each cell's standard errors `(replicates, k)`.
        tested: The parameters that have a model.
    """
    names = problem.members[0].problem.law.names
    common = np.stack(
        [
            np.linalg.solve(turn, (theta - offset).T).T
            for theta, turn, offset in zip(own, framed.turns, framed.offsets, strict=True)
        ],
        axis=1,
    )
    plain = np.stack(own, axis=1)
    spread = np.stack(errors, axis=1)
    found = np.empty((2, len(plain), len(problem.low)))
    for k, name in enumerate(names):
        if name not in tested:
            found[:, :, problem.places[name]] = plain[:, :, k]
            continue
        columns = problem.designs[name]
        for which, power in enumerate((2.0, 0.0)):
            weights = (np.maximum(spread[:, :, k], 1e-9) / np.median(spread[:, :, k])) ** -power
            normal = np.einsum("gp,rg,gq->rpq", columns, weights, columns)
            right = np.einsum("gp,rg->rp", columns, weights * common[:, :, k])
            found[which][:, problem.places[name]] = np.linalg.solve(
                normal + 1e-9 * np.eye(columns.shape[1]), right[:, :, None]
            )[:, :, 0]
    return np.clip(found, problem.low, problem.high)
