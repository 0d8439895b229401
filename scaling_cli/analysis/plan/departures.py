"""Ways in which a law may be wrong: smooth random functions of the log inputs, added to the log loss but not fitted.

They are draws of a Gaussian process with mean 0, whose covariance of two runs at the distance d in log inputs is

    size^2 * mean over LENGTHS of exp(-d^2 / (2 length^2)).

So runs near each other are wrong in the same way, and repeating them does not help, while the error at a distant goal
is another one. The search uses each draw as a sum of waves of random directions and lengths (Rahimi and Recht 2007).
Their size follows from the residuals of the runs that there are (see `size_of`).
"""

from __future__ import annotations

import numpy as np

from scaling_cli.arrays import Array

LENGTHS = np.log(10) * np.array([1.0, 2.0])
WAVES = 4
TERMS = 2 * WAVES  # a cosine and a sine for each wave
USUAL_SIZE, USUAL_NOISE = 0.003, 0.005  # of log loss
SPREAD = 1.5  # of the logs of both sizes: they are known within a factor of about 4
SIGMAS, SIZES = np.geomspace(3e-4, 0.1, 25), np.geomspace(1e-4, 0.2, 25)
MOST_RUNS = 200  # of which the size is computed: time grows with the third power


def departures(logs: Array, draws: int, size: float) -> Array:
    """Values `(draws, n, TERMS)` at log inputs `(n, d)`; the sum over the terms of their squares is `size` squared."""
    directions = np.random.default_rng(5).standard_normal((draws, WAVES, logs.shape[1]))
    phase = np.einsum("nd,rwd->rnw", logs, directions / np.resize(LENGTHS, WAVES)[:, None])
    values: Array = size / np.sqrt(WAVES) * np.concatenate([np.cos(phase), np.sin(phase)], axis=2)
    return values


def size_of(residuals: Array, rows: Array, logs: Array) -> float:
    """The size of departures, in units of the noise, that the residuals of a fit suggest.

    It is the mean of log size / noise over both, by the restricted likelihood (Patterson and Thompson 1971) of
    residuals of log loss `(n,)` and log-normal priors. `rows` `(n, k)` are the gradients of the log loss that is
    fitted, `logs` `(n, d)` the log inputs.
    """
    if len(residuals) > MOST_RUNS:
        some = np.random.default_rng(6).choice(len(residuals), MOST_RUNS, replace=False)
        residuals, rows, logs = residuals[some], rows[some], logs[some]
    left = np.linalg.qr(rows, mode="complete")[0][:, rows.shape[1] :]
    distance = ((logs[:, None] - logs[None]) ** 2).sum(axis=2)
    covariance = np.mean([np.exp(-distance / (2 * length**2)) for length in LENGTHS], axis=0)
    values, vectors = np.linalg.eigh(left.T @ covariance @ left)
    squares = (vectors.T @ (left.T @ residuals)) ** 2
    sigma, size = SIGMAS[:, None], SIZES[None, :]
    variances = sigma[..., None] ** 2 + size[..., None] ** 2 * np.maximum(values, 0)
    log = -0.5 * (np.log(variances) + squares / variances).sum(axis=-1)
    log -= 0.5 * (np.log(sigma / USUAL_NOISE) ** 2 + np.log(size / USUAL_SIZE) ** 2) / SPREAD**2
    weight = np.exp(log - log.max())
    return float(np.exp((weight * np.log(size / sigma)).sum() / weight.sum()))
