"""How far a target lies beyond the data."""

from __future__ import annotations

import numpy as np

from scaling_cli.arrays import Array

NOTED, FAR = 3.0, 30.0  # factors beyond the data from which it is said, and warned of
DIRECTIONS = 360


def outside_hull(points: Array, targets: Array) -> Array:
    """Distance `(m,)` of targets `(m, 2)` from the convex hull of points `(n, 2)`, zero inside.

    It is the largest distance by which a target leaves the points behind in any direction.
    """
    angles = np.linspace(0, 2 * np.pi, DIRECTIONS, endpoint=False)
    directions = np.stack([np.cos(angles), np.sin(angles)])
    ahead = targets @ directions - (points @ directions).max(axis=0)
    distance: Array = np.maximum(ahead.max(axis=1), 0.0)
    return distance
