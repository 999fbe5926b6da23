"""An open review, its accounts and permissions."""
