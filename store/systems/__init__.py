"""One room per system that owns lists. None of them knows another."""
