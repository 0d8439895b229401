"""What loss will larger runs have, and how accurate have such forecasts been?

`question` holds what the user asks, `evidence` fits a forecaster to a group of runs or takes a saved fit, and `answer`
collects the result. The default forecaster is a `stack` of laws: `candidates` fits each law, `windows` sets the rolling
origins, `rolling` turns their errors into interval widths, `stacked` gives the forecast, and `interpolation` predicts
within the data. `describe` forecasts from one fitted law. `targets` and `continuation` read where to forecast;
`predictions`, `inverse`, `downstream` and `backtest` are the parts of the answer; `doubts` and `stability` its caveats.
"""
