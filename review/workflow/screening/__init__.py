"""Screening: assignment, decisions, status, ranking, agreement."""
