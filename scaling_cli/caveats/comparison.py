"""Caveats about comparing exponents between groups. The floor of a law is its irreducible loss."""

SENTENCES = {
    "floor-open": (
        "The floor (irreducible loss) is uncertain by {width} of the loss above it; beyond {most:.0%} the exponent is "
        "not determined. Add larger runs or repeats before using the exponent."
    ),
    "apparent-exponents": (
        "{law} has no floor (irreducible loss), so its exponents are slopes, which differ wherever the floors do. "
        "Compare with --law power-constant before drawing conclusions about exponents."
    ),
    "shared-floor-rejected": (
        "One floor (irreducible loss) for all groups does not fit (p = {p_value}), so each group gets its own. Leave "
        "out --shared-floor."
    ),
    "coarse-p-values": (
        "Adjusted for {pairs} pairs, p-values from {replicates} replicates cannot fall below {least:.2g}, so even "
        "a clear difference may not be significant. Use more --replicates, or compare with one --reference."
    ),
    "low-power": (
        "{weak} of {pairs} pairs could only have shown differences above {share:.0%} of the exponent, so finding no "
        "difference there means little. Add runs, sizes or seeds before concluding."
    ),
}
