"""Records of a review: imported and listed."""
