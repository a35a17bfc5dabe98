"""How MODULE:APP is read; what comes of it is shown in test_serve, in processes of their own."""

import pytest

from waterspout.cli.serve.application import _checked, _made, _needs_arguments, split_name
from waterspout.httputil import HTTPServerConnectionDelegate
from waterspout.ioloop import IOLoop
from waterspout.web import Application
from waterspout.wsgi import WSGIContainer


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("main:app", ("main", "app")),
        ("shop.web:make_app", ("shop.web", "make_app")),
        ("a:b.c", ("a", "b.c")),
        ("größe:änderung", ("größe", "änderung")),
    ],
)
def test_a_name(name, meant):
    assert split_name(name) == meant


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("main", "named as MODULE:APP"),
        (":app", "named as MODULE:APP"),
        ("main:", "named as MODULE:APP"),
        ("", "named as MODULE:APP"),
        ("a:b:c", "named as MODULE:APP"),
        ("a b:c", "named as MODULE:APP"),
        ("1:2", "named as MODULE:APP"),
        ("a..b:c", "named as MODULE:APP"),
        ("main.py:app", "as in an import, main:app"),
        ("./shop/web.py:app", "as in an import, shop.web:app"),
        ("main:app()", "called for you: main:app"),
    ],
)
def test_no_name(name, told):
    with pytest.raises(ValueError, match=told):
        split_name(name)


class Delegate(HTTPServerConnectionDelegate):
    def __call__(self):
        raise AssertionError("an object that can serve is not called")


@pytest.mark.parametrize(
    "found", [Application(), Delegate(), WSGIContainer(lambda environ, start: [])]
)
def test_what_can_serve_is_taken_as_it_is(found):
    with_loop = IOLoop(make_current=False)
    try:
        assert _checked(_made(found, "a:b", with_loop.asyncio_loop), "a:b") is found
    finally:
        with_loop.close()


def test_a_function_of_a_request_can_serve():
    def answer(request):
        raise AssertionError("not now")

    assert _needs_arguments(answer)
    assert _checked(answer, "a:b") is answer


def test_a_class_makes_an_application():
    class Shop(Application):
        pass

    loop = IOLoop(make_current=False)
    try:
        assert isinstance(_made(Shop, "a:b", loop.asyncio_loop), Shop)
    finally:
        loop.close()
