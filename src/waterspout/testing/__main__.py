"""``python -m waterspout.testing package.module``: run the tests of modules, classes or methods."""

from waterspout.testing.program import main

main()
