"""Runs of a known law, the ways to damage them, and whether a fit of them was silently wrong."""
