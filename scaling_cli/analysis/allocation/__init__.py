"""How should a compute budget be split between params and tokens?

`question` holds what the user asks, `evidence` the runs or the saved fit, and `plan` the question in FLOPs. `design`
refuses data that cannot answer it. `answer` then asks up to three approaches: `parametric` optimises a fitted law (its
`surface`, with `costs`, by `optimum`), `isoflop` uses the minima of IsoFLOP curves, and `envelope` the lower envelope
of training curves; the last two extend power laws of compute (`lines`, `along_lines`). `stability` checks cut-offs,
`hardware` adds time and price, and `embedding_gap` explains the exponents of Kaplan and Chinchilla.
"""
