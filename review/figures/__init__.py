"""Figures: counts and judgements -> SVG, PNG, PDF and text, drawn by hand-set shapes."""
