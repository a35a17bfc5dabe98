"""What UI modules bring along: scripts, styles and markup, and where in the page they belong."""

from collections.abc import Iterable
from typing import Any

from waterspout.escape import utf8, xhtml_escape

__all__ = ["embedded_css", "embedded_js", "linked_css", "linked_js", "with_resources"]


def with_resources(handler: Any, html: bytes, modules: Iterable[Any], name: str) -> bytes:
    """Return a page with all that its modules need: styles in the head, scripts in the body.

    Raises ``ValueError`` where there is something for a head or a body that the page, of the
    template ``name``, doesn't have.
    """
    js_files: list[str] = []
    css_files: list[str] = []
    js: list[str] = []
    css: list[str] = []
    heads: list[str] = []
    bodies: list[str] = []
    for module in modules:
        js_files += _listed(module.javascript_files())
        css_files += _listed(module.css_files())
        js += _listed(module.embedded_javascript())
        css += _listed(module.embedded_css())
        heads += _listed(module.html_head())
        bodies += _listed(module.html_body())
    body = [
        handler.render_linked_js(js_files) if js_files else "",
        handler.render_embed_js(map(utf8, js)) if js else "",
        b"".join(map(utf8, bodies)),
    ]
    head = [
        handler.render_linked_css(css_files) if css_files else "",
        handler.render_embed_css(map(utf8, css)) if css else "",
        b"".join(map(utf8, heads)),
    ]
    # The body first: what is put in there can't move the head.
    html = _with_part(html, html.rfind(b"</body>"), body, "</body>", name)
    return _with_part(html, html.find(b"</head>"), head, "</head>", name)


def linked_js(handler: Any, paths: Iterable[str]) -> str:
    """Return the elements that load scripts."""
    return "".join(
        f'<script src="{xhtml_escape(url)}" type="text/javascript"></script>'
        for url in _urls(handler, paths)
    )


def linked_css(handler: Any, paths: Iterable[str]) -> str:
    """Return the elements that load style sheets."""
    return "".join(
        f'<link href="{xhtml_escape(url)}" type="text/css" rel="stylesheet"/>'
        for url in _urls(handler, paths)
    )


def embedded_js(scripts: Iterable[bytes]) -> bytes:
    """Return the element that has the scripts."""
    code = b"\n".join(scripts)
    return b'<script type="text/javascript">\n//<![CDATA[\n' + code + b"\n//]]>\n</script>"


def embedded_css(styles: Iterable[bytes]) -> bytes:
    """Return the element that has the styles."""
    return b'<style type="text/css">\n' + b"\n".join(styles) + b"\n</style>"


def _listed(value: Any) -> Iterable[Any]:
    if not value:
        return ()
    return (value,) if isinstance(value, (str, bytes)) else value


def _urls(handler: Any, paths: Iterable[str]) -> Iterable[str]:
    """Return each address once, relative paths as those of static files."""
    return dict.fromkeys(
        path if path.startswith(("/", "http:", "https:")) else handler.static_url(path)
        for path in paths
    )


def _with_part(
    html: bytes, place: int, pieces: Iterable[str | bytes], tag: str, name: str
) -> bytes:
    added = b"".join(utf8(piece) + b"\n" for piece in pieces if piece)
    if not added:
        return html
    if place < 0:
        raise ValueError(
            f"{name!r} has no {tag}, before which its UI modules have something to put"
        )
    return html[:place] + added + html[place:]
