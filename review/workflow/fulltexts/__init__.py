"""Full texts of a review: attached, retrieved and read."""
