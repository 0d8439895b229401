"""The noise of a fit, beyond the residuals of single runs.

`hidden` is the noise of runs that decide a parameter almost alone, `model` that which changes with scale, and `shared`
that which runs at equal inputs have in common, from their `scatter`.
"""
