"""Tools for plain tables that need no review."""
