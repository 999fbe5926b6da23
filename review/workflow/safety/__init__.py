"""Backups, restores, checks of the store and the audit log."""
