"""``python -m waterspout``: the same as the command ``waterspout``."""

import sys

from waterspout.cli import main

if __name__ == "__main__":
    sys.exit(main())
