"""One server with many reviews: creating, opening, archiving and bringing them back."""
