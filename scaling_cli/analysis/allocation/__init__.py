"""How should a compute budget be split between params and tokens?

`question` holds what the user asks, `evidence` the runs or the saved fit, and `plan` the question in FLOPs. `design`
refuses data that cannot answer it. `answer` then asks up to three approaches, each for `each_budget`:

- `parametric` optimises a law (`fitted`): its `surface`, with `costs`, by `optimum`. `basins` finds the optimum that is
  meant where a law falls again at extreme sizes.
- `isoflop` uses the minima of IsoFLOP curves.
- `envelope` uses the lower envelope of training curves, with intervals from `envelope_replicates`; `schedules` finds
  curves whose learning rate had not decayed.

The last two extend power laws of compute (`lines`, `along_lines`). Where further inputs are searched, `search_answer`
and `searched` take the place of `parametric`: `space` lists the choices, `joint` gives the loss of a choice, and `box`
finds the lowest one. `pools` chooses between pools of data. `stability` checks cut-offs, `embedding_gap` explains
the exponents of Kaplan and Chinchilla, and `recipes` gives each split a shape, a batch size and a learning rate.
"""
