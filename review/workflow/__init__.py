"""One function per action of a user: reads the store, calls a pure step, appends."""
