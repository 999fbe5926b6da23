"""The rooms of the app: each draws, collects, and calls workflow."""
