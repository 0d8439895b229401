"""Where polars becomes numpy: groups of runs and of samples as arrays to fit.

`choose` decides which law is fitted and which columns are its inputs: `held` for parameters that the user holds,
`mixture` and `components` for inputs that are not roles, `untrained` without step 0. `group` makes each group of runs a
problem to fit: `table` has its arrays, `labels` its columns of labels as numbers, `weights` how much each point counts,
and `pairing` which runs of several groups belong together. `share` joins all groups into one law, and `reached` turns
curves into the steps at which they reach a loss. `samples` and `verifications` do for tables of attempts and of
verifications what `table` does for runs.

The rest are doubts about the data. `input_doubts` asks what to know before a fit: columns that no law uses (`unread`),
`settings` that differ between runs, quantities that change together (`tied`), and runs of several kinds in one group
(`pooled`, by `variance`, also by `name_parts`). `group_names` finds groups that are probably one, and `beside` columns
without a role that differ between groups.
"""
