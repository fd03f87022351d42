"""The locked task store."""
