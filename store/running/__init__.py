"""Compound runs: a prompt is planned as subtasks, and each is carried out by a real command."""
