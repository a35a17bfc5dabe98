"""Forms with files, ``multipart/form-data`` (RFC 7578), held to our bounds.

The package of the same name takes the body apart; which parts are whose, and how much there may
be of them, is decided here.
"""

import re
from typing import Any

from waterspout.httputil.bounds import ParseMultipartConfig, parse_body_config
from waterspout.httputil.parameters import decode_extended, parse_parameters
from waterspout.protocol.errors import HTTPInputError
from waterspout.util import ObjectDict

__all__ = ["HTTPFile", "parse_multipart_form_data"]

# RFC 2046 section 5.1.1 has fewer characters, but 70 of them at most as well.
_BOUNDARY = rb"[\x20-\x7e]{0,69}[\x21-\x7e]"
_CONTROL = r"[\x00-\x08\x0a-\x1f\x7f]"

# Fields in the head of a part; two or three are what there is.
_MAX_FIELDS = 16


class HTTPFile(ObjectDict):
    """A file of a form.

    ``filename`` is as the client sent it, maybe with directories: a name to show, never a path
    to write to. ``body`` is bytes. ``content_type`` is what the client says it is, and
    ``application/unknown`` where it says nothing.
    """

    filename: str
    body: bytes
    content_type: str


def parse_multipart_form_data(
    boundary: bytes,
    data: bytes,
    arguments: dict[str, list[bytes]],
    files: dict[str, list[HTTPFile]],
    *,
    config: ParseMultipartConfig | None = None,
) -> None:
    """Add the fields of a form to ``arguments`` and its files to ``files``.

    A part with a ``filename`` that is not empty is a file. Names are UTF-8; a browser's ``%22``
    for a quote is left as it is. Nothing is added where the form is malformed or exceeds
    ``config``: that raises ``HTTPInputError``. Takes linear time.
    """
    if config is None:
        config = parse_body_config().multipart
    if not config.enabled:
        raise HTTPInputError("multipart/form-data is not accepted here")
    if boundary[:1] == b'"' == boundary[-1:]:
        boundary = boundary[1:-1]
    if re.fullmatch(_BOUNDARY, boundary) is None:
        raise HTTPInputError(
            "the boundary of a multipart/form-data must be 1 to 70 visible ASCII characters"
        )
    # Not above: it takes four milliseconds, at the start of many programs that get no such form.
    import multipart  # type: ignore[import-untyped]

    try:
        parts = _split(multipart, boundary, data, config)
    except multipart.ParserLimitReached:
        raise HTTPInputError(
            f"a form has more than {config.max_parts} parts,"
            f" or one of them more than {_MAX_FIELDS} fields"
        ) from None
    except multipart.MultipartError as error:
        # Further arguments of the error may hold what the client sent.
        raise HTTPInputError(f"malformed multipart/form-data: {error.args[0]}") from None
    for name, file, body in parts:
        if file is None:
            arguments.setdefault(name, []).append(body)
        else:
            file["body"] = body
            files.setdefault(name, []).append(file)


def _split(
    multipart: Any, boundary: bytes, data: bytes, config: ParseMultipartConfig
) -> list[tuple[str, HTTPFile | None, bytes]]:
    """Return the parts in their order, as name, file without its body, and body."""
    delimiter = b"--" + boundary
    if not data.startswith(delimiter):
        raise HTTPInputError("a multipart/form-data must begin with its boundary")
    most = config.max_part_header_size
    parser = multipart.PushMultipartParser(
        boundary,
        strict=True,
        max_segment_count=config.max_parts,
        max_header_size=most,
        max_header_count=_MAX_FIELDS,
    )
    events = parser.parse(data)  # which works only when it is asked for the next one
    parts: list[tuple[str, HTTPFile | None, bytes]] = []
    size = len(delimiter) + 2
    at = size  # where the head of a part begins
    while True:
        end = data.find(b"\r\n\r\n", at - 2, at + most + 4)
        if end < 0 and len(data) > at + most and data.startswith(b"\r\n", at - 2):
            raise HTTPInputError(f"the head of a form's part is larger than {most} bytes")
        segment = next(events, None)
        if segment is None:
            break
        name, file = _understood(segment.headerlist)
        pieces = list(iter(events.__next__, None))
        body = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        parts.append((name, file, bytes(body)))
        at = end + 4 + len(body) + 2 + size
    try:
        parser.close()
        is_whole = data[at : at + 2] in (b"", b"\r\n")  # an epilogue has a line of its own
    except multipart.MultipartError:
        is_whole = False
    if not is_whole:
        raise HTTPInputError("a multipart/form-data must end with its boundary")
    return parts


def _understood(fields: list[tuple[str, str]]) -> tuple[str, HTTPFile | None]:
    """Return the name of a part, and the file that it is, if it is one."""
    disposition = ""
    content_type = "application/unknown"
    for field, value in fields:
        if not value.isprintable() and re.search(_CONTROL, value):
            raise HTTPInputError("the head of a form's part must not hold control characters")
        if field == "Content-Disposition":
            if disposition:
                raise HTTPInputError("a form's part has two Content-Dispositions")
            disposition = value
        elif field == "Content-Type":
            content_type = value.strip(" \t")
    kind, parameters = parse_parameters(disposition)
    name = parameters.get("name", "")
    if kind != "form-data" or not name:
        raise HTTPInputError("a form's part has no name")
    filename = parameters.get("filename")
    if "*" in disposition:
        filename = _extended_filename(parameters) or filename
    if not filename:
        return name, None
    return name, HTTPFile(filename=filename, body=b"", content_type=content_type)


def _extended_filename(parameters: dict[str, str]) -> str | None:
    """Return the name of the file by ``filename*``, where it is there.

    RFC 7578 section 4.2 wants no extended parameter. This one is in use; any other could give a
    part two names.
    """
    extended = [name for name in parameters if "*" in name]
    if not extended:
        return None
    if extended != ["filename*"]:
        raise HTTPInputError("of extended parameters a form's part has filename* only")
    filename = decode_extended(parameters["filename*"])
    if re.search(_CONTROL, filename):
        raise HTTPInputError("a file name must not hold control characters")
    return filename
