"""Caveats about coverage (pass@k) of repeated attempts."""

SENTENCES = {
    "settings-left-out": (
        "{count} {count:settings are|setting is} left out because some problems lack {count:them|it}, so fewer splits "
        "are compared. Add the missing settings to the log, or keep the problems that have all of them with --where."
    ),
    "budget-outside-settings": (
        "A budget lies beyond the settings of the log, so its best split is not known. Give budgets between the "
        "cheapest and the dearest setting, or log settings on both sides of it."
    ),
    "split-at-end": (
        "At {budgets} the best split has the {end} solutions that the log allows, so a split beyond may be better "
        "still. Add settings with more solutions or more verifications to the log."
    ),
    "pooled-tasks": (
        "The values of {column} are pooled into one curve, which mixes easy and hard tasks, so it describes none of "
        "them. Give --by {by} for one curve per value, or keep one of them with --where."
    ),
    "pooled-settings": (
        "Attempts with {values} values of {column} are pooled, and their chances of success may differ, so coverage is "
        "that of the mixture and of no setting alone. Give --by {by}, or keep one value with --where."
    ),
    "files-differ": (
        "{rate} of the attempts in {file} succeed at problems that other files have too, and {others} of those in the "
        "others, more than chance explains. So the files are probably of different models or settings, and "
        "coverage is that of their mixture. Give --by {by} for one curve per file, or name only files that belong "
        "together."
    ),
    "other-problems": (
        "Problems are identified by {taken} ({count} of them), but {other} would give {others} problems and a "
        "different coverage. Give --problem {other} if those are the problems, or --by {by} if both are needed."
    ),
    "similar-problems": (
        "{count} of {total} names of problems differ from another one only in how they are written, such as {pair}, so "
        "attempts at one problem may count as several problems, and coverage is then too low. Give each problem one "
        "name."
    ),
    "unknown-outcomes": (
        "{count} {count:attempts have|attempt has} an outcome that is not understood ({words}), so {count:they are|it "
        "is} {done}, which makes coverage too high or too low if that is wrong for some of these words. Name the words "
        "that mean success with --success WORD[,WORD]; all others then mean failure."
    ),
    "missing-outcomes": (
        "{count} {count:attempts have|attempt has} no outcome and {count:are|is} {done}, which makes coverage too high "
        "or too low if that choice is wrong. Find out whether {count:they|it} failed, and choose with --on-missing."
    ),
    "missing-verdicts": (
        "{count} {count:attempts have|attempt has} no verdict in column {column} that can be read as 0 or 1, and "
        "{count:count|counts} as rejected, so the verifier may look stricter than it is. Fill {count:them|it} in, with "
        "1 for accepted and 0 for rejected."
    ),
    "missing-scores": (
        "{count} {count:attempts have|attempt has} no {what} in column {column}, and each such attempt {done}, so "
        "accuracy is too low if {count:values were|the value was} lost. Fill {count:them|it} in, or find out why "
        "{count:they are|it is} missing."
    ),
    "uncounted-columns": (
        "{why} ({attempts}) are counted as attempts, and {columns} {count:are|is} not, since {count:they seem|it "
        "seems} to hold something else, such as whether any attempt succeeded. If {count:they are attempts|it is an "
        "attempt} too, name {count:them|it} like the others."
    ),
    "unattempted-problems": (
        "{count} of {total} problems {count:have|has} no attempt and {count:are|is} left out, so "
        "coverage is that of the other problems, which may be easier or harder. Sample {count:them|it}, or find out "
        "what became of {count:their|its} attempts."
    ),
    "stop-at-success": (
        "Sampling stopped after the first batch of {batch} with a success, which biases the usual estimate of pass@k, "
        "so coverage is estimated by the product-limit method instead. Give --design fixed if sampling did not stop "
        "early."
    ),
    "sampled-until-solved": (
        "All {count} problems with fewer than {longest} attempts are solved, as if sampling went on only at problems "
        "that were not, so {effect}. {remedy} --design fixed if all numbers of attempts were planned."
    ),
    "short-problems": (
        "{count} of {total} problems {count:have|has} fewer attempts than k = {k}, so coverage has only bounds (low "
        "and high) there. {remedy}."
    ),
    "short-problems-dropped": (
        "{count} of {total} problems {count:have|has} fewer attempts than k = {k} and {count:are|is} left out there, "
        "so coverage is that of the other problems, which may be easier or harder. Compare with --short bound."
    ),
    "all-alike": (
        "{what}, so no law is fitted, and intervals are exact binomial intervals (Clopper-Pearson) of the share of "
        "problems solved. Add attempts or other problems."
    ),
    "all-solved": (
        "Every problem is solved at least once, so at k = {k} the interval is the exact binomial one (Clopper-Pearson) "
        "of the share of problems solved. Add harder problems to see coverage grow there."
    ),
    "deterministic-sampling": (
        "Each problem is solved always or never, as if all attempts were copies, so coverage does not grow with k. "
        "Sample at a temperature above 0, or use only k = 1."
    ),
    "near-ceiling": (
        "Beyond k = {last} few problems are left unsolved, and these few would determine the power law, so it is "
        "fitted only up to there. Use the beta-binomial law beyond it, or add harder problems."
    ),
    "one-problem": (
        "All attempts are at one problem, so coverage says nothing about other problems. If n and c count problems and "
        "solved problems, give one row per problem."
    ),
    "few-problems": "Intervals from only {count} {unit} are rough. Add {unit} before comparing.",
    "no-coverage-interval": (
        "No interval is given for {what}: from only {count} {unit}, it would not contain the estimate, or would "
        "contain almost every possible value, so these estimates say little. Add {units} before using them."
    ),
    "law-not-fitted": "{law} is not fitted: {reason} {hint}",
    "overdispersion-not-identified": "{law} is not fitted: {reason} {hint}",
    "far-extrapolation": (
        "k = {k} is {reach:times} times the attempts made and {what}. {remedy} at least k / 100 attempts per problem."
    ),
    "laws-disagree": (
        "At k = {k} laws that fit the attempts equally well span {spread:.2f} in coverage, so no single forecast is "
        "given. Sample further, or use the interval."
    ),
    "ceiling-not-identified": (
        "The share of unsolvable problems is estimated at {estimate:.2f}, but the data also allow any share from 0 to "
        "{high:.2f}, so the data do not show whether coverage has a ceiling. Sample further before relying on one."
    ),
    "poor-track-record": (
        "When fitted to {trained} attempts per problem, the forecast misses coverage at k = {held_out} by {error:.2f} "
        "on average, so forecasts beyond the log may be off by as much. Allow for this error, or sample further."
    ),
    "false-positives": (
        "With k = {k} attempts at a problem that cannot be solved, the verifier accepts at least one with probability "
        "{floor:.2f}, so fewer problems get a correct attempt than coverage says. Use the accuracy instead of "
        "coverage, or make the verifier stricter."
    ),
    "unlike-rates": (
        "At {count} of {total} problems fewer attempts are accepted than by a verifier that accepts {wrong} of wrong "
        "ones, or more than by one that accepts {right} of correct ones, so its rates differ from these, and the "
        "accuracy is wrong. Give --labels truth if the outcomes are the truth, or measure --fpr and --tpr again."
    ),
    "beyond-attempts": (
        "{what} pays for more than the {k} attempts made, so its coverage is {known}. Sample further to measure it."
    ),
    "attention-heavy": (
        "In an attempt, attention and reading memory take {share:.1f} times the compute that the params take, so the "
        "number of params does not show the cost. Check --kv-dim, and compare models by cost."
    ),
    "repeated-attempts": (
        "{count} {count:attempts are|attempt is} in the log more than once, and {done}. Check that the log was resumed "
        "or appended to, not merged by mistake; --attempt COL counts only the last row of each."
    ),
    "repeated-verifications": (
        "{count} {count:rows repeat|row repeats} a verification of the same solution by its {column}, and only the "
        "last row of each counts. Check that the log was resumed, not merged by mistake, and rename {column} if it "
        "does not number the verifications of a solution."
    ),
    "doubled-verifications": (
        "Every solution has each verdict an even number of times, as in a log that was written twice, and all rows "
        "count, so verifications may be half as many as they seem. Remove the copies, or add a column verification "
        "that numbers those of each solution."
    ),
}

# When each fires. Constants stand in braces, as module.NAME, so that the page of caveats follows the code.
WHEN = {
    "settings-left-out": "In a log of solutions and verifications, a setting is not there for all problems.",
    "budget-outside-settings": "--budget, with a log of solutions and verifications that has no choice at that budget.",
    "split-at-end": (
        "The best split of a budget between solutions and verifications is at an end of the settings of the log."
    ),
    "pooled-tasks": (
        "A column that names tasks takes several values, and is not in --by; or a column of any name divides the "
        "attempts at each problem into parts whose success rates are unlike and unrelated (p below "
        "{data.samples.divided.CHANCE}), so that they are other problems under the same names."
    ),
    "pooled-settings": (
        "A setting of sampling, such as temperature, takes several values in a group; or a column of any name divides "
        "the attempts at each problem into parts whose success rates are unlike (p below "
        "{data.samples.divided.CHANCE})."
    ),
    "files-differ": (
        "More or fewer attempts of one file succeed at the problems that it shares with other files than chance allows "
        "(Mantel-Haenszel test, p below {data.samples.pooling.CHANCE} over the number of files), without --by file."
    ),
    "other-problems": "Another column that could name problems distinguishes more of them than the one chosen.",
    "similar-problems": (
        "More than {data.samples.pooling.SIMILAR:.0%} of the names of problems are equal to another one but for "
        "capitals, or for blanks, hyphens and underscores between words."
    ),
    "unknown-outcomes": "Outcomes hold words that are not known to mean success or failure.",
    "missing-outcomes": "Some attempts or counts are empty.",
    "missing-verdicts": "Some verdicts of --verified are empty, or words that mean neither accepted nor rejected.",
    "missing-scores": "Some scores of --score or answers of --answer are empty.",
    "uncounted-columns": (
        "More than half of the columns of a matrix of outcomes have one name with different numbers, such as run_0 and "
        "run_1, and other columns of outcomes have not; or one is called pass@k."
    ),
    "unattempted-problems": "A table of counts or of lists of outcomes has problems without any attempt.",
    "stop-at-success": "Attempts at every problem end with its first success, or --design stop-at-success.",
    "sampled-until-solved": (
        "Attempts do not end with each problem's first success, but at least {coverage.stopping.FEWEST_PROBLEMS} "
        "problems have fewer attempts than the longest, and all of them are solved, or all have equal successes, which "
        "has a chance below {coverage.stopping.CHANCE} at their success rates."
    ),
    "short-problems": "Some problems have fewer attempts than k.",
    "short-problems-dropped": "Some problems have fewer attempts than k, and --short drop is given.",
    "all-alike": "No problem is solved, or every attempt succeeded.",
    "all-solved": "Every problem is solved at least once.",
    "deterministic-sampling": "Each problem has only successes or only failures, and both kinds occur.",
    "near-ceiling": "The power law could be fitted only to the first part of the curve.",
    "one-problem": "There is one problem.",
    "few-problems": "Fewer than {analysis.coverage.curve.FEW_PROBLEMS} problems or clusters.",
    "no-coverage-interval": (
        "An interval of coverage would be as wide as its level (0.95 by default), that of a parameter would span a "
        "factor above {analysis.coverage.printed.WIDEST_FACTOR:g}, or it would exclude its estimate."
    ),
    "law-not-fitted": "A law of coverage cannot be fitted.",
    "overdispersion-not-identified": "The data show no spread of difficulty between problems, which beta laws need.",
    "far-extrapolation": "k exceeds {analysis.coverage.combined.LARGEST_REACH:g} times the attempts.",
    "laws-disagree": (
        "The interval of the combined forecast is wider than {analysis.coverage.combined.WIDEST_NEAR} in coverage at "
        "up to {analysis.coverage.combined.NEAR:g} times the attempts, or than {analysis.coverage.combined.WIDEST} at "
        "more."
    ),
    "ceiling-not-identified": "The interval of the unsolvable share reaches down to 0.",
    "poor-track-record": (
        "The forecast from about an {analysis.coverage.backtest.SHORT_RECORD}th of the attempts is off by more than "
        "{analysis.coverage.backtest.LARGEST_ERROR} on average."
    ),
    "false-positives": (
        "k times the false-positive rate of the verifier is above {analysis.coverage.verifier.WARNED_FLOOR}."
    ),
    "unlike-rates": (
        "Outcomes are the verdicts of an assumed verifier, and acceptance at more problems than chance allows (p below "
        "{analysis.coverage.verifier.CHANCE}) is below --fpr or above --tpr (p below "
        "{analysis.coverage.verifier.UNLIKE} each)."
    ),
    "beyond-attempts": "A budget buys more attempts than were made.",
    "attention-heavy": (
        "The FLOPs of attention, divided by the other FLOPs of an attempt, are above "
        "{analysis.coverage.budget.HEAVY_ATTENTION:g}."
    ),
    "repeated-attempts": "Rows repeat the number of an attempt.",
    "repeated-verifications": "Rows repeat the number of a verification of a solution.",
    "doubled-verifications": (
        "No column numbers the verifications, each verdict on each solution is there an even number of times, and at "
        "least {data.samples.verifications.LEAST_SPLIT} solutions have verdicts of both kinds."
    ),
}
