"""The outside world that gives records: services and files."""
