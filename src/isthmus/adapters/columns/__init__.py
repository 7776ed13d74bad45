"""Columns: what each kind of column of a table becomes."""

from typing import Annotated

from pydantic import Field

from isthmus.adapters.columns.base import Column, Kind
from isthmus.adapters.columns.category import Category
from isthmus.adapters.columns.date import Date
from isthmus.adapters.columns.empty import Empty
from isthmus.adapters.columns.number import Number, Scale
from isthmus.adapters.columns.truth import Truth

__all__ = ["AnyColumn", "Category", "Column", "Date", "Empty", "Kind", "Number", "Scale", "Truth"]

AnyColumn = Annotated[Category | Date | Empty | Number | Truth, Field(discriminator="type")]
"""Any of them, told apart in plain data by its ``type``."""
