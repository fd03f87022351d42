"""What was changed, by whom, and how to take it back. Lives in colonytop's own state directory."""
