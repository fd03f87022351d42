"""Pure values and functions: no I/O, no clock, testable at 100,000 tasks."""
