"""Widgets that several pages of the app share."""
