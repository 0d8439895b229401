"""Caveats about the log that runs are read from."""

SENTENCES = {
    "rows-excluded": "{count} of {total} rows were left out: {reasons}. Correct them if they should count.",
    "compute-mismatch": (
        "The compute column is {low:.3g} to {high:.3g} times 6*params*tokens, so compute, params and tokens do not "
        "agree. Check the unit of compute and whether params include embeddings, or ignore the column with --compute "
        "none."
    ),
    "partial-compute": (
        "{points} of {total} points have no value in the compute column and get 6*params*tokens instead, so compute "
        "may be counted in two ways. Fill in the column, or use 6*params*tokens for all points with --compute none."
    ),
    "compute-drift": (
        "The compute column is {small:.3g} times 6*params*tokens at {small_params:.3g} params but {large:.3g} times at "
        "{large_params:.3g} params, which changes fitted exponents. Check whether params include embeddings, and "
        "compare with --compute none."
    ),
    "unit-slip": (
        "{role} of {run} is {value:.3g}, a factor of {factor:.3g} outside the range of all other runs; divided or "
        "multiplied by a thousand it would be in their range, so its unit may be wrong. Correct the value, or leave "
        "the run out with --where."
    ),
    "tiny-unit": (
        "{role}, read from {column}, is at most {most} in every row, which is too small for any language model, so a "
        "unit is probably missing. Give the unit in the header, as in {header!r}, or in the cells, as in {cell}."
    ),
    "loss-unit": (
        "By its name, {column} holds {unit}, not a loss in nats per token, so the irreducible loss and the "
        "coefficients are in that unit. Convert the column, or give --loss-unit {unit}."
    ),
    "perplexity-log": (
        "The law is fitted to {formula}, a loss in nats, because exponents of perplexity are not exponents of a loss. "
        "Give losses in other options, such as --target-loss, in nats too."
    ),
    "large-loss": (
        "The median loss is {median:.3g}, above the 13.8 nats of a uniform guess among a million tokens, so the column "
        "may hold perplexity. If it does, give --loss-unit perplexity to fit its logarithm."
    ),
    "metric-grows": (
        "{column} grows with {role}, so it is not a loss, and a law that falls will fit it badly. Choose a loss with "
        "--loss, or fit a law that grows, such as --law sigmoid, with --space linear."
    ),
    "training-loss": (
        "{column} is a loss on training data, which is not what the model reaches on new text, and no evaluation loss "
        "was found. Choose an evaluation loss with --loss if there is one."
    ),
    "repeated-steps": (
        "{rows} rows repeat an earlier step of their run, as resumed or merged logs do, and only the later row counts. "
        "Give reruns a run name of their own if they should count too."
    ),
    "inferred-runs": (
        "No column names the run, and the {rows} rows of {sizes} sizes have evenly spaced steps, so rows with equal "
        "params are read as checkpoints of one run. Name the run with --run COLUMN, or give --run none if each row is "
        "one run."
    ),
    "unnamed-runs": (
        "No column names the run, so {rows} rows of {sizes} sizes that differ in {role} count as {rows} independent "
        "runs; if they are checkpoints, intervals are too narrow. Name the run with --run COLUMN or --run params if "
        "they are checkpoints, or give --run none if each row is one run."
    ),
    "unfinished-runs": (
        "{count} of {total} points are from runs that {column} calls {states}, so their last losses may be too high. "
        "Leave them out with --where {condition}, unless these losses should count."
    ),
    "copied-files": (
        "{count} of {total} files are copies of others ({copy} of {original}), so runs may count twice and intervals "
        "may be too narrow. Give each file once."
    ),
    "names-anew": (
        "{names} run names occur in several of {files} files, with a different loss at the first step or with "
        "different params, so each file's run counts separately and is named after its file. Join the files if they "
        "hold parts of one run."
    ),
    "repeated-points": (
        "{rows} points equal an earlier one in {roles}, and each counts as {counted}, so intervals are too narrow if "
        "they are copies. Remove the copies."
    ),
    "repeated-data": (
        "{points} of {total} points were trained on their data more than {few:g} times (up to {epochs:.3g} times), "
        "where the loss falls less and may rise. Fit --law data-constrained, or keep only points with few epochs by "
        "--where."
    ),
    "late-rise": (
        "{points} points with repeated data have more than {times:.3g} times the lowest loss, as overfitted or "
        "diverged runs do, and pull the fit up. Leave them out with --where if they do not belong to the law."
    ),
    "undecayed-lr": (
        "{runs} of {total} runs end with a learning rate above half of its peak, so their losses are higher than after "
        "a finished schedule. Fit only runs whose schedules end in the same way; select them with --where."
    ),
    "mid-schedule": (
        "Points within a run share its learning-rate schedule, so they are not independent, and their losses are "
        "higher than those of runs that finished there. Compare with --checkpoints final."
    ),
    "best-checkpoint": (
        "Each loss is the lowest of its run, which noise makes too low, and more so in longer logs. Compare with "
        "--checkpoints final."
    ),
    "sample-missed": (
        "For {missed} of {wanted} combinations of run and amount, no row is within 2.5 % of the {role} to sample at, "
        "so those points are missing. Choose amounts with --sample-at that all runs reach."
    ),
}
