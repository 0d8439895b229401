"""Caveats about the log that runs are read from."""

SENTENCES = {
    "rows-excluded": (
        "{count} of {total} rows {count:were|was} left out: {reasons}. Correct {count:them if they|it if it} should "
        "count."
    ),
    "loss-unit": (
        "{reason} {column} holds {unit}, not a loss in nats per token, so the irreducible loss and the "
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
        "{column} holds only 0 and 1, outcomes of single attempts, so a robust fit follows the more frequent value "
        "instead of the rate of success. Choose a column of rates with --loss, such as the mean outcome of each run."
    ),
    "metric-grows": (
        "{column} grows with {role}, so it is not a loss, and a law that falls will fit it badly. Choose a loss with "
        "--loss, or fit a law that grows, such as --law sigmoid, with --space linear."
    ),
    "training-loss": (
        "{column} {verb} a loss on training data, which is not what the model reaches on new text, and {others}. "
        "Choose an evaluation loss with --loss if there is one."
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
    "changing-factor": (
        "{formula} multiplies all steps by the latest {column}, which changes within {count} of {total} runs, so their "
        "amounts are wrong from the change on. Add a column with the total up to each step, and name it instead."
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
    "steps-restarted": (
        "In {count} of {total} runs, {column} starts again near 0. The row with the largest step is used, which may "
        "not be the last one, and amounts computed from steps are too small. Add a column of all steps, or of all "
        "tokens, up to each row, or give each part a run name of its own."
    ),
    "unreached-losses": (
        "In {missed} of {total} cases, a run does not fall to a loss of --steps-to between two rows after step 0, so "
        "{missed:these cases are|this case is} left out, and only the faster runs are fitted. Give losses that all "
        "runs reach."
    ),
    "continued-runs": (
        "{count} of the runs {count:begin|begins} where another run of equal params ends, as parts of a resumed run do "
        "({after} after {before}), but each part counts as a finished run, so losses from before the end of training "
        "enter the law. Join the parts into one file, or give them one name with --run COLUMN."
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
    "unnamed-curve": (
        "No column names the run, so {rows} rows at evenly spaced {places} count as {rows} independent runs, "
        "but they look like the checkpoints of {runs}, and intervals are then far too narrow. {remedy} if they are "
        "checkpoints, or give --run none if each row is one run."
    ),
    "diverged-runs": (
        "{count} of {total} runs ({names}) {count:end|ends} with a loss that is not a finite number, as runs that "
        "diverged do, so {count:they are|it is} left out. Keep the last finite loss of such runs with --keep-diverged "
        "if it belongs to the law."
    ),
    "lost-runs": (
        "{count} of {total} runs ({names}) {count:have|has} no row that can be used, so {count:they do|it does} not "
        "count. Check that {count:they|it} reached an evaluation and that {count:their|its} cells are filled."
    ),
    "kept-diverged": (
        "{count} of {total} runs ({names}) {count:end|ends} with a loss that is not a finite number, so "
        "{count:they|it} diverged, and the last finite {count:losses that count for them|loss that counts for it} may "
        "be far too high. Leave {count:them|it} out by removing --keep-diverged."
    ),
    "last-rows-rise": (
        "{count} of {total} runs end with a loss more than {times} times those of the three rows before it, which had "
        "not risen, as if the last row were on other data, such as a test set, so all losses may be too high. Leave "
        "these rows out with --where, or compare with --checkpoints best."
    ),
    "risen-loss": (
        "{count} of {total} runs ({names}) {count:end|ends} with a loss more than {times:g} times an earlier one, as "
        "runs that diverged do, and {count:pull|pulls} the fit up. Leave {count:them|it} out with --where if "
        "{count:they do|it does} not belong to the law."
    ),
    "statistics": (
        "{count} of {total} rows {count:are|is} called {names} in {column}, as statistics of other rows are, and "
        "{count:are|is} left out. Give {count:them other names if they are runs|it another name if it is a run}."
    ),
    "evaluations-averaged": (
        "Losses are means of up to {most} evaluations of a run (by {column}), which differ by {noise:.2%}. This noise "
        "is part of the intervals, which come from how runs differ. Add evaluations only if runs at equal inputs "
        "differ by little more than that."
    ),
    "steps-from-rows-before": (
        "{rows} of {total} rows with a loss {rows:have|has} no {column}, so each counts at the {column} of the nearest "
        "earlier row of its run that has one, in the order of the file. If rows are not in the order of training, "
        "choose another column with --step, or add {column} to these rows."
    ),
    "unordered-rows": (
        "{rows} rows belong to {runs} {runs:runs|run} with several rows each, and no column gives their order, so all "
        "of them count as points, including those from before the end of training. Name the column that orders them "
        "with --step {step}, or give --run none if each row is a finished run{differ}."
    ),
    "unfinished-runs": (
        "{count} of {total} points {count:are from runs|is from a run} that {column} calls {states}, so "
        "{count:their last losses|its last loss} may be too high. Leave {count:them|it} out with --where {condition}, "
        "unless {count:these losses|this loss} should count."
    ),
    "short-of-plan": (
        "{count} of {total} runs ({names}) {count:end|ends} before the steps in {column}, so {count:their losses "
        "are|its loss is} perhaps higher than after a finished schedule. Leave {count:them|it} out with --where "
        "{condition}, unless {count:they were|it was} stopped for good."
    ),
    "repeated-points": (
        "{rows} {rows:points equal|point equals} an earlier one in {roles}, and each counts as {counted}, so intervals "
        "are too narrow if {rows:these points are copies|this point is a copy}. Remove the copies."
    ),
    "undecayed-lr": (
        "{runs} of {total} runs {runs:end|ends} with a learning rate above half of its peak, so {runs:their losses "
        "are|its loss is} higher than after a finished schedule. Fit only runs whose schedules end in the same way; "
        "select them with --where."
    ),
    "mid-schedule": (
        "Points of one run are not independent, and unless the learning rate was constant, their losses are higher "
        "than those of runs whose schedule ended there. Compare with --checkpoints final."
    ),
    "best-checkpoint": (
        "The loss of each run is its lowest one, which noise makes too low, the more so the longer the log. Compare "
        "with --checkpoints final."
    ),
    "sample-missed": (
        "For {missed} of {wanted} combinations of run and amount, no row is within 2.5 % of the {role} to sample at, "
        "so those points are missing. Choose amounts with --sample-at that all runs reach."
    ),
}

# When each fires. Constants stand in braces, as module.NAME, so that the page of caveats follows the code.
WHEN = {
    "rows-excluded": (
        "At least one row was left out: an unreadable or missing number, a loss of zero or less in log space, or a "
        "role that the law needs is empty."
    ),
    "loss-unit": (
        "The name of the loss column holds a unit such as bits, bits per byte, perplexity or accuracy, a column such "
        "as loss_unit names one, or a column of perplexities is two to the power of the loss; and --loss-unit is not "
        "given."
    ),
    "perplexity-log": "--loss-unit perplexity.",
    "large-loss": (
        "The median loss is above {data.runs.metric_kind.LARGEST_LOSS}, and neither name nor values say what it is."
    ),
    "not-a-loss": (
        "The name of the loss column is that of a percentage, score, reward, error rate, time or number of steps; or "
        "there are at least {data.runs.metric_kind.FEW} values, and some are negative, or none is above 1 and the "
        "column is not called a loss, or all are large whole numbers, or their median is above "
        "{data.runs.metric_kind.LARGEST_PERPLEXITY:g}."
    ),
    "single-outcomes": "The loss takes exactly the values 0 and 1.",
    "metric-grows": (
        "The rank correlation with compute, tokens or params (the first that takes at least "
        "{data.runs.metric_kind.GROWTH_POINTS} values) is above {data.runs.metric_kind.GROWTH_RANK}."
    ),
    "training-loss": (
        "The loss was not named, and the best column by name is a training loss, or one called only loss or the like "
        "beside losses on evaluation sets, such as eval/c4_loss, or beside the norm of the gradient (grad_norm), which "
        "training programs log with it."
    ),
    "several-splits": (
        "A column such as split, mode or is_val names training and evaluation data (at most "
        "{data.runs.rows.splits.MOST} values) on different rows that have a loss, unless evaluation rows follow all "
        "training rows of each run."
    ),
    "log-calls": "Steps are needed, no other column orders rows, and _step was not named with --step.",
    "tokens-of-one-device": (
        "Another column whose name says total is a whole multiple of the tokens column in every row (to "
        "{data.runs.rows.total_tokens.WHOLE})."
    ),
    "tokens-share": "--tokens names a column whose name says per device, rank, batch or step.",
    "changing-factor": (
        "A formula has the step and another column that takes several values within a run, in inputs of up to 34 MB."
    ),
    "tokens-restarted": (
        "Tokens fall while steps grow, to at most {data.runs.rows.token_counter.NEAR_ZERO:g} times the tokens that "
        "the run usually trains on between two such steps."
    ),
    "tokens-fall": "Tokens fall while steps grow, and tokens-restarted does not fire.",
    "steps-restarted": (
        "The steps of a run fall, in the order of its rows, only to less than {data.runs.rows.gaps.NEAR_START:.0%} of "
        "the step before, and at most once in {data.runs.rows.gaps.FEWEST_STEPS} rows, in inputs of up to 34 MB."
    ),
    "unreached-losses": "--steps-to, and some runs do not fall to some of its losses between two rows after step 0.",
    "continued-runs": (
        "The first step of a run lies within {data.runs.rows.continued.NEAR:.0%} of the last step of another run of "
        "equal params, and the log of that other run begins within the first {data.runs.rows.continued.WHOLE:.0%} of "
        "its steps."
    ),
    "inferred-runs": (
        "No column names the run, and each size has on average at least {data.runs.rows.runs_without_names.MANY} rows, "
        "all at different steps, and at least {data.runs.rows.runs_without_names.EVEN:.0%} of the gaps between steps "
        "are equal."
    ),
    "unnamed-runs": (
        "No column names the run, and each size has on average at least {data.runs.rows.runs_without_names.FEW} rows "
        "at different steps (without steps: at least {data.runs.rows.runs_without_names.MANY_TOKENS} at evenly spaced "
        "tokens), which may or may not belong to one run."
    ),
    "unnamed-curve": (
        "No column names the run or holds params, and each group, or each text of a column, has on average at least "
        "{data.runs.rows.runs_without_names.LONG} rows, all at different and mostly evenly spaced steps or tokens."
    ),
    "diverged-runs": (
        "After the last finite loss of a run come rows whose loss is NaN or infinite, and before it at most "
        "{data.runs.diverged.STRAY} such rows for each finite one."
    ),
    "lost-runs": (
        "A log with steps has runs without a usable row; where these have one row each, rows-excluded counts them."
    ),
    "kept-diverged": "Runs diverged, as for diverged-runs, and --keep-diverged is given.",
    "last-rows-rise": (
        "In more than half of the runs (at least {data.runs.diverged.FEWEST_JUMPS}) the last loss is more than "
        "{data.runs.diverged.JUMP:g} times each of the {data.runs.diverged.ROWS_BEFORE} before it, which had not risen."
    ),
    "risen-loss": (
        "The last loss of a run is more than {data.runs.diverged.RISE} times its lowest loss, and more than "
        "{data.runs.diverged.RISE} times the loss of at least {data.runs.diverged.LOW_SHARE:.0%} of its rows. The loss "
        "had fallen before: its first value is more than {data.runs.diverged.FALL} times the lowest. At most half of "
        "the runs end in this way."
    ),
    "statistics": (
        "Fewer than half of the rows have a word such as mean or std for a run or a seed, in inputs of up to 34 MB."
    ),
    "evaluations-averaged": "Rows of a run differ in --evaluation, or in a column such as eval_seed.",
    "steps-from-rows-before": (
        "At least {data.runs.rows.gaps.LEAST_LACKING:.0%} of the rows with a loss have no step, and other rows do."
    ),
    "unordered-rows": (
        "Some runs of one size have several rows, and no column (step, epoch, date, revision, ...) orders them."
    ),
    "unfinished-runs": (
        "A column state or status calls the run of a point crashed, failed, killed, running or the like."
    ),
    "short-of-plan": (
        "The last step of a run is below {data.runs.rows.planned_steps.DONE:.0%} of a column such as max_steps or "
        "num_train_steps, and other runs reach it."
    ),
    "repeated-points": (
        "Two points agree in params, tokens, compute, step, loss (those that are there, at least two) and all other "
        "columns read. If only the loss is known, numbers of other columns are compared instead, unless there are "
        "fewer than {data.runs.sanity.COARSE:.0%} as many different losses as points."
    ),
    "undecayed-lr": "The learning rate changes within runs, and some runs end above half of its peak.",
    "mid-schedule": "--checkpoints all or --sample-at, and the learning rate changes within runs, or is not known.",
    "best-checkpoint": "--checkpoints best, and a run has several usable rows.",
    "sample-missed": "--sample-at, and some runs have no row near an amount.",
}
