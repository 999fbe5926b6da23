"""Deduplication of a review's records."""
