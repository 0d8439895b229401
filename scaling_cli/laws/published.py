"""Published fits of laws as something to plan and forecast with: `NAME:FIT`, with its uncertainty.

Where the data of a fit are public, its covariance is shipped. Elsewhere the uncertainty is a stated guess: 5 % of each
exponent and of the irreducible loss, and 20 % of each coefficient, independent of each other.
"""

from __future__ import annotations

import difflib
import re

import numpy as np

from scaling_cli.arrays import Array
from scaling_cli.errors import UsageError
from scaling_cli.laws import find_law, is_formula
from scaling_cli.laws.law import Law, Published
from scaling_cli.record import Record, replace

EXPONENT_SPREAD = 0.05  # relative standard deviation; floors have the same
COEFFICIENT_SPREAD = 0.20  # of the log
ROLE = re.compile(r"(?:x = (?:minimum )?|against )(params|tokens|compute)")
PF_DAYS = "PF-days"  # a unit of compute in which some fits are printed
FLOPS_A_PF_DAY = 8.64e19


class PublishedLaw(Record):
    """A law with one of its published fits, and the covariance of its coordinates `(k, k)`.

    `is_guess` tells that the covariance is the stated guess.
    """

    law: Law
    fit: Published
    covariance: Array
    is_guess: bool

    @property
    def parameters(self) -> Array:
        """The parameters `(k,)` in the order of the law."""
        return np.array([self.fit.parameters[name] for name in self.law.names])

    @property
    def roles(self) -> dict[str, str]:
        """What each input of the law is; a law of x is of what its fit says, such as `x = params`."""
        found = ROLE.search(self.fit.about)
        return {name: found[1] if name == "x" and found else name for name in self.law.inputs}

    def draws(self, count: int, seed: int) -> Array:
        """Draws of the parameters `(count, k)`."""
        centre = self.law.to_coordinates(self.parameters)
        drawn = np.random.default_rng(seed).multivariate_normal(centre, self.covariance, count, method="cholesky")
        low = np.array([parameter.low for parameter in self.law.parameters])
        high = np.array([parameter.high for parameter in self.law.parameters])
        inside: Array = np.clip(self.law.to_parameters(drawn), low, high)
        return inside


def names_published(text: str) -> bool:
    """Whether `text` names a law and one of its published fits, as in `chinchilla:besiroglu`."""
    return ":" in text and not is_formula(text)


def published_law(text: str) -> PublishedLaw:
    """The law and the fit that `NAME:FIT` names.

    Raises:
        UsageError: There is no such law, or no such fit of it.
    """
    name, _, wanted = text.partition(":")
    law = find_law(name.strip())
    names = [fit.name for fit in law.published]
    if not names:
        raise UsageError(
            f"{law.name} has no published fits.", hint="Use chinchilla:besiroglu, or give runs or a saved fit."
        )
    for published in law.published:
        if published.name == wanted.strip():
            fit = _in_flops(published)
            known = np.array(fit.covariance) if fit.covariance else guessed_covariance(law, fit)
            return PublishedLaw(law, fit, known, not fit.covariance)
    near = difflib.get_close_matches(wanted.strip().lower(), names, n=1)
    guess = f"Did you mean {law.name}:{near[0]}? " if near else ""
    raise UsageError(
        f"{law.name} has no published fit {wanted.strip()!r}.",
        hint=f"{guess}It has {', '.join(names)}; `scaling laws {law.name}` shows them.",
    )


def _in_flops(fit: Published) -> Published:
    """A power law `a * x^b` of compute in PF-days as one of compute in FLOPs."""
    if PF_DAYS not in fit.about:
        return fit
    changed = {**fit.parameters, "a": fit.parameters["a"] * FLOPS_A_PF_DAY ** -fit.parameters["b"]}
    return replace(fit, about=fit.about.replace(PF_DAYS, "FLOPs"), parameters=changed)


def guessed_covariance(law: Law, fit: Published) -> Array:
    """The covariance of the coordinates `(k, k)` by the stated guess."""
    spread = [
        COEFFICIENT_SPREAD if parameter.positive else EXPONENT_SPREAD * max(abs(fit.parameters[parameter.name]), 1e-6)
        for parameter in law.parameters
    ]
    return np.diag(np.square(spread))
