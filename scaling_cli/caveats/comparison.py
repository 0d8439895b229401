"""Caveats about comparing exponents between groups. The floor of a law is its irreducible loss."""

SENTENCES = {
    "floor-open": (
        "The data do not determine the exponent: {reason}. Add larger runs or repeats before using the exponent."
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
    "doubtful-sharing": (
        "Separate fits suggest that groups differ in {names} (p = {p_value}). If they do, the exponents that are found "
        "with equal {names} are wrong. Compare with the result without {option}."
    ),
    "coarse-p-values": (
        "Adjusted for {pairs} pairs, p-values from {replicates} replicates cannot fall below {least:.2g}, so even a "
        "clear difference may not be significant. Give more --replicates, or compare with one --reference only."
    ),
    "similar-groups": (
        "The groups {pairs} differ only in how their names are written, so runs of one kind may be counted as several "
        "groups. Give them one name if they mean the same."
    ),
    "copied-groups": (
        "Most points of {groups} have the same inputs and loss as points of another group, so these groups are not "
        "independent, and a test between them finds no difference. Check that no file was read twice under another "
        "name, and leave out copies with --where."
    ),
    "bits-and-nats": (
        "At every size, the loss of {high} is {ratio:.3f} times that of {low}, as a loss in bits is of one in nats, so "
        "their multipliers and crossover would mean nothing. Check the units, and convert the losses of {high} if they "
        "are in bits."
    ),
    "large-multiplier": (
        "At equal loss, {left} needs {times:.3g} times the {role} of {right}, far more than changes of a recipe bring, "
        "so their losses or their {role} may be measured in different units or on different data, and then the "
        "multiplier means nothing. Check both columns of these groups."
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
        "the floor at mid-data, or has no end; or the interval of an exponent has no end."
    ),
    "apparent-exponents": "The law has no floor, and its loss falls as its input grows.",
    "shared-floor-rejected": "--shared-floor, and one floor is rejected (p at most a tenth of 1 - level).",
    "share-rejected": "--share, and equal values in all groups are rejected (p at most a tenth of 1 - level).",
    "doubtful-sharing": (
        "--share or --shared-floor, and p of the test of equal values is above a tenth of 1 - level, at most 1 - level."
    ),
    "coarse-p-values": "Twice the number of pairs is at least (1 - level) times (replicates + 1).",
    "similar-groups": (
        "Names of two groups are equal but for capitals, or for blanks, hyphens and underscores between words."
    ),
    "copied-groups": (
        "At least {points.group_names.SHARE:.0%} of the points of a group, and at least {points.group_names.FEWEST}, "
        "have inputs and a loss that another group has too. Losses of at most {points.group_names.DECIMALS} decimals "
        "do not count."
    ),
    "bits-and-nats": (
        "The laws of two groups differ by a factor of 1.443 in loss, within {analysis.comparison.suspect.CLOSE:.0%}, "
        "wherever both have data."
    ),
    "large-multiplier": (
        "At every loss inside the data, the multiplier is above {analysis.comparison.suspect.LARGE:g}, or at every one "
        "below 1 / {analysis.comparison.suspect.LARGE:g}."
    ),
    "pinned-floor": "--fix holds the exponent and a floor, and other floors than zero are possible.",
    "low-power": (
        "For some pair, the smallest difference that would be found with a probability of "
        "{analysis.comparison.verdict.POWER:.0%} is above {analysis.comparison.answer.WEAK:.0%} of the exponent."
    ),
}
