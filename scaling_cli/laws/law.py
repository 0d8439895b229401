"""What a law is: a formula that the solver can evaluate, differentiate, start and report.

A law maps inputs (`params`, `tokens`, `compute`, ... one value a point) to the log of the predicted loss. The solver
never sees the parameters of the paper but *coordinates*, in which the problem is well behaved: the log of every
coefficient, and every exponent as it is. Shapes are the same everywhere: coordinates `(replicates, k)`, predictions
`(replicates, n)`, Jacobians `(replicates, n, k)`.

Most laws are a sum of terms, each a coefficient times powers of inputs, so that the log of each term is linear in the
coordinates. `SumLaw` serves all of these: such a law is only the list of its terms.
"""

from __future__ import annotations

import itertools
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[np.float64]
Inputs: TypeAlias = Mapping[str, Array]

COEFFICIENT_BOUNDS = (-200.0, 200.0)  # of the log; exp() overflows near 709, with room for powers of inputs
GRID_EXPONENTS = 30  # values on each axis of the grid of starts


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter as papers print it: its meaning, unit, and bounds of its coordinate."""

    name: str
    meaning: str
    unit: str = ""
    positive: bool = False
    low: float = -np.inf
    high: float = np.inf
