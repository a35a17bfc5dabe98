"""`NetrcAuth`: credentials out of a file that other programs read too."""

import netrc
import os
from pathlib import Path

from waterspout.httpclient.auth.credentials import Asked, Auth, basic

__all__ = ["NetrcAuth"]


class NetrcAuth(Auth):
    """Basic authentication with what a netrc file has for the host of a request, or by default.

    The file is ``path``, or what ``NETRC`` in the environment names, or ``~/.netrc``; it is read
    here, once. Nobody reads it who does not ask for that. Where it holds nothing for a host,
    nothing is sent.

    Raises OSError if the file can't be read, ValueError if it is not understood, or if it is the
    one in the home directory and others may read it.
    """

    def __init__(self, path: str | os.PathLike[str] | None = None) -> None:
        chosen = path or os.environ.get("NETRC")
        self.path = Path(chosen) if chosen else Path.home() / ".netrc"
        try:
            # Without a name, the library looks whether others may read it.
            read = netrc.netrc(os.fspath(self.path) if chosen else None)
        except netrc.NetrcParseError as error:
            if error.lineno is None:
                raise ValueError(f"{self.path}: {error.msg}") from None
            # The message may hold the word that was not understood, and that be a password.
            raise ValueError(
                f"{self.path}, line {error.lineno}: not understood as a netrc file"
            ) from None
        except UnicodeDecodeError as error:
            raise ValueError(f"{self.path}: not UTF-8, at byte {error.start}") from None
        # Hosts are written as people like them.
        self._entries = {name.lower(): entry for name, entry in read.hosts.items()}

    def authorization(self, asked: Asked) -> str | None:
        """Return the field for the host that is asked, if the file has one."""
        found = self._entries.get(asked.target.host) or self._entries.get("default")
        if found is None:
            return None
        login, account, password = found
        return basic(login or account or "", password or "")

    def __repr__(self) -> str:
        return f"<NetrcAuth {self.path}>"
