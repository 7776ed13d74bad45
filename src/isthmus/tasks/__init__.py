"""Tasks: what models are for, each one call."""

from isthmus.tasks.generation import Generator

__all__ = ["Generator"]
