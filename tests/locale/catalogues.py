"""Catalogues for tests, in the form that ``msgfmt`` gives them."""

import struct
from collections.abc import Mapping
from pathlib import Path

__all__ = ["CATALOGUE", "write_catalogue"]

CATALOGUE = {
    "": "Content-Type: text/plain; charset=UTF-8\nPlural-Forms: nplurals=3; "
    "plural=(n==1 ? 0 : n>=2 && n<=4 ? 1 : 2);\n",
    "Sign in": "Přihlásit",
    "file\0files": "soubor\0soubory\0souborů",
    "law\x04right": "právo",
    "right": "vpravo",
    "law\x04right\0rights": "právo\0práva\0práv",
    "key\x04Escape": "Escape",
    "Escape": "Útěk",
}


def write_catalogue(path: Path, messages: Mapping[str, str]) -> None:
    """Write a catalogue of messages; a zero byte stands between the forms of a plural."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pairs = sorted((key.encode(), value.encode()) for key, value in messages.items())
    offset = 28 + 16 * len(pairs)
    tables: list[list[tuple[int, int]]] = [[], []]
    texts = b""
    for column, table in enumerate(tables):
        for pair in pairs:
            table.append((len(pair[column]), offset + len(texts)))
            texts += pair[column] + b"\0"
    head = struct.pack("<7I", 0x950412DE, 0, len(pairs), 28, 28 + 8 * len(pairs), 0, 0)
    entries = b"".join(struct.pack("<2I", *entry) for table in tables for entry in table)
    path.write_bytes(head + entries + texts)
