"""The command-line interface: flags, output and exit codes. It computes nothing."""
