"""The fitting engine, on arrays alone: starts, solver, intervals, identifiability."""
