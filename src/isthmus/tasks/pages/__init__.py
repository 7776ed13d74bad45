"""Pages: maps and films as single HTML files that need no network."""
