"""Names of array types that all layers share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[np.float64]


Flags: TypeAlias = NDArray[np.bool_]


Indices: TypeAlias = NDArray[np.intp]


Inputs: TypeAlias = Mapping[str, Array]
