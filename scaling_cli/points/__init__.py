"""Where polars ends: tables of runs and of samples become arrays to fit."""
