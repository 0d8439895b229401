"""What loss will larger runs have, and how accurate have such forecasts been?

`question` holds what the user asks (`suite` for several losses and tasks), `evidence` fits a forecaster to a group of
runs or takes a saved fit, and `answer` collects the result. All forecasters have the interface of `forecaster`. The
default one is a `stack` of laws: `candidates` fits each law (as `recipe` says, where options change it), `windows` sets
the rolling origins, and `rolling` turns their errors into interval widths, those of `surface_errors` for laws of params
and tokens. `simplest` is the weight of the simplest law, `stacked` gives the forecast, and `interpolation` predicts
within the data. `describe` forecasts from one fitted law instead.

`targets` and `continuation` read where to forecast, `untaken` says which amounts no law takes, and `split` divides a
budget. `predictions`, `inverse`, `downstream`, `joint` and `backtest` are the parts of the answer; `doubts` and
`stability` its caveats.
"""
