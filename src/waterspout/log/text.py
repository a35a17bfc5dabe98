"""Text from strangers, made fit for one line of a log."""

__all__ = ["cut", "printable"]

# Of what is longer than this the rest is counted, not shown.
_LONGEST = 8192


def printable(text: str, longest: int = _LONGEST) -> str:
    r"""Return ``text`` in one line of at most about ``longest`` characters.

    What is not printable, such as line ends, the escapes of terminals, marks that turn the
    direction of writing and lone surrogates, is written as in a Python string: ``\n``, ``\x1b``.
    So nobody can end a line of the log and begin one of his own, nor change what is seen of it.
    """
    text = cut(text, longest)
    if text.isprintable():
        return text
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode("ascii")
        for letter in text
    )


def cut(text: str, longest: int) -> str:
    """Return the first ``longest`` characters, and how many more there were."""
    rest = len(text) - longest
    return text if rest <= 0 else f"{text[:longest]}... and {rest} more"
