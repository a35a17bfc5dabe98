"""Settings that a feature cannot do without."""

import inspect
import re
from pathlib import Path

import pytest

from waterspout.httputil import HTTPServerRequest
from waterspout.web import Application, RequestHandler
from waterspout.web.settings import require_setting


class Page(RequestHandler):
    """Has nothing of its own."""


def page(**settings):
    return Page(Application(**settings), HTTPServerRequest())


@pytest.mark.parametrize("settings", [{}, {"size": None}, {"size": 0}, {"size": ""}])
def test_a_setting_that_is_missing(settings):
    message = "Page needs the setting 'size' for sizing: pass size=... to Application"
    with pytest.raises(RuntimeError) as caught:
        require_setting(page(**settings), "size", "sizing")
    assert str(caught.value) == message
    with pytest.raises(RuntimeError) as caught:
        page(**settings).require_setting("size", "sizing")
    assert str(caught.value) == message
    with pytest.raises(RuntimeError, match="for this feature"):
        page(**settings).require_setting("size")


def test_a_setting_that_is_there():
    assert require_setting(page(size=5), "size", "sizing") == 5
    page(size=5).require_setting("size")


_READ = re.compile(
    r"""(?:settings\.(?:get|setdefault)\(|settings\[|require_setting\((?:self|handler), )"(\w+)\""""
)


def test_every_setting_is_explained():
    """Those that the framework reads, and those that programs of Tornado's know."""
    text = Application.__doc__ or ""
    package = Path(inspect.getfile(Application)).parent
    read = {
        name
        for file in package.glob("*.py")
        for name in _READ.findall(file.read_text(encoding="utf-8"))
    }
    assert len(read) > 15
    known = (
        "autoreload debug default_handler_class default_handler_args compress_response gzip"
        " log_function serve_traceback ui_modules ui_methods cookie_secret key_version login_url"
        " xsrf_cookies xsrf_cookie_version xsrf_cookie_kwargs xsrf_cookie_name autoescape"
        " compiled_template_cache template_path template_loader template_whitespace"
        " static_hash_cache static_path static_url_prefix static_handler_class"
        " static_handler_args"
    )
    missing = {name for name in read | set(known.split()) if f"``{name}``" not in text}
    assert missing == set()
