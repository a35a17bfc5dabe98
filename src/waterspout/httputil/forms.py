"""The fields of a form in a request body."""

from dataclasses import dataclass, field

from waterspout.escape import parse_qs_bytes
from waterspout.protocol.errors import HTTPInputError
from waterspout.protocol.headers import HTTPHeaders

__all__ = ["ParseBodyConfig", "ParseUrlEncodedConfig", "parse_body_arguments"]


@dataclass
class ParseUrlEncodedConfig:
    """Bounds for ``application/x-www-form-urlencoded`` and for queries."""

    max_arguments: int = 1000


@dataclass
class ParseBodyConfig:
    """Bounds for the forms of a request body."""

    urlencoded: ParseUrlEncodedConfig = field(default_factory=ParseUrlEncodedConfig)


_DEFAULT = ParseBodyConfig()


def parse_body_arguments(
    content_type: str,
    body: bytes,
    arguments: dict[str, list[bytes]],
    files: dict[str, list[object]],
    headers: HTTPHeaders | None = None,
    *,
    config: ParseBodyConfig | None = None,
) -> None:
    """Add the fields of a form to ``arguments``; a body of another type adds nothing.

    Raises ``HTTPInputError`` where the form is malformed, is encoded (Content-Encoding), or has
    more fields than ``config`` allows.
    """
    if content_type.partition(";")[0].strip().lower() != "application/x-www-form-urlencoded":
        return
    if headers is not None and "Content-Encoding" in headers:
        raise HTTPInputError("a form with a Content-Encoding is not understood")
    most = (config or _DEFAULT).urlencoded.max_arguments
    for name, values in parse_query(body, most).items():
        arguments.setdefault(name, []).extend(values)


def parse_query(
    query: str | bytes, most: int = _DEFAULT.urlencoded.max_arguments
) -> dict[str, list[bytes]]:
    """Return the fields of a query or an urlencoded form; at most ``most`` of them."""
    try:
        return parse_qs_bytes(query, keep_blank_values=True, max_num_fields=most)
    except ValueError:
        raise HTTPInputError(f"malformed query or form, or more than {most} fields") from None
