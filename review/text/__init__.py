"""Text: markup, placeholders and shared wording."""
