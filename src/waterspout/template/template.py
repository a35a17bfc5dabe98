"""A template: text that became Python once, and bytes each time it is asked."""

import datetime
from collections.abc import Callable
from types import FunctionType
from typing import TYPE_CHECKING, Any, Final

from waterspout import escape
from waterspout.template import values
from waterspout.template.compiler import DEFAULT_ESCAPE, compile_unit
from waterspout.template.errors import ParseError
from waterspout.template.nodes import Extends, Include, Source
from waterspout.template.parser import parse
from waterspout.template.tracebacks import SourceLoader, translated
from waterspout.template.whitespace import default_mode

if TYPE_CHECKING:
    from waterspout.template.loader import BaseLoader

__all__ = ["Template"]

#: Stands for an argument that was not given.
_UNSET: Final[Any] = object()

_NAMESPACE: Final[dict[str, Any]] = {
    "datetime": datetime,
    "escape": escape.xhtml_escape,
    "json_encode": escape.json_encode,
    "linkify": escape.linkify,
    "squeeze": escape.squeeze,
    "url_escape": escape.url_escape,
    "xhtml_escape": escape.xhtml_escape,
}

# The last parameters of a template's function.
_CONVERSIONS: Final = (values.as_text, values.as_bytes, values.checked_text)


class Template:
    """A template, compiled when it is made; ``generate`` may be called from any thread.

    ``name`` is for messages, and tells whether white space is folded; ``loader`` finds what the
    template extends and includes, and gives its settings where they are not given here:
    ``autoescape``, the name of the function that expressions pass through (None for none), and
    ``whitespace``, see `filter_whitespace`. ``compress_whitespace`` is the old word for
    ``whitespace``: True means ``single``, False ``all``.

    A template is a program: whoever may write one may do anything. Raises `ParseError`, and
    whatever the loader raises for a file that it doesn't find.
    """

    def __init__(
        self,
        template_string: str | bytes,
        name: str = "<string>",
        loader: "BaseLoader | None" = None,
        compress_whitespace: bool = _UNSET,
        autoescape: str | None = _UNSET,
        whitespace: str | None = None,
    ) -> None:
        if compress_whitespace is not _UNSET:
            if whitespace is not None:
                raise TypeError("whitespace and compress_whitespace are two words for one thing")
            whitespace = "single" if compress_whitespace else "all"
        if whitespace is None:
            whitespace = (loader and loader.whitespace) or default_mode(name)
        if autoescape is _UNSET:
            autoescape = loader.autoescape if loader else DEFAULT_ESCAPE
        self.name = name
        self.autoescape = autoescape
        self.loader = loader
        self.namespace: dict[str, Any] = loader.namespace if loader else {}
        text = escape.to_unicode(template_string)
        filename = loader.source_path(name) if loader else None
        self._source = parse(text, name, filename or _shown_name(name), autoescape, whitespace)
        self._module_name = name.replace(".", "_")
        self._source_loader = SourceLoader(text)
        self._unit = compile_unit(self._ancestors(), self._load)

    def generate(self, /, **kwargs: Any) -> bytes:
        """Return the output, with ``kwargs`` as the template's variables; UTF-8.

        Whatever the template raises leaves with a traceback that names its file and line.
        """
        namespace = {
            **_NAMESPACE,
            "__name__": self._module_name,
            "__loader__": self._source_loader,
            **self.namespace,
            **kwargs,
        }
        parts: list[str] = []
        function = FunctionType(self._unit.code, namespace)
        try:
            function(parts, _escape(namespace[DEFAULT_ESCAPE]), *_CONVERSIONS)
        except BaseException as error:
            error.__traceback__ = translated(error.__traceback__, self._unit, namespace)
            raise
        return "".join(parts).encode()

    def __repr__(self) -> str:
        return f"<Template {self.name}>"

    def _ancestors(self) -> list[Source]:
        """Return this file, what it extends, and so on."""
        found = [self._source]
        while (link := found[-1].extends) is not None:
            parent = self._load(link, found[-1])
            if any(parent.name == source.name for source in found):
                raise ParseError(f"{parent.name!r} extends itself in the end", self.name, link.line)
            found.append(parent)
        return found

    def _load(self, link: Include | Extends, source: Source) -> Source:
        """Return the file that another one includes or extends."""
        tag = "extends" if isinstance(link, Extends) else "include"
        if self.loader is None:
            message = f"{{% {tag} %}} block found, but no template loader"
            raise ParseError(message, source.name, link.line)
        try:
            found = self.loader.load(link.name, source.name)._source
        except ParseError as error:
            if error.lineno:
                raise
            # The loader doesn't know the line: files that lead in a circle.
            raise ParseError(error.message, source.name, link.line) from None
        except Exception as error:
            error.add_note(f"{tag} {link.name!r} at {source.name}:{link.line}")
            raise
        if tag == "include" and found.extends:
            message = f"{found.name!r} extends another template and so can't be included"
            raise ParseError(message, source.name, link.line)
        return found


def _shown_name(name: str) -> str:
    """Return a name that `linecache` takes for a file's, which it looks up elsewhere."""
    return f"template {name}" if name.startswith("<") else name


def _escape(function: Any) -> Callable[[Any], str]:
    """Return what makes escaped text of a value by the function called ``xhtml_escape``."""
    if function is escape.xhtml_escape:
        return values.escape
    return lambda value: values.checked_text(function(values.as_bytes(value)))
