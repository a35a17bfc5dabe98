"""Settings that a feature cannot do without."""

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
