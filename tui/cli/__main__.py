"""`python -m tui.cli` is `colonytop`."""

from tui.cli import main

main()
