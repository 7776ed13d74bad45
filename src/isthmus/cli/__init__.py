"""The command line: commands are the tasks, options are the families' fields."""

from isthmus.cli.commands import main

__all__ = ["main"]
