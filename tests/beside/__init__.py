"""Our edits beside each system's owner, who writes at the same time: what either side lost.

`python -m tests.beside [--system NAME]… [--edits 1000]` prints one line for each system.
"""
