"""What each caveat does to the answer, which is the order in which caveats are listed.

A caveat that is in neither list says that the answer is less certain than it looks, and comes between the two.
"""

from __future__ import annotations

WRONG, UNSURE, NOTE = range(3)
MEANINGS = ("may change the answer", "make the answer less certain", "say how the data were read and used")


def _codes(text: str) -> frozenset[str]:
    return frozenset(text.split())


MAY_BE_WRONG = _codes(
    """
    active-params apparent-exponents approaches-disagree at-bound baseline-wins below-data bits-and-nats
    changing-factor compute-drift compute-mismatch continued-runs copied-groups doubtful-sharing drifting-grid
    false-positives files-differ floor-open floor-unknown grid-edge high-mfu ignored-input ignored-steps
    interval-off-estimate kept-diverged large-loss large-multiplier late-rise law-misfit laws-disagree log-calls
    lone-start metric-grows mid-schedule mid-schedule-points missing-outcomes missing-scores missing-verdicts
    not-a-loss one-problem other-problems outlying-run parabola-bias parameters-unknown partial-compute partly-known
    pooled-groups pooled-sizes pooled-sweep pooled-tasks poor-fit poor-track-record repeated-data risen-loss
    rising-loss rival-optimum sampled-until-solved score-in-bits share-rejected shared-floor-rejected short-of-plan
    similar-groups similar-problems single-outcomes sizes-in-names small-budget sparse-peak split-by-6nd
    split-off-budget steps-restarted target-below-floor tiny-unit tiny-value tokens-by-gpus tokens-fall
    tokens-of-one-device tokens-restarted tokens-share training-loss unanswered unattempted-problems undecayed-lr
    unexplained-spread unfinished-runs unfinished-schedules unit-slip unknown-outcomes unlike-rates unordered-rows
    unread-input unread-setting unstable-exponent unstable-forecast
    """
)
SAYS_HOW = _codes(
    """
    all-alike all-solved approach-skipped best-over budgets-refused carried-losses cost-not-fitted diverged-runs
    forecast-converted inferred-runs law-not-fitted limited loss-unit lost-runs mixture-corner names-anew
    near-ceiling no-draws no-waste-band optimal-split overdispersion-not-identified perplexity-log repeated-attempts
    repeated-steps repeated-verifications rows-excluded rule-bends-split sample-missed schedule-ends search-end
    several-splits short-problems-dropped shorter-copies split-files statistics stop-at-success summary-copies
    table-of-logs task-without-law training-exponents twin-logs uncounted-columns unmatched-targets
    """
)


def rank(code: str) -> int:
    """The place in `MEANINGS` of what a caveat does."""
    return WRONG if code in MAY_BE_WRONG else NOTE if code in SAYS_HOW else UNSURE
