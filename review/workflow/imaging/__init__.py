"""Image audits without a review: from a folder or table to tables, sheets and a manifest."""
