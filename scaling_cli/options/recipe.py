"""Options for recipes: width, depth, batch size and learning rate of runs that are planned."""

from __future__ import annotations

from scaling_cli.errors import UsageError
from scaling_cli.options.kinds import FILE, SWITCH
from scaling_cli.options.option import Options, option


class Recipe(Options):
    """How params and tokens become a run."""

    heading = "Recipe"

    recipe: bool = option(
        False, SWITCH, "Add width, depth, heads, batch size and learning rate of each run, from your runs or from "
        "published rules.",
    )  # fmt: skip
    rules: str | None = option(
        None, FILE, "Rules for --recipe, one per line, such as 'depth = 12 * (params / 1e8)^0.3'.", metavar="FILE"
    )

    def check(self) -> None:
        """Refuse rules without --recipe."""
        super().check()
        if self.rules is not None and not self.recipe:
            raise UsageError("--rules works only with --recipe.", hint="Add --recipe, or leave --rules out.")
