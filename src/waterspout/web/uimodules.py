"""UI modules: parts of a page that are classes, with the scripts and styles they need.

Which page they are put into, and where in it, is known to `uiresources`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from types import ModuleType
from typing import Any, Final

from waterspout import escape
from waterspout.escape import to_unicode

__all__ = ["TemplateModule", "UIModule", "UIModules", "ui_methods_of", "ui_modules_of"]


class UIModule:
    """A part of a page, called by ``{% module Name(...) %}``; a subclass defines ``render``.

    One instance serves a request for all calls of its name. What the other methods return is put
    into the page once, by ``RequestHandler.render``, if the module was called.
    """

    def __init__(self, handler: Any) -> None:
        self.handler = handler
        self.request = handler.request
        self.ui = handler.ui

    @cached_property
    def locale(self) -> Any:
        """The locale of the request."""
        return self.handler.locale

    @property
    def current_user(self) -> Any:
        """The user of the request."""
        return self.handler.current_user

    def _render(self, *args: Any, **kwargs: Any) -> str | bytes:
        raise NotImplementedError(f"{type(self).__name__} has no method render")

    #: Return the output, which is not escaped; the parameters are those of the calls.
    render: Callable[..., str | bytes] = _render

    def embedded_javascript(self) -> str | None:
        """Return JavaScript to stand in the page."""
        return None

    def javascript_files(self) -> Iterable[str] | None:
        """Return paths of scripts, one or several; relative ones go through ``static_url``."""
        return None

    def embedded_css(self) -> str | None:
        """Return CSS to stand in the page."""
        return None

    def css_files(self) -> Iterable[str] | None:
        """Return paths of style sheets, one or several; relative ones go through ``static_url``."""
        return None

    def html_head(self) -> str | None:
        """Return HTML for the end of the page's head."""
        return None

    def html_body(self) -> str | None:
        """Return HTML for the end of the page's body."""
        return None

    def render_string(self, path: str, **kwargs: Any) -> bytes:
        """Return the output of a template, which sees what the handler's templates see."""
        output: bytes = self.handler.render_string(path, **kwargs)
        return output


class TemplateModule(UIModule):
    """``{% module Template("file", name=value) %}``: a template with names of its own.

    It may call ``{{ set_resources(css_files=..., html_head=...) }}`` with keywords named like the
    methods of `UIModule`, always with the same values, since they are put into the page once.
    """

    def __init__(self, handler: Any) -> None:
        super().__init__(handler)
        self._resources: dict[str, dict[str, Any]] = {}

    def render(self, path: str, **kwargs: Any) -> bytes:
        """Return the output of the template."""

        def set_resources(**resources: Any) -> str:
            if self._resources.setdefault(path, resources) != resources:
                raise ValueError(f"set_resources() in {path!r} was called with other resources")
            return ""

        return self.render_string(path, set_resources=set_resources, **kwargs)

    def embedded_javascript(self) -> str:
        """Return the scripts of all templates."""
        return "\n".join(self._texts("embedded_javascript"))

    def javascript_files(self) -> Iterable[str]:
        """Return the paths of scripts of all templates."""
        return self._paths("javascript_files")

    def embedded_css(self) -> str:
        """Return the styles of all templates."""
        return "\n".join(self._texts("embedded_css"))

    def css_files(self) -> Iterable[str]:
        """Return the paths of style sheets of all templates."""
        return self._paths("css_files")

    def html_head(self) -> str:
        """Return what all templates have for the head."""
        return "".join(self._texts("html_head"))

    def html_body(self) -> str:
        """Return what all templates have for the body."""
        return "".join(self._texts("html_body"))

    def _values(self, name: str) -> Iterator[Any]:
        return (resources[name] for resources in self._resources.values() if name in resources)

    def _texts(self, name: str) -> Iterator[str]:
        return (to_unicode(value) for value in self._values(name))

    def _paths(self, name: str) -> list[str]:
        found: list[str] = []
        for value in self._values(name):
            found += [to_unicode(value)] if isinstance(value, (str, bytes)) else value
        return found


class _Linkify(UIModule):
    def render(self, text: str, **kwargs: Any) -> str:
        return escape.linkify(text, **kwargs)


class _XSRFFormHTML(UIModule):
    def render(self) -> str:
        form: str = self.handler.xsrf_form_html()
        return form


#: The modules that every application has.
_BUILT_IN: Final[dict[str, type[UIModule]]] = {
    "linkify": _Linkify,
    "xsrf_form_html": _XSRFFormHTML,
    "Template": TemplateModule,
}


class UIModules:
    """The modules of an application as a template sees them: ``modules.Name(...)``."""

    def __init__(self, handler: Any, classes: Mapping[str, type[UIModule]]) -> None:
        self._handler = handler
        self._classes = classes
        #: The modules that were called, by their names.
        self._active: dict[str, UIModule] = {}

    def __getitem__(self, name: str) -> Callable[..., str | bytes]:
        # By a template's name for it; Python's own names can't be in the way.
        if name not in self._classes:
            raise KeyError(name)
        return lambda *args, **kwargs: self._called(name).render(*args, **kwargs)

    def __getattr__(self, name: str) -> Callable[..., str | bytes]:
        try:
            return self[name]
        except KeyError:
            known = ", ".join(sorted(self._classes))
            message = f"there is no UI module {name!r}; the application has {known}"
            raise AttributeError(message) from None

    def _called(self, name: str) -> UIModule:
        if name not in self._active:
            self._active[name] = self._classes[name](self._handler)
        return self._active[name]


def ui_modules_of(setting: Any) -> dict[str, type[UIModule]]:
    """Return the classes that the setting ``ui_modules`` names, and those that are built in."""
    found = dict(_BUILT_IN)
    for names in _namespaces("ui_modules", setting):
        for name, value in names.items():
            if isinstance(value, type) and issubclass(value, UIModule):
                found[name] = value
    return found


def ui_methods_of(setting: Any) -> dict[str, Callable[..., Any]]:
    """Return the functions that the setting ``ui_methods`` names, public and in lower case."""
    return {
        name: value
        for names in _namespaces("ui_methods", setting)
        for name, value in names.items()
        if not name.startswith("_") and name[:1] == name[:1].lower() and callable(value)
    }


def _namespaces(name: str, setting: Any) -> Iterator[Mapping[str, Any]]:
    """Yield the names of a module, of a dictionary, or of each in a list of them."""
    if isinstance(setting, ModuleType):
        yield vars(setting)
    elif isinstance(setting, Mapping):
        yield setting
    elif isinstance(setting, (list, tuple)):
        for item in setting:
            yield from _namespaces(name, item)
    else:
        raise TypeError(f"{name} is a module, a dict or a list of them, not {setting!r}")
