"""Caveats about plans: which runs to train next."""

SENTENCES = {
    "plan-other-law": (
        "The runs exclude the additive law, so the plan rests on {law}, which has one more parameter, and intervals "
        "are wider. To plan for the additive law all the same, give --law chinchilla."
    ),
    "plan-unknown-goal": (
        "After the planned runs {goals} would still be unknown, so they do not serve this goal. Allow more or larger "
        "runs, or a wider range of tokens per param."
    ),
}

WHEN = {
    "plan-other-law": "The runs given reject the additive law against the more general one.",
    "plan-unknown-goal": "The expected interval of a goal has no end.",
}
