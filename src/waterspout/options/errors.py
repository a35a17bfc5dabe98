"""What goes wrong with options."""

__all__ = ["Error", "InvalidValueError"]


class Error(Exception):
    """An option is unknown, is defined twice or has no value, or a config file does not run."""


class InvalidValueError(Error, ValueError):
    """An option was given what is no value of its type."""
