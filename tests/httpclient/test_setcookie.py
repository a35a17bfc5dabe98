"""What Set-Cookie says: decisions, without any request."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waterspout.httpclient.cookies.setcookie import default_path, parse_date, parse_set_cookie

NOW = 784111777.0  # Sun, 06 Nov 1994 08:49:37 GMT
DAY = 24 * 3600
CAP = NOW + 400 * DAY


@pytest.mark.parametrize(
    ("field", "name", "value"),
    [
        ("a=b", "a", "b"),
        (" a = b ; x", "a", "b"),
        ("a=b=c", "a", "b=c"),
        ("a=", "a", ""),
        ("=b", "", "b"),
        ("b", "", "b"),
        ('a="b c"', "a", '"b c"'),
        ("a=b\t", "a", "b"),
        ("a=\xe9", "a", "\xe9"),
        ("a=b,c", "a", "b,c"),
    ],
)
def test_pairs(field, name, value):
    cookie = parse_set_cookie(field, NOW)
    assert cookie is not None
    assert (cookie.name, cookie.value) == (name, value)


@pytest.mark.parametrize(
    "field",
    [
        "",
        "=",
        ";a=b",
        " ",
        "a=\x01",
        "a=\x7f",
        "a=b; Path=/\x00",
        "a=b\tc",
        "a=" + "b" * 4096,
        "a=\u20ac",
        "\u20ac=a",
    ],
)
def test_what_is_passed_over(field):
    assert parse_set_cookie(field, NOW) is None


def test_the_longest_pair():
    cookie = parse_set_cookie("a=" + "b" * 4095, NOW)
    assert cookie is not None
    assert len(cookie.value) == 4095


@pytest.mark.parametrize(
    ("attributes", "expires"),
    [
        ("", None),
        ("Max-Age=10", NOW + 10),
        ("MAX-AGE = 10 ", NOW + 10),
        ("Max-Age=0", 0.0),
        ("Max-Age=-1", 0.0),
        ("Max-Age=+1", None),
        ("Max-Age=1.5", None),
        ("Max-Age=", None),
        ("Max-Age=-", None),
        ("Max-Age=\u0661", None),
        ("Max-Age=" + "9" * 1000, CAP),
        ("Max-Age=-" + "9" * 1000, 0.0),
        ("Max-Age=10; Max-Age=x", NOW + 10),
        ("Max-Age=10; Max-Age=20", NOW + 20),
        ("Expires=Sun, 06 Nov 1994 09:49:37 GMT", NOW + 3600),
        ("Expires=Sun, 06 Nov 1994 09:49:37 GMT; Max-Age=1", NOW + 1),
        ("Max-Age=1; Expires=Sun, 06 Nov 1994 09:49:37 GMT", NOW + 1),
        ("Expires=Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
        ("Expires=Fri, 31 Dec 9999 23:59:59 GMT", CAP),
        ("Expires=never", None),
        ("Max-Age=" + "1" * 1025, None),
    ],
)
def test_how_long(attributes, expires):
    cookie = parse_set_cookie(f"a=b; {attributes}", NOW)
    assert cookie is not None
    assert cookie.expires == expires


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ("Domain=EXAMPLE.org", {"domain": "example.org"}),
        ("Domain=.example.org", {"domain": "example.org"}),
        ("Domain=..example.org", {"domain": ".example.org"}),
        ("Domain=a.org; Domain=", {"domain": ""}),
        ("Path=/x", {"path": "/x"}),
        ("Path=x", {"path": ""}),
        ("Path=/x; Path=", {"path": ""}),
        ("Path=/x; Path=/y", {"path": "/y"}),
        ("Secure", {"is_secure": True}),
        ("secure=false", {"is_secure": True}),
        ("HttpOnly", {"is_http_only": True}),
        ("SameSite=LAX", {"same_site": "Lax"}),
        ("SameSite=none", {"same_site": "None"}),
        ("SameSite=Strict; SameSite=other", {"same_site": ""}),
        ("Domain=" + "a" * 1025, {"domain": ""}),
        ("Foo=bar; Comment; ;;", {}),
    ],
)
def test_attributes(attributes, expected):
    cookie = parse_set_cookie(f"a=b; {attributes}", NOW)
    plain = parse_set_cookie("a=b", NOW)
    assert cookie is not None
    assert plain is not None
    assert cookie == plain._replace(**expected)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("Sun, 06 Nov 1994 08:49:37 GMT", NOW),
        ("Sunday, 06-Nov-94 08:49:37 GMT", NOW),
        ("Sun Nov  6 08:49:37 1994", NOW),
        ("6 november 1994 8:49:37", NOW),
        ("1994/6/Nov 08:49:37", NOW),
        ("08:49:37 Nov 6 94 junk 12", NOW),
        ("Sun, 06 Nov 1994 08:49:37.5 GMT", NOW),
        ("01 Jan 69 00:00:00", 3124224000.0),
        ("01 Jan 70 00:00:00", 0.0),
        ("01 Jan 1601 00:00:00", -11644473600.0),
        ("01 Jan 1600 00:00:00", None),
        ("30 Feb 2000 00:00:00", None),
        ("00 Jan 2000 00:00:00", None),
        ("01 Jan 2000 24:00:00", None),
        ("01 Jan 2000 00:60:00", None),
        ("01 Jan 2000 00:00:60", None),
        ("01 Jan 2000 00:00", None),
        ("01 Jan 00:00:00", None),
        ("Jan 2000 00:00:00", None),
        ("01 2000 00:00:00", None),
        ("01 Jan 20000 00:00:00", None),
        ("", None),
        ("1 " * 100_000, None),
    ],
)
def test_dates(text, moment):
    assert parse_date(text) == moment


@given(st.text(st.characters(max_codepoint=255), max_size=300))
def test_anything(field):
    cookie = parse_set_cookie(field, NOW)
    if cookie is not None:
        assert cookie.name or cookie.value
        assert ";" not in cookie.name + cookie.value
        assert "=" not in cookie.name
    parse_date(field)


@pytest.mark.parametrize("piece", [";", "=", ";a=", "; Expires=1 ", " ", "; Max-Age=1", "a"])
def test_long_fields(piece):
    parse_set_cookie("a=b" + piece * 20_000, NOW)


@pytest.mark.parametrize(
    ("path", "directory"),
    [("/", "/"), ("/a", "/"), ("/a/", "/a"), ("/a/b", "/a"), ("/a/b/c?d/e", "/a/b"), ("?x", "/")],
)
def test_default_paths(path, directory):
    assert default_path(path) == directory
