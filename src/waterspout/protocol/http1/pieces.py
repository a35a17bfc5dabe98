"""Memory for a body, and pieces of one that are put together from the chunks they came in.

For compiled modules there is the same in C, in ``cpieces.pxd``, where each byte is copied once: a
`.pxd` cimports from there what its `.py` imports from here.
"""

__all__ = ["blank", "cut", "new_piece", "put"]


def blank(size: int) -> bytes:
    """Return bytes of whatever value, to be written over before anybody sees them."""
    return bytes(size)


def new_piece(most: int) -> list[bytes]:
    """Return an empty piece for at least one and at most ``most`` bytes."""
    return []


def put(piece: list[bytes], filled: int, data: bytes, start: int, size: int) -> None:
    """Add ``size`` bytes of ``data``, from ``start`` on, to the ``filled`` that are there."""
    piece.append(data[start : start + size])


def cut(piece: list[bytes], filled: int) -> bytes:
    """Return the ``filled`` bytes of a piece, which nobody adds to any more."""
    return piece[0] if len(piece) == 1 else b"".join(piece)
