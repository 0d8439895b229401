"""p-values of tests: the tails of Student's t and of F."""

from __future__ import annotations

from math import erfc, exp, lgamma, log, log1p, sqrt

MOST_TERMS = 10_000  # about the root of the degrees of freedom are needed


def two_tails(t: float, freedom: float) -> float:
    """The two-sided p-value of Student's t, by Wallace's transformation to a normal (1959).

    It is right to a tenth of the p-value from four degrees of freedom on, and needs no import of scipy.
    """
    z = sqrt(freedom * log(1 + t * t / freedom)) * (8 * freedom + 1) / (8 * freedom + 3)
    return erfc(z / sqrt(2))


def f_tail(ratio: float, first: float, second: float) -> float:
    """The upper tail of F, by the incomplete beta function (Press et al. 2007, section 6.4); needs no import of scipy.

    Its continued fraction is used on the side of the mean where it converges in a few dozen terms.
    """
    if not ratio > 0:
        return 1.0 if ratio <= 0 else ratio
    a, b = second / 2, first / 2
    x = second / (second + first * ratio)
    if not 0 < x < 1:  # the ratio is beyond the precision of floats
        return float(x >= 1)
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x))
    if x < (a + 1) / (a + b + 2):
        return front * _fraction(a, b, x) / a
    return 1.0 - front * _fraction(b, a, 1 - x) / b


def _fraction(a: float, b: float, x: float) -> float:
    """The continued fraction of the incomplete beta function, by Lentz's method."""
    above, below = 1.0, 1.0 / _far(1.0 - (a + b) * x / (a + 1))
    value = below
    for m in range(1, MOST_TERMS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for term in (even, odd):
            below, above = 1.0 / _far(1.0 + term * below), _far(1.0 + term / above)
            value *= below * above
        if abs(below * above - 1.0) < 1e-15:
            break
    return value


def _far(value: float) -> float:
    """The value, moved away from zero."""
    return value if abs(value) > 1e-300 else 1e-300
