"""Opening a review, and versions of its protocol."""
