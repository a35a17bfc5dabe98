"""What the site knows, in SQLite: people, notes and the files attached to them.

All calls are plain and block. The database belongs to one thread, in which ``call`` runs them: the
event loop is free meanwhile, and no two calls are in each other's way.
"""

import asyncio
import hashlib
import hmac
import secrets
import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

SCHEMA = """
CREATE TABLE IF NOT EXISTS people (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE COLLATE NOCASE,
    salt BLOB NOT NULL,
    password BLOB NOT NULL,
    language TEXT
) STRICT;
CREATE TABLE IF NOT EXISTS notes (
    id INTEGER PRIMARY KEY,
    person INTEGER NOT NULL REFERENCES people ON DELETE CASCADE,
    title TEXT NOT NULL,
    body TEXT NOT NULL,
    changed REAL NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS files (
    id INTEGER PRIMARY KEY,
    note INTEGER NOT NULL REFERENCES notes ON DELETE CASCADE,
    name TEXT NOT NULL,
    type TEXT NOT NULL,
    content BLOB NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS notes_of_person ON notes (person, changed);
CREATE INDEX IF NOT EXISTS files_of_note ON files (note);
"""


class TakenError(Exception):
    """Somebody has this name already."""


@dataclass(frozen=True)
class Person:
    """Who is signed in."""

    id: int
    name: str
    language: str | None


@dataclass(frozen=True)
class File:
    """An attachment; ``size`` is in bytes."""

    id: int
    name: str
    type: str
    size: int


@dataclass(frozen=True)
class Note:
    """A note; ``changed`` is in seconds since the epoch."""

    id: int
    title: str
    body: str
    changed: float
    files: tuple[File, ...] = ()


class Store:
    """See the module's docstring."""

    def __init__(self, path: Path) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="store")
        self._database = self._thread.submit(_open, path).result()

    async def call(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a method of this store in its thread."""
        future = self._thread.submit(function, *args, **kwargs)
        return await asyncio.wrap_future(future)

    def close(self) -> None:
        """Finish what has been begun, and close the database."""
        self._thread.submit(self._database.close).result()
        self._thread.shutdown()

    # People

    def add_person(self, name: str, password: str) -> Person:
        """Take in somebody new; TakenError where the name is taken."""
        salt = secrets.token_bytes(16)
        row = (name, salt, _derive(password, salt))
        try:
            with self._database as database:
                cursor = database.execute(
                    "INSERT INTO people (name, salt, password) VALUES (?, ?, ?)", row
                )
        except sqlite3.IntegrityError:
            raise TakenError(name) from None
        return Person(cursor.lastrowid or 0, name, None)

    def check_password(self, name: str, password: str) -> Person | None:
        """Return who it is; None where name or password are wrong."""
        found = self._database.execute(
            "SELECT id, name, language, salt, password FROM people WHERE name = ?", (name,)
        ).fetchone()
        # As long a way for names that are not there: who they are is not told by the time it takes.
        salt, expected = found[3:] if found else (b"\0" * 16, b"")
        is_right = hmac.compare_digest(_derive(password, salt), expected)
        return Person(*found[:3]) if found and is_right else None

    def person(self, number: int) -> Person | None:
        """Return somebody by the number."""
        found = self._database.execute(
            "SELECT id, name, language FROM people WHERE id = ?", (number,)
        ).fetchone()
        return Person(*found) if found else None

    def set_language(self, person: Person, language: str) -> None:
        """Remember what somebody likes to read."""
        with self._database as database:
            database.execute("UPDATE people SET language = ? WHERE id = ?", (language, person.id))

    # Notes

    def notes(self, person: Person, words: str = "") -> list[Note]:
        """Return somebody's notes, the newest first; only those that hold ``words``."""
        rows = self._database.execute(
            "SELECT id, title, body, changed FROM notes"
            " WHERE person = ? AND instr(lower(title || char(10) || body), lower(?))"
            " ORDER BY changed DESC LIMIT 200",
            (person.id, words),
        )
        return [Note(*row) for row in rows]

    def note(self, person: Person, number: int) -> Note | None:
        """Return one of somebody's notes with its files; None where it is not theirs."""
        row = self._database.execute(
            "SELECT id, title, body, changed FROM notes WHERE id = ? AND person = ?",
            (number, person.id),
        ).fetchone()
        if row is None:
            return None
        files = self._database.execute(
            "SELECT id, name, type, length(content) FROM files WHERE note = ? ORDER BY id",
            (number,),
        )
        title, body, changed = row[1:]
        return Note(number, title, body, changed, tuple(File(*found) for found in files))

    def save_note(self, person: Person, number: int | None, title: str, body: str) -> int | None:
        """Write a note, a new one for None; return its number, None where it is not theirs."""
        with self._database as database:
            if number is None:
                cursor = database.execute(
                    "INSERT INTO notes (person, title, body, changed) VALUES (?, ?, ?, ?)",
                    (person.id, title, body, time.time()),
                )
                return cursor.lastrowid
            cursor = database.execute(
                "UPDATE notes SET title = ?, body = ?, changed = ? WHERE id = ? AND person = ?",
                (title, body, time.time(), number, person.id),
            )
            return number if cursor.rowcount else None

    def delete_note(self, person: Person, number: int) -> bool:
        """Delete a note and its files; False where it is not theirs."""
        with self._database as database:
            cursor = database.execute(
                "DELETE FROM notes WHERE id = ? AND person = ?", (number, person.id)
            )
        return cursor.rowcount > 0

    # Files

    def attach(self, number: int, name: str, kind: str, content: bytes) -> None:
        """Attach a file to a note."""
        with self._database as database:
            database.execute(
                "INSERT INTO files (note, name, type, content) VALUES (?, ?, ?, ?)",
                (number, name, kind, content),
            )

    def file(self, person: Person, number: int) -> tuple[File, bytes] | None:
        """Return a file and its content; None where it is not theirs."""
        row = self._database.execute(
            "SELECT files.id, files.name, files.type, length(content), content FROM files"
            " JOIN notes ON notes.id = files.note WHERE files.id = ? AND notes.person = ?",
            (number, person.id),
        ).fetchone()
        return (File(*row[:4]), row[4]) if row else None


def _open(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path)
    database.execute("PRAGMA foreign_keys = ON")
    database.execute("PRAGMA journal_mode = WAL")
    database.executescript(SCHEMA)
    return database


def _derive(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, n=2**14, r=8, p=1)
