"""Results of a comparison of more attempts with a larger model at equal compute."""

from __future__ import annotations

from typing import Annotated

from scaling_cli.record import Record
from scaling_cli.results.fit import Estimate
from scaling_cli.results.values import Count, Number, Share, words


class Exchange(Record):
    """How many attempts this group can make with the compute of k attempts of a larger model.

    Attributes:
        model_ratio: Size of the larger model as a factor of this one.
        inference_ratio: Inference tokens as a factor of pretraining tokens.
        factor: Attempts of this group for one attempt of the larger model.
        coverage: Coverage at `attempts`; null if the log has fewer.
        against: With --compare, the group of the larger model; the other values below are null or empty without it.
        other: Coverage of the larger model at k.
        problems: Problems that both have, by which they are paired; 0 if they are not.
        difference: `coverage` less `other`.
        verdict: Whether more attempts (sampling) or the larger model (training) is better for this compute.
        turn: Ratio of inference to pretraining tokens below which sampling is better, and above which training is.
            Its low end is 0 if the set reaches down to 0; an estimate or an end is null if sampling is better at every
            ratio. Null as a whole if the curves do not cross within the log.
    """

    model_ratio: float
    inference_ratio: Number
    factor: Number
    k: Count
    attempts: Count
    coverage: Share | None
    against: str = ""
    other: Share | None = None
    problems: Count = 0
    difference: Estimate | None = None
    verdict: Annotated[str, words("", "sampling", "training", "inconclusive")] = ""
    turn: Estimate | None = None
