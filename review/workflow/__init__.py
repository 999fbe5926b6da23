"""One function per action of a reviewer: read the store, call the pure step, append."""
