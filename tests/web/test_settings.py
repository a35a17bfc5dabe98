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


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("cookie_secret", 5, "a text, or a dictionary of texts by their versions, not int"),
        ("default_handler_args", [1], "a dictionary of keywords, not list"),
        ("key_version", "1", "an integer, not str"),
        ("log_function", 5, "a function of a handler, not int"),
        ("login_url", b"/login", "a URL, not bytes"),
        ("static_handler_args", 5, "a dictionary of keywords, not int"),
        ("static_handler_class", "Files", "a class of handlers, not str"),
        ("static_path", 3, "a directory, not int"),
        ("static_url_prefix", 3, "the beginning of a path, not int"),
        ("template_path", 3, "a directory, not int"),
        ("template_whitespace", 3, "'all', 'single' or 'oneline', not int"),
        ("xsrf_cookie_kwargs", 3, "a dictionary of keywords of set_cookie, not int"),
        ("xsrf_cookie_name", 3, "a name, not int"),
        ("xsrf_cookie_version", "2", "1 or 2, not str"),
    ],
)
def test_a_setting_of_a_wrong_kind(name, value, words):
    with pytest.raises(TypeError) as caught:
        Application(**{name: value})
    assert str(caught.value) == f"the setting {name!r} must be {words}"
    assert Application(**{name: None}).settings == {name: None}


def test_a_way_to_treat_white_space_that_there_is_not():
    with pytest.raises(ValueError, match="setting") as caught:
        Application(template_whitespace="none")
    words = "the setting 'template_whitespace' must be 'all', 'single' or 'oneline', not 'none'"
    assert str(caught.value) == words


def test_a_transform_that_is_none():
    with pytest.raises(TypeError, match="transforms: 5 is no OutputTransform class"):
        Application(transforms=[5])  # type: ignore[list-item]


def test_a_secret_of_a_wrong_kind_is_not_told():
    with pytest.raises(TypeError) as caught:
        Application(cookie_secret=271828)
    assert "271828" not in str(caught.value)


def test_paths_may_be_paths(tmp_path):
    settings = Application(static_path=tmp_path, template_path=tmp_path).settings
    assert settings["static_path"] == tmp_path


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
        " static_handler_args google_oauth twitter_consumer_key twitter_consumer_secret"
        " openid_connect"
    )
    missing = {name for name in read | set(known.split()) if f"``{name}``" not in text}
    assert missing == set()
