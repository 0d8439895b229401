"""Caveats about comparing exponents between groups. The floor of a law is its irreducible loss."""

SENTENCES = {
    "floor-open": (
        "The floor (irreducible loss) is too uncertain for the data to determine the exponent: the width of its "
        "interval is {width} of the loss above the floor, but may be at most {most:.0%} of it. Add larger runs or "
        "repeats before using the exponent."
    ),
    "apparent-exponents": (
        "{law} has no floor (irreducible loss), so its exponents are only slopes on log axes, which differ between "
        "groups whenever their floors do. Compare with --law power-constant before drawing conclusions about "
        "exponents."
    ),
    "shared-floor-rejected": (
        "One floor (irreducible loss) for all groups does not fit the data (p = {p_value}), so each group gets its "
        "own. Leave out --shared-floor."
    ),
    "share-rejected": (
        "{names} cannot be equal in all groups (p = {p_value}), so each group gets its own. Leave out --share, or "
        "share fewer parameters."
    ),
    "coarse-p-values": (
        "Adjusted for {pairs} pairs, p-values from {replicates} replicates cannot fall below {least:.2g}, so even a "
        "clear difference may not be significant. Give more --replicates, or compare with one --reference only."
    ),
    "pinned-floor": (
        "The floor (irreducible loss) is held at {floor:g}. If it were {step:g} lower or higher, {name} would need "
        "{others} times the compute of {against} instead of {multiplier:.3g}. Check the floor with larger runs."
    ),
    "low-power": (
        "For {weak} of {pairs} pairs, only a difference above {share:.0%} of the exponent could have been found, so "
        "finding none there means little. Add runs, sizes or seeds before concluding."
    ),
}

# When each fires. Constants stand in braces, as module.NAME, so that the page of caveats follows the code.
WHEN = {
    "floor-open": (
        "The interval of a group's floor is wider than {analysis.comparison.groups.WIDE_FLOOR:.0%} of the loss above "
        "the floor at mid-data, or has no end."
    ),
    "apparent-exponents": "The law has no floor, and its loss falls as its input grows.",
    "shared-floor-rejected": "--shared-floor, and one floor is rejected (p at most 1 - level).",
    "share-rejected": "--share, and equal values in all groups are rejected (p at most 1 - level).",
    "coarse-p-values": "Twice the number of pairs is at least (1 - level) times the replicates plus one.",
    "pinned-floor": "--fix holds the exponent and a floor, and other floors than zero are possible.",
    "low-power": (
        "For some pair, the smallest difference that would be found with a probability of "
        "{analysis.comparison.verdict.POWER:.0%} is above {analysis.comparison.answer.WEAK:.0%} of the exponent."
    ),
}
