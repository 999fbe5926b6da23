"""Image audits outside a review: a folder or table in, tables, sheets and a manifest out."""
