"""Every caveat: a usable result to read with care.

A caveat has a stable code, for `--allow CODE` and for scripts, and a sentence that ends in something to do.
All of them stand here, so that their wording can be read and kept alike in one place.
"""

from __future__ import annotations

from string import Formatter
from typing import Annotated

from msgspec import Meta

from scaling_cli.record import Record

LARGEST_WRITTEN_OUT = 1e6  # of factors

SENTENCES = {
    "rows-excluded": "{count} of {total} rows left out: {reasons}; mend them if they should count.",
    "compute-mismatch": (
        "The compute column is {low:.3g} to {high:.3g} times 6*params*tokens; check its unit, and whether params "
        "counts embeddings, or leave it out with --compute none."
    ),
    "partial-compute": (
        "{points} of {total} points have no value in the compute column and are given 6*params*tokens instead; fill "
        "the column, or take that for all with --compute none."
    ),
    "compute-drift": (
        "The compute column is {small:.3g} times 6*params*tokens at {small_params:.3g} params and {large:.3g} times "
        "at {large_params:.3g}, which bends exponents; compare --compute none, and see if params counts embeddings."
    ),
    "unit-slip": (
        "{role} of {run} is {value:.3g}, which puts it {factor:.3g} times beyond all others, and a factor of a "
        "thousand would bring it back; mend it, or leave it out with --where."
    ),
    "tiny-unit": (
        "{role}, read from {column}, is at most {most} in every row, which no language model has; give its unit in the "
        "header, as in {header!r}, or in the cells, as in {cell}."
    ),
    "loss-unit": (
        "{column} is named as {unit}, not as a loss in nats per token, so floors and coefficients are in its unit; "
        "convert it, or say --loss-unit {unit}."
    ),
    "perplexity-log": (
        "What is fitted is {formula}, a loss in nats, since exponents of perplexity are not those of a loss; give "
        "losses in options, such as --target-loss, in nats too."
    ),
    "large-loss": (
        "The median loss is {median:.3g}, above that of guessing among a million tokens (13.8 nats); if it is "
        "perplexity, say --loss-unit perplexity, and its log is fitted."
    ),
    "metric-grows": (
        "{column} grows with {role}, so it is no loss; fit a law that grows, in --space linear, or fit the loss."
    ),
    "training-loss": (
        "{column} is a loss on training data, and no evaluation loss was found; name one with --loss if there is one."
    ),
    "repeated-steps": (
        "{rows} rows repeat an earlier step of their run, as resumed or merged logs do, and the later row counts; "
        "give reruns a run name of their own."
    ),
    "inferred-runs": (
        "No column names the run, and the {rows} rows of {sizes} sizes go in even steps, so rows of equal params are "
        "taken for one run; name the run with --run COLUMN, or say --run none if each row is one."
    ),
    "unnamed-runs": (
        "No column names the run, and {rows} rows of {sizes} sizes that differ in {role} count as {rows} runs; if they "
        "are checkpoints, name the run with --run COLUMN or --run params, else say --run none."
    ),
    "unfinished-runs": (
        "{count} of {total} points are of runs that {column} calls {states}; leave them out with --where {condition} "
        "unless their last losses should count."
    ),
    "copied-files": (
        "{count} of {total} files are copies of others ({copy} of {original}), so that runs may count twice; give each "
        "file once."
    ),
    "names-anew": (
        "{names} names of runs begin anew in several of {files} files, with another loss at the same first step or "
        "with other params, so each file's is a run of its own, named after it; join the files if they are one run."
    ),
    "repeated-points": (
        "{rows} points equal an earlier one in {roles}; drop them if they are copies, since each counts as {counted}."
    ),
    "repeated-data": (
        "{points} of {total} points saw their data more than {few:g} times (up to {epochs:.3g}), where loss falls less "
        "and can rise; use a data-constrained law, or keep --where on few epochs."
    ),
    "late-rise": (
        "{points} of them lie above {times:.3g} times the lowest loss, as overfitted or diverged runs do; "
        "leave them out with --where if they do not belong to the law."
    ),
    "undecayed-lr": (
        "{runs} of {total} runs end with a learning rate above half their peak, so their losses lie above those of "
        "a finished schedule; fit only runs that end alike."
    ),
    "mid-schedule": (
        "Points within a run share its learning-rate schedule, so they are neither independent nor as good as finished "
        "runs; compare --checkpoints final."
    ),
    "best-checkpoint": (
        "Each loss is the lowest of its run, which noise makes too low, more so in longer logs; compare --checkpoints "
        "final."
    ),
    "sample-missed": (
        "{missed} of {wanted} pairs of run and amount have no row within 2.5 % of {role}; choose amounts that all runs "
        "pass."
    ),
    "few-runs": "Only {runs} runs for {parameters} parameters: intervals from so few are too narrow; add runs.",
    "no-interval-room": (
        "{points} points for {parameters} parameters leave nothing to judge the fit by; add runs before using it."
    ),
    "short-range": "{quantity} spans only {decades:.2g} decades; add runs until it spans two, or doubt exponents.",
    "condition-number": (
        "The parameters trade off against each other (condition number {condition:.1e}); read predictions inside "
        "the data, not single parameters, or add runs at other inputs."
    ),
    "fixed-tokens-per-param": (
        "Tokens per param only span {low:.3g} to {high:.3g}, so alpha and beta are hard to tell apart; add runs that "
        "are trained shorter and longer (a span of 16x suffices)."
    ),
    "collinear-design": (
        "log params and log tokens are correlated at {correlation:.3f}, so their exponents are hard to tell apart; "
        "add runs off that line."
    ),
    "at-bound": "{parameter} sits at its bound, {value:.3g}, so it is no finding; try a law without it, or add runs.",
    "lone-start": (
        "Only {agreeing} of {tried} starts reach the best objective; compare --objective least-squares before "
        "trusting it."
    ),
    "rival-optimum": (
        "Another optimum within 1 % of the best objective gives {difference}; report both, or add runs that decide."
    ),
    "replicates-failed": "{failed} of {replicates} replicates did not converge; read the interval with care.",
    "influential-run": (
        "Without run {run}, {parameter} would be {value:.4g}, {moves:.1f} standard errors away{others}; "
        "check that run, or repeat it with another seed."
    ),
    "floor-open": (
        "The floor may lie anywhere in a range as wide as {width} of the loss above it (at most {most:.0%} would do), "
        "which leaves the exponent open; add larger runs or repeats, and do not read its exponent as one."
    ),
    "apparent-exponents": (
        "{law} has no floor, so its exponents are slopes, which differ wherever floors do; compare "
        "--law power-constant before speaking of exponents."
    ),
    "shared-floor-rejected": (
        "One floor for all groups does not fit (p = {p_value}), so each has its own; leave out --shared-floor."
    ),
    "coarse-p-values": (
        "Adjusted for {pairs} pairs, p-values of {replicates} replicates cannot fall below {least:.2g}; ask for more "
        "--replicates, or compare with one --reference."
    ),
    "low-power": (
        "{weak} of {pairs} pairs could only have shown differences above {share:.0%} of the exponent, so no difference "
        "found says little there; add runs, sizes or seeds before concluding."
    ),
    "no-cutoffs": (
        "Too few runs, or too alike in scale, to predict larger ones from smaller ones, so laws are ranked by AICc "
        "within the data; add larger runs before extrapolating."
    ),
    "baseline-wins": (
        "{baseline} predicts larger runs better than any law; do not extrapolate before larger runs show a law better."
    ),
    "floor-unknown": (
        "{parameter} may lie anywhere from {low:.3g} to {high:.3g}, and the smallest loss {place} "
        "its estimate, so the floor is not known; add larger runs before extrapolating far."
    ),
    "open-interval": (
        "The data set no end to {parameters}: the likelihood never falls far enough; add runs over a wider range, or "
        "read predictions instead."
    ),
    "replicates-at-bound": (
        "{parameter} sits at a bound in {share:.0%} of replicates, so its interval is cut off there; add runs, or "
        "choose a law without it."
    ),
    "rule-bends-split": (
        "Compute by --flops-rule {rule} is not in proportion to params * tokens, so {quantities} do not hold for it "
        "and are left out; ask `scaling optimal-allocation` with the rule for the best split of a budget."
    ),
    "limited": "{limit} decides the split of {compute} FLOPs, not the loss; loosen it if you can.",
    "far-reach": (
        "{compute} FLOPs is {reach:times} times the largest run: the interval trusts the law that far out; add larger "
        "runs before spending it."
    ),
    "unanswered": "{reason} The other answers stand. {hint}",
    "many-epochs": (
        "{compute} FLOPs sees {unique} unique tokens {epochs:.3g} times, and the last epochs teach {worth}; find more "
        "data, or spend less."
    ),
    "training-exponents": (
        "The exponents are those of training compute alone, without {options}; read off the rows of several "
        "budgets how the best split grows."
    ),
    "published-repetition": (
        "What repeated tokens are worth is taken from Muennighoff et al. 2023, not from your runs; fit "
        "--law data-constrained to runs of several epochs to measure it."
    ),
    "no-draws": (
        "The saved fit has no replicates, so there are no intervals; fit again with `scaling fit --json`, without "
        "--no-draws."
    ),
    "sparse-peak": (
        "A peak of {peak:.4g} FLOP/s is the {gpu}'s for sparse matrices; training reaches at most the dense peak: "
        "give --peak-flops {dense:.4g}."
    ),
    "high-mfu": "--mfu {mfu:g} is above {usual:g}, the most that large runs report; check what it is a share of.",
    "budgets-refused": "{refused} of {total} budgets left out: {reasons}. To mend them, add runs: {runs}.",
    "few-budgets": "The exponent rests on {budgets} budgets; add runs at more budgets before extrapolating.",
    "thin-side": "{budgets} FLOPs: only one size lies on one side of the minimum; add runs of {side} params.",
    "drifting-grid": (
        "The centres of the grids drift by {slope:+.2f} decades a decade of compute against the minima, which moves a "
        "parabola's exponent by {bias:+.4f}; keep --profile exact, or centre the grids."
    ),
    "parabola-bias": (
        "By the exact curve, parabolas on these grids miss the best params by {low:+.1%} to {high:+.1%}; use "
        "--profile exact, or correct for it."
    ),
    "replicates-lost": (
        "{share:.0%} of replicates lack a minimum at {compute} FLOPs and pass over it; add runs around that minimum."
    ),
    "profiles-differ": (
        "Profiles of the same curves give params exponents from {low:.3f} ({lowest}) to {high:.3f} ({highest}); add "
        "runs near the minima, and quote the profile with the number."
    ),
    "grid-edge": (
        "{share:.0%} of the envelope lies on the smallest or largest model, where no other could beat it; add smaller "
        "and larger models, or trust --approach parametric."
    ),
    "unfinished-schedules": (
        "{share:.0%} of the envelope comes from before the last 15 % of a run's tokens, where a decaying learning rate "
        "has not done its work; use runs of constant learning rate, or --approach parametric on finished runs."
    ),
    "no-waste-band": (
        "The envelope alone does not say how flat the optimum is; add --approach parametric for the range of params "
        "within 5 % of the compute."
    ),
    "approach-skipped": "No answer by {approach}: {reason} {hint}",
    "approaches-disagree": (
        "At {compute} FLOPs the approaches' best params differ by {ratio:.2g}x and their intervals do not overlap; "
        "find out why (schedules, embeddings, grid edges) before choosing."
    ),
    "unstable-exponent": (
        "By the {approach} approach the params exponent swings from {low:.3f} to {high:.3f} as points below {tokens} "
        "tokens are left out, more than noise allows: name the cut-off with any exponent you quote, and skip early "
        "checkpoints."
    ),
    "pooled-tasks": (
        "The values of {column} are pooled into one curve; give --by {column} for one each, or keep one with --where."
    ),
    "other-problems": (
        "Problems are told apart by {taken} ({count} of them), and {other} would make {others} others; give --problem "
        "{other} if those are the problems, or --by {other} if both are needed."
    ),
    "missing-outcomes": (
        "{count} attempts without an outcome are {done}; see --on-missing, and find out whether they failed."
    ),
    "stop-at-success": (
        "Sampling stopped after the first batch of {batch} with a success, so pass@k would be biased; coverage is the "
        "product-limit estimate. Give --design fixed if that is wrong."
    ),
    "short-problems": (
        "{count} of {total} problems have fewer attempts than k = {k}, so low and high are bounds there; sample them "
        "further, or see --short drop."
    ),
    "short-problems-dropped": (
        "{count} of {total} problems have fewer attempts than k = {k} and are left out there, which selects problems; "
        "compare --short bound."
    ),
    "all-alike": (
        "{what}, so intervals are Clopper and Pearson's for a share of problems and no law is fitted; add attempts or "
        "other problems."
    ),
    "all-solved": (
        "Every problem is solved at least once, so at k = {k} the interval is Clopper and Pearson's for a share of "
        "problems; add harder problems to see coverage grow there."
    ),
    "deterministic-sampling": (
        "Each problem is solved always or never, as if attempts were copies; sample at a temperature above 0, or read "
        "only k = 1."
    ),
    "near-ceiling": (
        "Beyond k = {last} few problems are left unsolved, so the power law of the curve is fitted up to there; read "
        "beta-binomial beyond, or add harder problems."
    ),
    "one-problem": (
        "All attempts are at one problem; if n and c count problems and those solved, this is no pass@k: give a row a "
        "problem."
    ),
    "few-problems": "Intervals over only {count} {unit} are rough; add {unit} before comparing.",
    "law-not-fitted": "{law} is not fitted: {reason} {hint}",
    "overdispersion-not-identified": "{law} is not fitted: {reason} {hint}",
    "far-extrapolation": (
        "k = {k} is {reach:times} times the attempts made and {what}; {remedy} at least a hundredth of it."
    ),
    "laws-disagree": (
        "At k = {k} the laws differ by {spread:.2f} in coverage, so no single number is given; sample further, or read "
        "the interval."
    ),
    "ceiling-not-identified": (
        "The share of unsolvable problems is {estimate:.2f}, but 0 is compatible with the data, and so is {high:.2f}; "
        "do not read it as a ceiling."
    ),
    "poor-track-record": (
        "Fitted to {trained} of the attempts, the forecast misses coverage at {held_out} by {error:.2f} on average; "
        "read forecasts with that error, or sample further."
    ),
    "false-positives": (
        "At k = {k} a problem that cannot be solved passes the verifier with chance {floor:.2f}; read the accuracy "
        "instead of coverage, or make the verifier stricter."
    ),
    "beyond-attempts": (
        "{what} pays for more than the {k} attempts made, so its coverage is {known}; sample further to be sure."
    ),
    "attention-heavy": (
        "Attention and memory take {share:.1f} times the linear part of an attempt; check --kv-dim, and compare "
        "models on cost, not on params."
    ),
    "repeated-attempts": "{count} attempts were logged twice and the last counts; check that the log was resumed.",
    "far-forecast": (
        "{place} is {reach:times} times the largest run, further than any track record here; add larger runs before "
        "relying on it."
    ),
    "below-data": (
        "{place} is {times:,.3g} times smaller than the smallest run, and nothing shows how losses go on there; add "
        "smaller runs."
    ),
    "off-hull": (
        "{place} lies a factor of {outside:.2g} outside the params and tokens of the runs; add runs nearer to its "
        "tokens per param."
    ),
    "no-rolling-origin": (
        "{points} points of {scales} sizes are too few to hold the largest back, so intervals rest on replicates and "
        "on how far the laws differ; add smaller runs."
    ),
    "optimal-split": (
        "Params and tokens at {compute} FLOPs are the best split by these laws; give --at params=...,tokens=... for "
        "your own."
    ),
    "unstable-forecast": (
        "Without the runs below {cutoff} the forecast at {place} moves by {shift:+.1%}, where noise would move it by "
        "{noise:.2%}; find out what changes with scale, and name the cut-off with the number."
    ),
    "rising-loss": (
        "Loss rises with {role} in {share:.0%} of pairs of runs that differ in nothing else, as when tokens repeat; "
        "leave those runs out with --where, or fit --law data-constrained."
    ),
    "lone-growth": (
        "Compute grows by {role} alone in these runs, so the forecast is for more {role} at {still}; add runs in which "
        "both grow, or give --checkpoints all if the learning rate was constant."
    ),
    "pooled-sizes": (
        "Runs of {sizes} sizes are taken for one curve along {column}; give --by params for one each, or forecast "
        "along compute."
    ),
    "mid-schedule-points": (
        "Rows from before the end of a run count as finished runs ({runs} of {total} runs have several), which is "
        "right only if the learning rate was constant; keep the last row of each, or cooled-down runs alone."
    ),
    "target-above-data": (
        "A loss of {target:g} is reached below the smallest run, if these laws go on there; aim lower, or add smaller "
        "runs."
    ),
    "target-below-floor": (
        "A loss of {target:g} is not reached within 1e9 times the largest run with a probability of {probability:.0%}: "
        "it lies near or below what these laws end at; aim higher, or add larger runs."
    ),
    "then-outside-range": (
        "{metric} is not forecast at {count} targets, whose losses lie too far outside the {low:.4g} to {high:.4g} "
        "that the link was fitted to; add runs nearer to them."
    ),
    "unmatched-targets": "{count} targets belong to no group of the runs; give them the columns of --by.",
}


class Caveat(Record):
    """One thing to know before using a result.

    Attributes:
        code: A stable name, for --allow CODE and for scripts.
        message: What is wrong, and what to do.
        group: The group that it concerns; None for all.
    """

    code: Annotated[str, Meta(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
    message: str
    group: dict[str, str] | None = None


class _Sentence(Formatter):
    """Sentences whose numbers may have the format `times`: 1,234, and from a million on 1.2e6."""

    def format_field(self, value: object, format_spec: str) -> str:
        if format_spec != "times":
            return str(super().format_field(value, format_spec))
        assert isinstance(value, float | int)
        mantissa, _, power = f"{value:.2g}".partition("e")
        return f"{value:,.0f}" if value < LARGEST_WRITTEN_OUT else f"{mantissa}e{int(power)}"


def caveat(code: str, group: dict[str, str] | None = None, **facts: object) -> Caveat:
    """The caveat `code` with its sentence filled in; `group` is empty or None where it concerns the whole."""
    return Caveat(code, _Sentence().vformat(SENTENCES[code], (), facts), group or None)
