"""The commands as functions: load runs, group them, analyse, and return a report that draws nothing.

There is one module per command, named as the command: `fit`, `extrapolate`, `optimal_allocation`, `compare_exponents`,
`inference_coverage`, `plan`, `score`, `columns`, `laws`, `schema` and `show`. Both interfaces, the command line and the
library, call these functions.

What they share is in `common`; `fitted_first` completes hints that need a fit made by another command; `each_file`
analyses many files separately. Parts of single commands are `fit_work`, `fit_steps` and `several_losses` (fits),
`by_fits` and `splits_by_fits` (saved or published fits in place of runs), `asked_targets` (forecasts), and
`compared_groups` (comparisons).
"""
