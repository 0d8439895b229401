"""The shell's face of the tool: flags, output, exit codes. No arithmetic."""
