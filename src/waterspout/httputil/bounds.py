"""How much a form may hold: the bounds of the process, and those of one call."""

from dataclasses import dataclass, field

__all__ = [
    "ParseBodyConfig",
    "ParseMultipartConfig",
    "ParseUrlEncodedConfig",
    "parse_body_config",
    "set_parse_body_config",
]


@dataclass
class ParseMultipartConfig:
    """Bounds for ``multipart/form-data``; the defaults are ample for what people fill in."""

    #: Whether such forms are understood at all.
    enabled: bool = True
    #: How many fields and files a form may have.
    max_parts: int = 100
    #: How many bytes the head of one part may have.
    max_part_header_size: int = 10 * 1024


@dataclass
class ParseUrlEncodedConfig:
    """Bounds for ``application/x-www-form-urlencoded`` and for queries."""

    #: How many fields there may be.
    max_arguments: int = 1000


@dataclass
class ParseBodyConfig:
    """Bounds for forms of every kind."""

    multipart: ParseMultipartConfig = field(default_factory=ParseMultipartConfig)
    urlencoded: ParseUrlEncodedConfig = field(default_factory=ParseUrlEncodedConfig)


_config = ParseBodyConfig()


def parse_body_config() -> ParseBodyConfig:
    """Return the bounds of the process."""
    return _config


def set_parse_body_config(config: ParseBodyConfig) -> None:
    """Set the bounds of all forms from now on, in the whole process.

    >>> set_parse_body_config(ParseBodyConfig(multipart=ParseMultipartConfig(max_parts=1000)))
    >>> set_parse_body_config(ParseBodyConfig())
    """
    global _config
    if not isinstance(config, ParseBodyConfig):
        raise TypeError(f"bounds for forms are a ParseBodyConfig, not {config!r:.80}")
    _config = config
