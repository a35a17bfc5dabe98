"""Where templates come from, by their names: a directory, a dictionary, or a class of one's own."""

import errno
import os
import posixpath
import threading
from typing import Any

from waterspout.template.errors import ParseError
from waterspout.template.template import Template

__all__ = ["BaseLoader", "DictLoader", "Loader"]


class BaseLoader:
    """Loads templates by name and keeps them; a subclass says what a name means.

    It defines ``_create_template(name)``, which returns a `Template` that has this loader, and
    ``resolve_path``. ``autoescape``, ``whitespace`` and ``namespace`` (names that every template
    sees) hold for all templates loaded here.

    One loader may serve many threads: a template is loaded once, by whoever comes first.
    """

    def __init__(
        self,
        autoescape: str | None = "xhtml_escape",
        namespace: dict[str, Any] | None = None,
        whitespace: str | None = None,
    ) -> None:
        self.autoescape = autoescape
        self.namespace = namespace or {}
        self.whitespace = whitespace
        self.templates: dict[str, Template] = {}
        #: Held while a template is loaded; for one that loads others, by the same thread again.
        self.lock = threading.RLock()
        self._being_loaded: list[str] = []

    def load(self, name: str, parent_path: str | None = None) -> Template:
        """Return a template; ``parent_path`` is the name of the one that asks for it.

        Raises `ParseError` for a template that is wrong or includes or extends itself.
        """
        name = self.resolve_path(name, parent_path)
        template = self.templates.get(name)
        if template is None:
            with self.lock:
                template = self.templates.get(name) or self._load(name, parent_path)
        return template

    def resolve_path(self, name: str, parent_path: str | None = None) -> str:
        """Return the name under which a template is kept that another one calls ``name``."""
        raise NotImplementedError

    def reset(self) -> None:
        """Forget the templates: each will be loaded again."""
        with self.lock:
            self.templates = {}

    def source_path(self, name: str) -> str | None:
        """Return the path of a template's file for tracebacks; None where there is no file."""
        return None

    def _create_template(self, name: str) -> Template:
        raise NotImplementedError

    def _load(self, name: str, parent_path: str | None) -> Template:
        if name in self._being_loaded:
            way = " -> ".join([*self._being_loaded[self._being_loaded.index(name) :], name])
            raise ParseError(f"a template includes or extends itself: {way}", parent_path)
        self._being_loaded.append(name)
        try:
            template = self.templates[name] = self._create_template(name)
        finally:
            self._being_loaded.pop()
        return template


class Loader(BaseLoader):
    """Loads templates from the files below a directory.

    A relative name is looked up in ``root_directory`` or, in a template, beside that template. It
    can't leave the root; an absolute path leads wherever it leads, and so neither should come from
    a client. The keywords are those of `BaseLoader`.
    """

    def __init__(self, root_directory: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.root = os.path.abspath(root_directory)

    def resolve_path(self, name: str, parent_path: str | None = None) -> str:
        """Return the path relative to the root, where it lies in the root."""
        if parent_path and _is_relative(parent_path) and _is_relative(name):
            path = os.path.abspath(os.path.join(self.root, os.path.dirname(parent_path), name))
            if self._has(path):
                return os.path.relpath(path, self.root)
        return name

    def source_path(self, name: str) -> str:
        """Return the absolute path of a template."""
        return os.path.abspath(os.path.join(self.root, name))

    def _create_template(self, name: str) -> Template:
        path = self.source_path(name)
        if not os.path.isabs(name) and not self._has(path):
            message = f"Templates are looked for below {self.root!r} only"
            raise FileNotFoundError(errno.ENOENT, message, name)
        with open(path, "rb") as file:
            return Template(file.read(), name=name, loader=self)

    def _has(self, path: str) -> bool:
        return path.startswith(os.path.join(self.root, ""))


class DictLoader(BaseLoader):
    """Loads templates from a dictionary of texts; the keywords are those of `BaseLoader`."""

    def __init__(self, dict: dict[str, str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dict = dict

    def resolve_path(self, name: str, parent_path: str | None = None) -> str:
        """Return the name, looked up beside the template that asks for it."""
        if parent_path and _is_relative(parent_path) and _is_relative(name):
            return posixpath.normpath(posixpath.join(posixpath.dirname(parent_path), name))
        return name

    def _create_template(self, name: str) -> Template:
        if name not in self.dict:
            raise KeyError(f"there is no template {name!r} in this DictLoader")
        return Template(self.dict[name], name=name, loader=self)


def _is_relative(name: str) -> bool:
    return not name.startswith(("<", "/"))
