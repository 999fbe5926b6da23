"""Reports of a review at any moment: figures, tables, texts, and the whole as one folder."""
