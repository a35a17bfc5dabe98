"""The fields and files of a form in a request body, and the fields of a query."""

from waterspout.httputil.bounds import ParseBodyConfig, parse_body_config
from waterspout.httputil.multipart import HTTPFile, parse_multipart_form_data
from waterspout.httputil.parameters import parse_parameters
from waterspout.protocol.errors import HTTPInputError
from waterspout.protocol.headers import HTTPHeaders

__all__ = ["parse_body_arguments", "parse_query"]


def parse_body_arguments(
    content_type: str,
    body: bytes,
    arguments: dict[str, list[bytes]],
    files: dict[str, list[HTTPFile]],
    headers: HTTPHeaders | None = None,
    *,
    config: ParseBodyConfig | None = None,
) -> None:
    """Add the fields and files of a form; a body of another type adds nothing.

    Raises ``HTTPInputError``, and adds nothing, where the form is malformed, is encoded
    (Content-Encoding), or has more than ``config`` allows. Without one it is
    ``set_parse_body_config`` that has set the bounds.
    """
    kind = content_type.partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded" and kind != "multipart/form-data":
        return
    if headers is not None and "Content-Encoding" in headers:
        raise HTTPInputError("a form with a Content-Encoding is not understood")
    if config is None:
        config = parse_body_config()
    if kind == "multipart/form-data":
        _, parameters = parse_parameters(content_type)
        boundary = parameters.get("boundary", "").encode("utf-8", "replace")
        parse_multipart_form_data(boundary, body, arguments, files, config=config.multipart)
        return
    for name, values in parse_query(body, config).items():
        arguments.setdefault(name, []).extend(values)


def parse_query(
    query: str | bytes, config: ParseBodyConfig | None = None
) -> dict[str, list[bytes]]:
    """Return the fields of a query or an urlencoded form; see ``parse_body_arguments``."""
    most = (config or parse_body_config()).urlencoded.max_arguments
    text = query.decode("latin-1") if isinstance(query, bytes) else str.__str__(query)
    if text.count("&") >= most:
        raise HTTPInputError(f"a query or form has more than {most} fields")
    found: dict[str, list[bytes]] = {}
    try:
        for pair in text.split("&"):
            if not pair:
                continue
            name, _, value = pair.partition("=")
            if "%" in name or "+" in name:
                name = _unquoted(name).decode("latin-1")
            is_quoted = "%" in value or "+" in value
            encoded = _unquoted(value) if is_quoted else value.encode("latin-1")
            if name in found:
                found[name].append(encoded)
            else:
                found[name] = [encoded]
    except UnicodeEncodeError:
        raise HTTPInputError("a query or form is bytes: encode what is beyond Latin-1") from None
    return found


# The value of each hexadecimal digit; 16 for what is none.
_DIGITS = bytes(
    int(chr(byte), 16) if chr(byte) in "0123456789abcdefABCDEF" else 16 for byte in range(256)
)


def _unquoted(text: str) -> bytes:
    """Undo the quoting of a name or a value; a ``%`` that quotes nothing stands for itself.

    (``unquote_to_bytes`` makes an object of what is between any two ``%``: a body of nothing else
    takes a second and a hundred megabytes for each megabyte.)
    """
    quoted = text.replace("+", " ").encode("latin-1")
    size = len(quoted)
    found = bytearray(size)
    at = 0
    end = 0
    while at < size:
        byte = quoted[at]
        if byte == 0x25 and at + 2 < size:
            high = _DIGITS[quoted[at + 1]]
            low = _DIGITS[quoted[at + 2]]
            if high < 16 and low < 16:
                byte = 16 * high + low
                at += 2
        found[end] = byte
        end += 1
        at += 1
    del found[end:]
    return bytes(found)
