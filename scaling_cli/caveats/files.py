"""Caveats about files and rows that repeat others, or hold losses of the same runs on other data."""

SENTENCES = {
    "copied-files": (
        "{count} of {total} files {count:are copies of others|is a copy of another} ({copy} of {original}), so runs "
        "may count twice and intervals may be too narrow. Give each file once."
    ),
    "split-files": (
        "By their names ({other} beside {kept}), {count} of {total} files {count:hold|holds} losses of the same runs "
        "on other data, and each would count as a run, so only the losses of the other files are used. Give only the "
        "files of one split if others should count."
    ),
    "table-of-logs": (
        "{count} of {total} logs {count:are|is} of runs that have another loss in a table without steps ({run}: "
        "{log:.4g} in the log, {final:.4g} in the table). Each run counts once, with the loss of the table{rest}. "
        "Give only the logs if their losses should count, or only the table."
    ),
    "shorter-copies": (
        "{count} of {total} files {count:hold only the first rows of others|holds only the first rows of another} "
        "({part} of {whole}), as logs of earlier checkpoints and old copies do, so {count:they are|it is} left out. If "
        "{count:they are runs of their own|it is a run of its own}, name the run of each file in a column, and give "
        "--run COLUMN."
    ),
    "summary-copies": (
        "{count} of {total} points {count:have|has} the same {roles} as a point from another file, as happens when a "
        "summary file is given together with the logs of its runs, so {count:these copies are|this copy is} left out "
        "and each run counts once. To check, "
        "give only the summary or only the logs."
    ),
    "names-anew": (
        "{names} run {names:names occur|name occurs} in several of {files} files, with a different loss at the first "
        "step or with different params, so each file's run counts separately and is named after its file. Join the "
        "files if they hold parts of one run."
    ),
    "repeated-steps": (
        "{rows} {rows:rows repeat|row repeats} an earlier step of {rows:their|its} run, as resumed or merged logs do, "
        "and only the later row counts. Give reruns a run name of their own if they should count too."
    ),
    "carried-losses": (
        "{count} of {total} rows repeat the {column} of an earlier step of their run in all digits, as a column that "
        "was filled forward does, so only the first row of each loss counts, at which it was measured. Leave cells "
        "without a measurement empty, or give --loss COLUMN if another loss belongs to the law."
    ),
}

# When each fires.
WHEN = {
    "copied-files": "Two files have the same content (SHA-256).",
    "split-files": (
        "Names of files, with their folders, differ only in words of splits such as train and val, and the files have "
        "the same names of runs, if any, the same params and overlapping steps."
    ),
    "table-of-logs": (
        "Points without a step from one file have the names of runs from others that have steps, and the same params; "
        "or the file names no runs, and all of its rows have the params and tokens of different logs (both to "
        "{data.runs.rows.summary_rows.SAME_AMOUNT:.0%})."
    ),
    "shorter-copies": (
        "Each file is a run, all losses of a file occur at the same steps in another that goes further, and either "
        "their names differ only in the number of a checkpoint or in a word such as backup, or the losses scatter "
        "about a smooth curve, since independent runs do not share their noise."
    ),
    "summary-copies": (
        "Points from a file with other columns have the amounts (to {data.runs.rows.summary_rows.SAME_AMOUNT:.0%}) and "
        "the loss (to {data.runs.rows.summary_rows.EXACT:g}, or {data.runs.rows.summary_rows.ROUNDED:g} where "
        "{data.runs.rows.summary_rows.MOST_ROUNDED:.0%} of them have such a copy) of points from other files."
    ),
    "names-anew": (
        "A run name occurs in several files, with another loss at the first step or with other constant params."
    ),
    "repeated-steps": "A run has several usable rows of one step.",
    "carried-losses": (
        "Where a log has several losses, at least 10 % of the rows with the loss that is read have the same one as the "
        "row before, with more than four decimals, in runs whose loss changes."
    ),
}
