"""Claude Code's task lists: a directory per list, a file per task, locks that are directories."""
