"""From a template's name to a page: which directory, which loader, what its templates see."""

import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from waterspout.util import ObjectDict
from waterspout.web import uiresources
from waterspout.web.uimodules import UIModules

if TYPE_CHECKING:
    import asyncio

    from waterspout.template import BaseLoader

__all__ = ["create_loader", "namespace", "render", "render_string", "user_interface"]

_PACKAGE: Final = __name__.rpartition(".")[0]


def render(handler: Any, template_name: str, variables: dict[str, Any]) -> "asyncio.Future[None]":
    """Finish with a page, and with what its UI modules need; return the future of ``finish``."""
    if handler._finished:
        raise RuntimeError("Cannot render() after finish()")
    html = handler.render_string(template_name, **variables)
    if modules := handler.ui.modules._active:
        html = uiresources.with_resources(handler, html, modules.values(), template_name)
    return handler.finish(html)  # type: ignore[no-any-return]


def render_string(handler: Any, template_name: str, variables: dict[str, Any]) -> bytes:
    """Return the output of a template."""
    path = handler.get_template_path()
    if path is None:
        path = _caller_directory()
    template = _loader(handler, path).load(template_name)
    return template.generate(**{**handler.get_template_namespace(), **variables})


def namespace(handler: Any) -> dict[str, Any]:
    """Return what every template of a handler sees, besides what all templates see."""
    locale = handler.locale
    return {
        "handler": handler,
        "request": handler.request,
        "current_user": handler.current_user,
        "locale": locale,
        "_": locale.translate,
        "pgettext": locale.pgettext,
        "static_url": handler.static_url,
        "xsrf_form_html": handler.xsrf_form_html,
        "reverse_url": handler.reverse_url,
        **handler.ui,
    }


def user_interface(handler: Any) -> ObjectDict:
    """Return the application's UI methods, bound to the handler, and its UI modules."""
    application = handler.application
    modules = UIModules(handler, application.ui_modules)
    methods = {name: _bound(method, handler) for name, method in application.ui_methods.items()}
    return ObjectDict(methods, _tt_modules=modules, modules=modules)


def create_loader(settings: dict[str, Any], template_path: str) -> "BaseLoader":
    """Return the loader that the settings ask for: one of their own, or one of that directory."""
    loader: BaseLoader | None = settings.get("template_loader")
    if loader is not None:
        return loader
    keywords = {}
    if "autoescape" in settings:
        # None is a value: it escapes nothing.
        keywords["autoescape"] = settings["autoescape"]
    if "template_whitespace" in settings:
        keywords["whitespace"] = settings["template_whitespace"]
    # A compiler takes five milliseconds to import, at the start of many programs without templates.
    from waterspout.template import Loader

    return Loader(template_path, **keywords)


def _loader(handler: Any, path: str) -> "BaseLoader":
    """Return the application's loader of a directory, as this class of handlers makes it."""
    loaders = handler.application.template_loaders
    key = (path, type(handler).create_template_loader)
    loader: BaseLoader | None = loaders.get(key)
    if loader is None:
        # Of two threads that come here at once both get the same one.
        loader = loaders.setdefault(key, handler.create_template_loader(path))
    if not handler.settings.get("compiled_template_cache", True):
        _renew(handler, loader)
    return loader


def _renew(handler: Any, loader: "BaseLoader") -> None:
    """Load templates anew, but each only once for a request."""
    renewed = vars(handler).setdefault("_renewed_loaders", [])
    if loader not in renewed:
        renewed.append(loader)
        loader.reset()


def _bound(method: Callable[..., Any], handler: Any) -> Callable[..., Any]:
    return lambda *args, **kwargs: method(handler, *args, **kwargs)


def _caller_directory() -> str:
    """Return the directory of the file whose code called this package."""
    frame = sys._getframe(1)
    while frame.f_back and frame.f_globals.get("__name__", "").startswith(_PACKAGE + "."):
        frame = frame.f_back
    return os.path.dirname(os.path.abspath(frame.f_code.co_filename))
