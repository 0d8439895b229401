"""Where polars becomes numpy: groups of runs and of samples as arrays to fit."""
