"""Real writers for the lists of other systems, each with a small story of its own."""
