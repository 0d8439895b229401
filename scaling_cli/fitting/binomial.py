"""Shares of known attempts, and outcomes that are 0 or 1, fitted by maximum likelihood.

The deviance of a share y of m attempts under a probability p is

    D = 2 m (y log(y / p) + (1 - y) log((1 - y) / (1 - p))),

and its signed root r = sign(y - p) sqrt(D) is a residual: half the sum of its squares is the negative log-likelihood,
up to a constant. So the least-squares solver maximises the likelihood (McCullagh and Nelder 1989, section 2.4). The
residual has the derivative

    dr / dp = -m (y - p) / (p (1 - p) r),   and -sqrt(m / (p (1 - p))) where r vanishes.

The attempts are the weights of the points here, which have mean 1, so the objective is in units of their mean.
"""

from __future__ import annotations

import numpy as np

from scaling_cli.arrays import Array

EDGE = 1e-12  # a probability stays this far inside 0 and 1
NEAR = 1e-6  # residuals below it count as zero


def root_deviances(observed: Array, probability: Array) -> tuple[Array, Array]:
    """Signed roots of the deviances of one attempt `(replicates, n)`, and their derivative in the probability."""
    p = np.clip(probability, EDGE, 1 - EDGE)
    y = np.broadcast_to(observed, p.shape)
    with np.errstate(divide="ignore", invalid="ignore"):
        hit = np.where(y > 0, y * np.log(np.where(y > 0, y, 1.0) / p), 0.0)
        miss = np.where(y < 1, (1 - y) * np.log(np.where(y < 1, 1 - y, 1.0) / (1 - p)), 0.0)
    root = np.sign(y - p) * np.sqrt(2 * np.maximum(hit + miss, 0.0))
    spread = p * (1 - p)
    is_zero = np.abs(root) < NEAR
    slope = np.where(is_zero, -1 / np.sqrt(spread), -(y - p) / (spread * np.where(is_zero, 1.0, root)))
    return root, np.where(np.isfinite(probability), slope, np.nan)
