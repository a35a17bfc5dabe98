"""The media type of a file, by its name."""

from os.path import splitext

__all__ = ["content_type"]

# What has been compressed is served as what it is: who asks for `a.tar.gz` wants to keep it so.
_COMPRESSED = {"gzip": "application/gzip"}
_UNKNOWN = "application/octet-stream"


def content_type(path: str) -> str:
    """Return the type that ``mimetypes`` knows for a name; that of plain bytes if it knows none."""
    import mimetypes  # not for every program that has a framework

    if not mimetypes.inited:
        try:
            mimetypes.init()
        except OSError:
            mimetypes.inited = False  # it counts as done from its beginning
            raise
    # `guess_type` takes names apart as URLs, at several times the cost of what most names need.
    extension = splitext(path)[1]
    if extension not in mimetypes.encodings_map and extension not in mimetypes.suffix_map:
        found = mimetypes.types_map.get(extension) or mimetypes.types_map.get(extension.lower())
        if found is not None:
            return found
    kind, encoding = mimetypes.guess_type(path)
    if encoding is not None:
        return _COMPRESSED.get(encoding, _UNKNOWN)
    return kind or _UNKNOWN
