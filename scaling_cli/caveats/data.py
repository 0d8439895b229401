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
        "may be counted in two different ways, which may change exponents of compute. Fill in the column, or use "
        "6*params*tokens for all points with --compute none."
    ),
    "compute-drift": (
        "The compute column is {small:.3g} times 6*params*tokens at {small_params:.3g} params but {large:.3g} times at "
        "{large_params:.3g} params, which changes fitted exponents. Check whether params include embeddings, and "
        "compare with --compute none."
    ),
    "unit-slip": (
        "{role} of {run} is {value:.3g}, and the {quantity} of this run differ from those of all other runs by a "
        "factor of {factor:.3g} or more. Divided or multiplied by a thousand they would be in the range of the others, "
        "so the unit may be wrong, and one such value can change every exponent. Correct the value, or leave the run "
        "out with --where."
    ),
    "tiny-unit": (
        "{role}, read from {column}, is at most {most} in every row, which is too small for any language model, so a "
        "unit is probably missing, which makes coefficients and forecasts wrong. Give the unit in the header, as in "
        "{header!r}, or in the cells, as in {cell}."
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
        "may hold perplexity{or_other}, whose exponents are not those of a loss. If it does, give --loss-unit "
        "perplexity to fit its logarithm{else_other}."
    ),
    "not-a-loss": (
        "{column}, which {reason}, is probably {kind} and not a loss in nats per token. The law then describes {kind}, "
        "and its floor is not an irreducible loss. Choose a loss with --loss, or confirm with --loss-unit {unit}."
    ),
    "single-outcomes": (
        "{column} holds only 0 and 1, outcomes of single attempts, and a robust fit follows the more frequent one and "
        "not their rate. Choose a column of rates with --loss, such as the mean outcome of each run."
    ),
    "metric-grows": (
        "{column} grows with {role}, so it is not a loss, and a law that falls will fit it badly. Choose a loss with "
        "--loss, or fit a law that grows, such as --law sigmoid, with --space linear."
    ),
    "training-loss": (
        "{column} is a loss on training data, which is not what the model reaches on new text, and {others}. Choose an "
        "evaluation loss with --loss if there is one."
    ),
    "several-splits": (
        "{column} marks losses on different data, and a law fitted to all of them would mix these, so only the "
        "{count} of {total} rows of {split} are used, not those of {others}. Give --where {same} if that is right, or "
        "another split, as in --where {other}."
    ),
    "log-calls": (
        "{column} counts the log calls of W&B and not training steps, so a law of steps would describe how often a "
        "run was logged. Choose the steps with --step, or add tokens or params."
    ),
    "tokens-of-one-device": (
        "{total} is {devices} times {column}, a whole number in every row, so {column} counts the tokens of one device "
        "and {total} is read as tokens. If that is wrong, choose a column with --tokens."
    ),
    "tokens-share": (
        "By its name, {column} counts the tokens of one device or of one batch and not all tokens that a run was "
        "trained on, so coefficients are wrong, and exponents too if the share varies. Choose the total with "
        "--tokens."
    ),
    "tokens-restarted": (
        "{column} starts again near zero while steps go on in {runs} of {total} runs ({run} at step {step}), as "
        "counters do after a resume, so the tokens before each restart are added. If that is wrong, choose another "
        "column with --tokens, or use no tokens: --tokens none."
    ),
    "tokens-fall": (
        "{column} falls while steps grow in {runs} of {total} runs ({run} at step {step}), so it does not count all "
        "tokens that a run was trained on, and exponents of tokens may be wrong. Correct the column, choose another "
        "with --tokens, or use no tokens: --tokens none."
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
    "diverged-runs": (
        "{count} of {total} runs ({names}) end with a loss that is not a finite number, as runs that diverged do, so "
        "they are left out. Keep their last finite losses with --keep-diverged if these belong to the law."
    ),
    "kept-diverged": (
        "{count} of {total} runs ({names}) end with a loss that is not a finite number, so they diverged, and the last "
        "finite losses that count for them may be far too high. Leave them out by removing --keep-diverged."
    ),
    "risen-loss": (
        "{count} of {total} runs ({names}) end with a loss more than {times:g} times an earlier one, as runs that "
        "diverged do, and pull the fit up. Leave them out with --where if they do not belong to the law."
    ),
    "summary-copies": (
        "{count} of {total} points have the same {roles} as a point from another file, as happens when a summary file "
        "is given together with the logs of its runs, so these copies are left out and each run counts once. To check, "
        "give only the summary or only the logs."
    ),
    "unordered-rows": (
        "{rows} rows belong to {runs} runs with several rows each, and no column gives their order, so all of them "
        "count as points, including those from before the end of training. Name the column that orders them with "
        "--step {step}, or give --run none if each row is a finished run."
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
        "these points are copies. Remove the copies."
    ),
    "repeated-data": (
        "{points} of {total} points were trained on their data more than {few:g} times (up to {epochs:.3g} times). "
        "There, more tokens lower the loss less than new data would, or even raise it, so laws that ignore repetition "
        "may give wrong exponents. Fit --law data-constrained, or keep only points with few epochs by --where."
    ),
    "late-rise": (
        "{points} points with repeated data have a loss more than {times:.3g} times the lowest one, as overfitted or "
        "diverged runs do, and pull the fit up. Leave them out with --where if they do not belong to the law."
    ),
    "undecayed-lr": (
        "{runs} of {total} runs end with a learning rate above half of its peak, so their losses are higher than after "
        "a finished schedule. Fit only runs whose schedules end in the same way; select them with --where."
    ),
    "mid-schedule": (
        "Points of one run share its learning-rate schedule, so they are not independent, and their losses are higher "
        "than those of runs whose schedule ended there. Compare with --checkpoints final."
    ),
    "best-checkpoint": (
        "The loss of each run is its lowest one, which noise makes too low, the more so the longer the log. Compare "
        "with --checkpoints final."
    ),
    "best-over": (
        "Of runs that differ only in {columns}, only the one with the lowest loss is kept, so {after} of {before} "
        "points remain; {several} of them are the best of several runs{edges}. A minimum of noisy losses is too low. "
        "Compare with a fit of more seeds, and extend sweeps whose best value is at an end."
    ),
    "unread-input": (
        "{columns} {verb} like {role} but was not read as that, so the law ignores it and may be wrong. Give {flag} "
        "if it is {role}."
    ),
    "ignored-input": (
        "{role} takes {number} values, from {low} to {high}, and the law does not use it, so its effect on the loss "
        "is attributed to other parameters. Fit --law {law} with `scaling fit`, or fit each value separately with "
        "--by {column}."
    ),
    "pooled-sweep": (
        "Runs at equal {inputs} differ in {role}, by up to {spread:.1%} in loss{share}, so the law describes an "
        "average over {role} and not the best losses. Keep the best of each size with --best-over {column}, or "
        "separate the values with --by {column} or --where."
    ),
    "pooled-groups": (
        "{column} takes {levels} values and explains {share:.0%} of the variance of the log loss {where} {inputs}, so "
        "one law is fitted to several kinds of runs. Fit each kind separately with --by {quoted}, or keep one with "
        "--where {condition}."
    ),
    "unexplained-spread": (
        "Losses of runs at equal {inputs} differ by up to {spread:.1%}, more than different seeds explain, and no "
        "column of few values explains it either, so the runs may be of several kinds, and the law describes their "
        "average. Add the column in which they differ, and give it to --by."
    ),
    "sample-missed": (
        "For {missed} of {wanted} combinations of run and amount, no row is within 2.5 % of the {role} to sample at, "
        "so those points are missing. Choose amounts with --sample-at that all runs reach."
    ),
}
