"""The command line: commands are the tasks, options are the families' fields."""

# Their commands join the others.
from isthmus.cli import (
    code_commands,
    map_commands,
    restoring_commands,
    series_commands,
    service_commands,
    task_commands,
)
from isthmus.cli.commands import main

__all__ = [
    "code_commands",
    "main",
    "map_commands",
    "restoring_commands",
    "series_commands",
    "service_commands",
    "task_commands",
]
