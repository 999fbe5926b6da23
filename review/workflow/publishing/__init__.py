"""The public page of a review: what it shows, its editions, and writing it."""
