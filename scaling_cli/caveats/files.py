"""Caveats about files that repeat others, or hold losses of the same runs on other data."""

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
    "shorter-copies": (
        "{count} of {total} files {count:hold only the first rows of others|holds only the first rows of another} "
        "({part} of {whole}), as logs of earlier checkpoints and old copies do, so {count:they are|it is} left out. If "
        "{count:they are runs of their own|it is a run of its own}, name the run of each file in a column, and give "
        "--run COLUMN."
    ),
}

# When each fires.
WHEN = {
    "copied-files": "Two files have the same content (SHA-256).",
    "split-files": (
        "Names of files, with their folders, differ only in words of splits such as train and val, and the files have "
        "the same names of runs, if any, the same params and overlapping steps."
    ),
    "shorter-copies": (
        "Each file is a run, all losses of a file occur at the same steps in another that goes further, and either "
        "their names differ only in the number of a checkpoint or in a word such as backup, or the losses scatter "
        "about a smooth curve, since independent runs do not share their noise."
    ),
}
