"""One module for each change of the tables, applied in order."""
