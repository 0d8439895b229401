"""Exact intervals for laws that are linear in their coordinates: ordinary least squares and Student's t.

A power law is a straight line in logs. With independent Gaussian noise of one size its coefficients are t-distributed
about the truth, however few the points, so no resampling is needed.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.special import stdtrit

from scaling_cli.errors import FitError, UsageError
from scaling_cli.fitting.problem import Problem
from scaling_cli.fitting.result import Estimate, FitResult, IntervalMethod
from scaling_cli.laws import Array

LINEAR_LAWS = ("power",)


def check_linear(law: str, objective: str, space: str) -> None:
    """Refuse what Student's t does not hold for.

    Raises:
        UsageError: The law is not linear in its coordinates, or it is not fitted by least squares in logs.
    """
    if law not in LINEAR_LAWS or objective != "least-squares" or space != "log":
        raise UsageError(
            "--interval t is exact only for a straight line in logs, fitted by least squares.",
            hint="Add --law power --objective least-squares, or choose --interval bootstrap.",
        )


def with_t(problem: Problem, result: FitResult, level: float) -> FitResult:
    """A fit with its intervals made by `t_intervals`."""
    values = np.array([result.parameters[name].estimate for name in problem.law.names], dtype=float)
    theta = problem.shift @ problem.law.to_coordinates(values)
    return replace(
        result,
        parameters=t_intervals(problem, theta, level),
        interval=IntervalMethod("t", level, 0, None),
    )


def t_intervals(problem: Problem, theta: Array, level: float) -> dict[str, Estimate]:
    """Each parameter with its t-interval, for a law that `check_linear` lets pass.

    Args:
        problem: The points.
        theta: Coordinates of the fit `(k,)`, on centred inputs.
        level: Of the intervals.

    Raises:
        FitError: There are no more points than parameters, so nothing tells the noise.
    """
    residuals, jacobian = problem.residuals(theta[None])
    freedom = len(problem.observed) - len(theta)
    if freedom < 1:
        raise FitError(
            f"{len(problem.observed)} points leave nothing to judge {len(theta)} parameters by.",
            hint="Add runs, or ask for --interval none.",
        )
    weights = problem.weights
    variance = float(np.sum(weights * residuals[0] ** 2)) / freedom
    slope = jacobian[0] * np.sqrt(weights)[:, None]
    back = np.linalg.inv(problem.shift)
    covariance = variance * back @ np.linalg.inv(slope.T @ slope) @ back.T
    reach = float(stdtrit(freedom, (1 + level) / 2)) * np.sqrt(np.diag(covariance))
    raw = back @ theta
    low, middle, high = (problem.law.to_parameters(each) for each in (raw - reach, raw, raw + reach))
    return {
        name: Estimate(float(value), float(left), float(right))
        for name, value, left, right in zip(problem.law.names, middle, low, high, strict=True)
    }
