"""Python's face of the tool: keywords are checked, and reports print, draw and tabulate themselves."""
