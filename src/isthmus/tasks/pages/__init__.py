"""Pages: maps and films as single HTML files that need no network."""

from isthmus.tasks.pages.maps import map_page

__all__ = ["map_page"]
