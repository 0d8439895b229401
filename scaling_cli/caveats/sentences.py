"""The sentences of all caveats by their codes, in the order in which `scaling fit --allow` lists the codes."""

from __future__ import annotations

from scaling_cli.caveats import allocation, comparison, coverage, data, design, files, fit, forecast, plan

SENTENCES = {
    **data.SENTENCES,
    **files.SENTENCES,
    **design.SENTENCES,
    **fit.SENTENCES,
    **comparison.SENTENCES,
    **allocation.SENTENCES,
    **coverage.SENTENCES,
    **forecast.SENTENCES,
    **plan.SENTENCES,
}
