"""A handler that serves files below a directory: a table of contents over the modules beside it."""

import asyncio
import datetime
import errno
import os
import re
from collections.abc import Callable, Iterable, Iterator
from time import time
from typing import Any

from waterspout.web import conditional, fileversion, staticpath
from waterspout.web.contentcoding import vary_on_coding
from waterspout.web.contenttype import content_type
from waterspout.web.errors import HTTPError
from waterspout.web.filebody import send_content, send_file
from waterspout.web.handler import RequestHandler
from waterspout.web.openfile import OpenFile, OutsideError, file_content, open_below, open_file
from waterspout.web.precompressed import find_precompressed, offered_codings
from waterspout.web.ranges import UNSATISFIABLE, ByteRange, content_range, find_range

__all__ = ["StaticFileHandler", "static_rules"]

# Found at the root of a site, wherever the other files are.
_AT_ROOT = (r"/(favicon\.ico)", r"/(robots\.txt)")


class StaticFileHandler(RequestHandler):
    """Serves the files below the directory ``path``.

    The rule's pattern has one group, the path below that directory. Keywords of the rule:

    - ``path``: the directory.
    - ``default_filename``: what is served for a directory, such as ``index.html``; without it a
      directory is answered with 403.
    - ``allowed_symlink_directory``: a directory, or a list of them, that symbolic links may lead
      to. Links that lead outside of ``path`` and of these are answered with 403, whether or not
      something is behind them.
    - ``precompressed``: True, or some of ``br``, ``zstd`` and ``gzip``: where a file has a
      neighbour of its name with ``.br``, ``.zst`` or ``.gz`` behind, and the client takes that
      coding, the neighbour is sent in its place. One that is older than its file is not.

    Files are sent in pieces, as fast as the client reads. One range of bytes can be asked for, and
    conditional requests are understood. An entity tag is a hash of the content; that of a file
    larger than ``MAX_VERSION_CONTENT_SIZE`` is made of its size and the time of its last change.

    Subclasses may override what stands under *for subclasses*; to serve what is no file, override
    ``get_absolute_path``, ``validate_absolute_path``, ``get_content``, ``get_content_size`` and
    ``get_modified_time``. Methods have ``self.path``, ``self.absolute_path`` and
    ``self.modified``; class methods must stay such, for URLs are made without a handler.
    """

    #: Seconds that a URL with a version may be cached: ten years.
    CACHE_MAX_AGE = 86400 * 365 * 10
    #: The size in bytes up to which content is hashed.
    MAX_VERSION_CONTENT_SIZE = 64 * 1024 * 1024
    #: How many versions are remembered, of all classes together.
    MAX_CACHED_VERSIONS = 10000

    default_filename: str | None = None
    allowed_symlink_directory: str | list[str] | None = None
    precompressed: tuple[str, ...] = ()

    #: A long file may take long, as long as the client goes on reading.
    request_timeout = None

    # What is sent, from its validation to the end of `get`, and how it is coded.
    _file: OpenFile | None = None
    _has_file_version = False
    _file_version: str | None = None
    _content_coding: str | None = None
    # Whether it has been decided that the client has not got the content yet.
    _is_decided = False

    def initialize(
        self,
        path: str,
        default_filename: str | None = None,
        allowed_symlink_directory: str | list[str] | None = None,
        precompressed: bool | Iterable[str] = False,
    ) -> None:
        """Take the keywords of the rule; see the class."""
        self.root = path
        self.default_filename = default_filename
        if allowed_symlink_directory is not None:
            self.allowed_symlink_directory = allowed_symlink_directory
        if precompressed:
            self.precompressed = offered_codings(precompressed)

    async def head(self, path: str) -> None:
        """Answer as ``get`` does, without the content."""
        await self.get(path, include_body=False)

    async def get(self, path: str, include_body: bool = True) -> None:
        """Answer with the content at ``path`` or a part of it, or with 304, 412 or 416."""
        try:
            await self._serve(path, include_body)
        except asyncio.CancelledError:
            self._file = None  # a thread may still read; the file closes when that lets it go
            raise
        finally:
            self._drop_file()

    async def _serve(self, path: str, include_body: bool) -> None:
        self.path = self.parse_url_path(path)
        place = self.get_absolute_path(self.root, self.path)
        valid_place = self.validate_absolute_path(self.root, place)
        if valid_place is None:
            return  # redirected
        self.absolute_path = valid_place
        is_file = self._is_own("get_content")
        if is_file:
            await self._prepare_file(valid_place)
        self.modified = self.get_modified_time()
        self.set_headers()
        is_conditional = conditional.is_conditional(self.request.connection.head)
        if is_conditional and conditional.is_precondition_failed(
            self.request.headers, self._response_etag, self.modified
        ):
            raise HTTPError(412)
        if (is_conditional or not self._is_own("should_return_304")) and self.should_return_304():
            self.set_status(304)
            return
        self._is_decided = True
        size = self.get_content_size()
        part = self._asked_part(size) if is_conditional else None
        if part is not None:
            self._set_part(part, size)
        start, end = part or (0, size)
        if not include_body or start == end:
            self.set_header("Content-Length", end - start)
        elif is_file:
            assert self._file is not None
            # A subclass may want to see what is written.
            is_seen = not (self._is_own("write") and self._is_own("flush"))
            await send_file(self, self._file, start, end, is_seen)
        else:
            self.set_header("Content-Length", end - start)
            bounds = () if part is None else part
            await send_content(self, self.get_content(self.absolute_path, *bounds))

    async def _prepare_file(self, path: str) -> None:
        """Have the file open that is to be sent, and its version at hand."""
        file = self._file
        if file is None or file.path != path:
            # A subclass has chosen it by itself.
            file = self._open(open_file, path)
        if self.precompressed:
            roots = staticpath.roots(self.root, self.allowed_symlink_directory)
            accepted = self.request.headers.get("Accept-Encoding")
            found = find_precompressed(file, accepted, self.precompressed, roots)
            if found is not None:
                self._content_coding = found[1]
                file = self._keep_file(found[0])
        if self._is_own("get_content_version"):
            self._file_version = await fileversion.of_file(type(self), file)
            self._has_file_version = True

    def _asked_part(self, size: int) -> ByteRange | None:
        """Return the range that is asked for, if there is one and it is not the whole."""
        headers = self.request.headers
        value = headers.get("Range")
        # With another method a range means nothing (RFC 9110 section 14.2).
        if value is None or self.request.method != "GET":
            return None
        if not conditional.use_range(
            headers.get("If-Range"), self._response_etag, self.modified, time()
        ):
            return None
        return find_range(value, size)

    def _set_part(self, part: ByteRange, size: int) -> None:
        self.set_header("Content-Range", content_range(part, size))
        self.set_status(206)
        if part is UNSATISFIABLE:
            self.set_status(416)
            self.set_header("Content-Type", "text/plain")

    # For subclasses: where it is

    def parse_url_path(self, url_path: str) -> str:
        """Return the path below the root for one of a URL: the reverse of ``make_static_url``."""
        return url_path if os.path.sep == "/" else url_path.replace("/", os.path.sep)

    @classmethod
    def get_absolute_path(cls, root: str, path: str) -> str:
        """Return where ``path`` is below ``root``: a path, or what else ``get_content`` knows.

        Raises ``HTTPError`` 403 for a path that leads outside as it is written.
        """
        place = staticpath.absolute_path(root, path)
        if place is None:
            raise HTTPError(403, "%r is not below its static directory", path)
        return place

    def validate_absolute_path(self, root: str, absolute_path: str) -> str | None:
        """Return the path to serve, maybe another one; None after a redirect.

        Raises ``HTTPError``: 404 for what is not there, 403 for what is no file, cannot be read,
        or does not lie below ``root`` or ``allowed_symlink_directory``, links being followed.
        """
        if not staticpath.is_below(absolute_path, staticpath.absolute(root)):
            raise HTTPError(403, "%r is not below its static directory", self.path)
        roots = staticpath.roots(root, self.allowed_symlink_directory)
        if self.default_filename is None:
            self._open(open_below, absolute_path, roots)
            return absolute_path
        try:
            self._keep_file(open_below(absolute_path, roots))
        except IsADirectoryError:
            if self.request.path[-1:] != "/":
                location = staticpath.with_slash(self.request.path, self.request.query)
                self.redirect(location, permanent=True)
                return None
            absolute_path = os.path.join(absolute_path, self.default_filename)
            self._open(open_below, absolute_path, roots)
        except (OSError, UnicodeEncodeError) as error:
            raise _http_error(error, self.path) from None
        return absolute_path

    # For subclasses: what it is

    @classmethod
    def get_content(
        cls, abspath: str, start: int | None = None, end: int | None = None
    ) -> Iterator[bytes]:
        """Return the content, or its bytes from ``start`` on and before ``end``.

        It comes in pieces, each when the client is ready for it, which keeps little in memory; a
        subclass may also return ``bytes``. Raises ``OSError`` for what is no regular file.
        """
        return file_content(abspath, start or 0, end)

    @classmethod
    def get_content_version(cls, abspath: str) -> str:
        """Return a text that changes with the content: a hash of it.

        Called again only after a file has changed, or after ``reset`` for what is no file. Raises
        ``ValueError`` for content larger than ``MAX_VERSION_CONTENT_SIZE``, which has no version.
        """
        return fileversion.hash_content(cls.get_content(abspath), cls.MAX_VERSION_CONTENT_SIZE)

    def get_content_size(self) -> int:
        """Return the size of the whole content in bytes."""
        return self._status().st_size

    def get_modified_time(self) -> datetime.datetime | None:
        """Return when the content last changed, in whole seconds; None where that is not known."""
        return datetime.datetime.fromtimestamp(int(self._status().st_mtime), datetime.UTC)

    def get_content_type(self) -> str:
        """Return the media type of ``self.absolute_path``, by its name."""
        return content_type(self.absolute_path)

    # For subclasses: fields

    def set_headers(self) -> None:
        """Set the fields that describe the content and tell how long it may be cached."""
        self.set_header("Accept-Ranges", "bytes")
        self.set_etag_header()
        if self.modified is not None:
            self.set_header("Last-Modified", conditional.last_modified(self.modified))
        media_type = self.get_content_type()
        if media_type:
            self.set_header("Content-Type", media_type)
        if self._content_coding is not None:
            self.set_header("Content-Encoding", self._content_coding)
        if self.precompressed:
            vary_on_coding(self._headers)
        seconds = self.get_cache_time(self.path, self.modified, media_type)
        if seconds > 0:
            expires = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=seconds)
            self.set_header("Expires", expires)
            self.set_header("Cache-Control", f"max-age={seconds}")
        self.set_extra_headers(self.path)

    def set_extra_headers(self, path: str) -> None:
        """Set more fields."""

    def get_cache_time(self, path: str, modified: datetime.datetime | None, mime_type: str) -> int:
        """Return for how many seconds the answer may be cached, 0 for what caches think best."""
        request = self.request
        return self.CACHE_MAX_AGE if request.query and "v" in request.query_arguments else 0

    def compute_etag(self) -> str | None:
        """Return the version of the content as an entity tag; parts have that of the whole."""
        if self._has_file_version:
            version = self._file_version
        else:
            place = self.absolute_path if self._file is None else self._file.path
            version = fileversion.of_place(type(self), place, None, _is_caching(self.settings))
        return f'"{version}"' if version else None

    def check_etag_header(self) -> bool:
        """Tell whether the client has this content already."""
        return not self._is_decided and super().check_etag_header()

    def should_return_304(self) -> bool:
        """Tell whether the client has this content already, by its tag or by its date."""
        headers = self.request.headers
        if "If-None-Match" in headers:
            return self.check_etag_header()
        value = headers.get("If-Modified-Since")
        if value is None or self.modified is None:
            return False
        return not conditional.is_modified_since(value, self.modified)

    # For subclasses: URLs

    @classmethod
    def make_static_url(
        cls, settings: dict[str, Any], path: str, include_version: bool = True
    ) -> str:
        """Return the URL of ``path``, a path below the ``static_path`` of the application.

        With ``include_version`` the version stands in its argument ``v``, so that it may be cached
        for ever. Other classes may have other keywords.
        """
        url = settings.get("static_url_prefix", "/static/") + staticpath.quoted(path)
        version = cls.get_version(settings, path) if include_version else None
        return f"{url}?v={version}" if version else url

    @classmethod
    def get_version(cls, settings: dict[str, Any], path: str) -> str | None:
        """Return the version of ``path`` below ``static_path``; None where it has none.

        Reads the file if it has changed since it was last asked for. ``path`` is a known one, not
        what a client has sent: versions are kept.
        """
        root = settings["static_path"]
        place = cls.get_absolute_path(root, path)
        arguments = settings.get("static_handler_args", {})
        others = arguments.get("allowed_symlink_directory")
        roots: list[str] | None = staticpath.roots(root, others)
        if not cls._is_own("get_content"):
            roots = None
        return fileversion.of_place(cls, place, roots, _is_caching(settings))

    @classmethod
    def reset(cls) -> None:
        """Forget all versions."""
        fileversion.forget_all()

    # Inside

    @classmethod
    def _check_keywords(cls, keywords: dict[str, Any]) -> None:
        if cls.initialize is StaticFileHandler.initialize:
            offered_codings(keywords.get("precompressed") or False)

    @classmethod
    def _is_own(cls, name: str) -> bool:
        """Whether a method is the one above, and no subclass's."""
        own, found = _OWN[name], getattr(cls, name)
        return getattr(found, "__func__", found) is own

    def _status(self) -> os.stat_result:
        return os.stat(self.absolute_path) if self._file is None else self._file.status

    def _keep_file(self, file: OpenFile) -> OpenFile:
        self._drop_file()
        self._file = file
        return file

    def _drop_file(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _open(self, open_it: Callable[..., OpenFile], *args: Any) -> OpenFile:
        try:
            return self._keep_file(open_it(*args))
        except (OSError, UnicodeEncodeError) as error:
            raise _http_error(error, self.path) from None


def _is_caching(settings: dict[str, Any]) -> bool:
    # Off, as while one develops, the version in a URL is made anew each time.
    return bool(settings.get("static_hash_cache", True))


# What says that there is nothing of that name.
_NOT_FOUND = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG, errno.EINVAL)


def _http_error(error: OSError | UnicodeEncodeError, path: str) -> Exception:
    """Return what a file that cannot be opened is answered with."""
    if isinstance(error, UnicodeEncodeError) or error.errno in _NOT_FOUND:
        return HTTPError(404)
    if isinstance(error, IsADirectoryError | PermissionError | OutsideError):
        return HTTPError(403, "%r cannot be served: %s", path, error.strerror)
    return error  # no more descriptors, or a disk that fails: nobody's request is at fault


_OWN = {
    name: getattr(getattr(StaticFileHandler, name), "__func__", getattr(StaticFileHandler, name))
    for name in ("get_content", "get_content_version", "should_return_304", "write", "flush")
}


def static_rules(settings: dict[str, Any]) -> list[tuple[str, type, dict[str, Any]]]:
    """Return the rules that an application has by itself, before its own; none without a path.

    Settings: ``static_path``, the directory; ``static_url_prefix``, ``/static/`` by default;
    ``static_handler_class``, set to ``StaticFileHandler`` where it is missing; and
    ``static_handler_args``, more keywords for it.
    """
    root = settings.get("static_path")
    if not root:
        return []
    handler = settings.setdefault("static_handler_class", StaticFileHandler)
    arguments = {**settings.get("static_handler_args", {}), "path": root}
    prefix = settings.get("static_url_prefix", "/static/")
    return [(rule, handler, arguments) for rule in (re.escape(prefix) + "(.*)", *_AT_ROOT)]
