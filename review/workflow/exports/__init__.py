"""Reports of a review on any day: figures, tables and texts, singly or as one folder."""
