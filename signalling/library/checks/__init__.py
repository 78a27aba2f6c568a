"""Automatic checks of a film before a person looks at it: pure functions over decoded pictures and samples."""
