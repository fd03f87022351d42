"""Harnesses that prove the promise "nothing is lost". Each has a `run(effort)` → `Figure`."""
