"""Figures: from counts and judgements to SVG, PNG, PDF and text."""
