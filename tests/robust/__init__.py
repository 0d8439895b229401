"""Whatever a command is given, it answers or refuses in words; it loses no file and leaves none behind."""
