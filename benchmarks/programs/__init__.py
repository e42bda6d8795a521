"""Small training programmes with one known fault or none: an examination for the hooks and the live analyzers."""
