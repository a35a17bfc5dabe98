"""``python -m waterspout.autoreload``: see `main`."""

from waterspout.autoreload.program import main

main()
