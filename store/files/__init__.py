"""The only rooms that touch a file system."""
