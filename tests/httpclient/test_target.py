"""URLs: what is taken, what it means, and what is refused."""

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waterspout.httpclient import HTTPRequest
from waterspout.httpclient import target as target_module
from waterspout.httpclient.hostnames import to_ascii
from waterspout.httpclient.target import (
    parse_url,
    redacted,
    resolve_reference,
    without_credentials,
)


@pytest.mark.parametrize(
    ("url", "host", "port", "authority", "path"),
    [
        ("http://example.org", "example.org", 80, "example.org", "/"),
        ("http://example.org/", "example.org", 80, "example.org", "/"),
        ("HTTP://Example.ORG:80/A", "example.org", 80, "example.org", "/A"),
        ("https://example.org", "example.org", 443, "example.org", "/"),
        ("https://example.org:80", "example.org", 80, "example.org:80", "/"),
        ("http://example.org:", "example.org", 80, "example.org", "/"),
        ("http://example.org?a=b", "example.org", 80, "example.org", "/?a=b"),
        ("http://example.org/?", "example.org", 80, "example.org", "/?"),
        ("http://example.org/a?b?c/d", "example.org", 80, "example.org", "/a?b?c/d"),
        ("http://example.org//x", "example.org", 80, "example.org", "//x"),
        ("http://example.org/a@b:c", "example.org", 80, "example.org", "/a@b:c"),
        ("http://example.org./", "example.org.", 80, "example.org.", "/"),
        ("http://0x1g/", "0x1g", 80, "0x1g", "/"),
        ("http://1.example/", "1.example", 80, "1.example", "/"),
        ("http://under_score.org/", "under_score.org", 80, "under_score.org", "/"),
        ("http://127.0.0.1:8080/", "127.0.0.1", 8080, "127.0.0.1:8080", "/"),
        ("http://[::1]/", "::1", 80, "[::1]", "/"),
        ("http://[0:0:0:0:0:0:0:1]:81/", "::1", 81, "[::1]:81", "/"),
        (
            "http://bücher.example/ü",
            "xn--bcher-kva.example",
            80,
            "xn--bcher-kva.example",
            "/%C3%BC",
        ),
    ],
)
def test_taken_apart(url, host, port, authority, path):
    target = parse_url(url)
    assert (target.host, target.port, target.authority, target.path) == (
        host,
        port,
        authority,
        path,
    )
    assert target.credentials is None
    assert parse_url(target.url) == target


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.org",
        "/path",
        "//example.org/",
        "http:/example.org/",
        "http:example.org",
        "http://",
        "http:///path",
        "http://?q",
        "ftp://example.org/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "http://example.org:x/",
        "http://example.org:-1/",
        "http://example.org:0/",
        "http://example.org:65536/",
        "http://example.org:٣/",
        "http://example.org:80:80/",
        "http://::1/",
        "http://[::1/",
        "http://[::1]x/",
        "http://[fe80::1%25eth0]/",
        "http://[127.0.0.1]/",
        "http://exa mple.org/",
        "http://example.org\\@evil.org/",
        "http://example.org\\evil",
        "http://a@b@c/",
        "http://-example.org/",
        "http://example..org/",
        "http://.example.org/",
        "http://example%2eorg/",
        "http://exam<ple.org/",
        "http://" + "a" * 64 + ".org/",
        "http://" + "a." * 130 + "org/",
        "http://" + "ü" * 64 + ".org/",
        " http://example.org/",
        "http://example.org/ ",
        "http://example.org/\n",
        "http://example.org/\x00",
        "http://example.org/#a b",
        "http\n://example.org/",
    ],
)
def test_refused(url):
    with pytest.raises(ValueError, match=r"URL|host|port|IPv6|@"):
        parse_url(url)


@pytest.mark.parametrize(
    ("host", "ascii_host"),
    [
        ("b\u00fccher.example", "xn--bcher-kva.example"),
        ("B\u00dcCHER.example", "xn--bcher-kva.example"),
        ("bu\u0308cher.example", "xn--bcher-kva.example"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("\uff45\uff58ample.org", "example.org"),  # of full width
        ("b\u00fccher\u3002example", "xn--bcher-kva.example"),  # a full stop of China
        ("\u4f8b\u3048.jp", "xn--r8jz45g.jp"),
        ("\uff11\uff12\uff17.1", "127.0.0.1"),  # digits of full width
        # Another host by IDNA 2003.
        ("stra\u00dfe.example", "xn--strae-oqa.example"),
        ("\u03c3\u03c2.example", "xn--3xab.example"),
    ],
)
def test_names_of_other_scripts(host, ascii_host):
    pytest.importorskip("idna")
    assert parse_url(f"http://{host}/").host == ascii_host


@pytest.mark.parametrize(
    "host",
    [
        "\u00fc..example",
        "\u00fc" * 64,
        "a\u200db.example",
        "\u00fc" * 5000,
        "\ud800",
        "\u00ad",
        "\uff05\uff12\uff12",  # would be %22
        "a\uff0fb",  # a slash
        "a\uff20b",  # an @
        "a\uff1ab",  # a colon
        "a\u2048b",  # would be ?!
        "\u0661\u0662.1",
    ],
)
def test_what_is_no_name_of_any_script(host):
    with pytest.raises(ValueError, match=r"host name|IPv4"):
        parse_url(f"http://{host}/")


def test_without_a_library_for_names(monkeypatch):
    """What would lead to another host is refused."""
    monkeypatch.setitem(sys.modules, "idna", None)
    assert to_ascii("b\u00fccher.example") == "xn--bcher-kva.example"
    with pytest.raises(ValueError, match=r"waterspout\[idna\]"):
        to_ascii("stra\u00dfe.example")
    with pytest.raises(ValueError, match="invalid host name"):
        to_ascii("\u00fc..example")


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("127.0.0.1.", "127.0.0.1"),
        ("127.1", "127.0.0.1"),
        ("127.0.1", "127.0.0.1"),
        ("2130706433", "127.0.0.1"),
        ("0x7f000001", "127.0.0.1"),
        ("0X7F.1", "127.0.0.1"),
        ("0x7f.0x0.0x0.0x1", "127.0.0.1"),
        ("0", "0.0.0.0"),
        ("0x", "0.0.0.0"),
        ("255.255.255.255", "255.255.255.255"),
        ("4294967295", "255.255.255.255"),
        ("1.2.65535", "1.2.255.255"),
    ],
)
def test_numbers_are_addresses(host, address):
    target = parse_url(f"http://{host}:81/")
    assert (target.host, target.authority) == (address, f"{address}:81")


@pytest.mark.parametrize(
    "host",
    [
        "256.0.0.1",
        "1.2.3.256",
        "1.2.65536",
        "1.16777216",
        "4294967296",
        "1.2.3.4.5",
        "1..2",
        "a.1",
        "a.0x1",
        "a.0x",
        "127.0.0.01",
        "010.0.0.1",
        "9" * 60,
        "1.2.3.4..",
    ],
)
def test_what_is_no_address(host):
    with pytest.raises(ValueError, match=r"IPv4|host name"):
        parse_url(f"http://{host}/")


def test_credentials():
    target = parse_url("http://me%3A:p%40ss:word@example.org/#f")
    assert target.credentials == (b"me:", b"p@ss:word")
    assert target.url == "http://example.org/#f"
    assert "word" not in target.url
    assert parse_url("http://me@example.org/").credentials == (b"me", b"")
    assert parse_url("http://@example.org/").credentials == (b"", b"")


@pytest.mark.parametrize(
    "url",
    [
        "http://me:secret@exam ple/",
        "ftp://me:secret@x/",
        "http://me:secret@x:y/",
        "me:secret@x",
        "//me:secret@x/",
        "http:/me:secret@x/",
        "http:///me:secret@x/",
        "http://me:secret/secret@x/",
        "http://me:2secret?secret@x/",
        "http://me:1a#secret:@secret@x/",
        "http://me:123456/secret@x/",
        "me:secret/secret@x",
    ],
)
def test_errors_do_not_tell_secrets(url):
    with pytest.raises(ValueError, match=r"URL|port|name") as caught:
        parse_url(url)
    assert "secret" not in str(caught.value)
    assert "secret" not in repr(HTTPRequest(url))


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/@me",
        "http://example.org:80/a:b@c",
        "http://[::1]:80/a:b@c",
        "/@me",
        "/a?b=ssh://git@example.org/",
        "http://example.org/?to=http://me@x/",
    ],
)
def test_what_only_looks_like_credentials_is_shown(url):
    assert without_credentials(url) == url
    assert redacted(url) == url


def test_credentials_without_a_scheme():
    assert without_credentials("//me:secret@x/@y") == "//x/@y"


def test_to_redact_takes_linear_time():
    for text in ("http://" + ":" * 1_000_000, "a:" * 1_000_000, "/" * 1_000_000):
        assert redacted(text).endswith("...")


def test_a_long_url_is_cut_in_messages():
    assert len(redacted("http://example.org/" + "x" * 1000)) < 250


@pytest.mark.parametrize(
    ("reference", "url"),
    [
        ("/b", "http://example.org/b#f"),
        ("b", "http://example.org/dir/b#f"),
        ("", "http://example.org/dir/a?q#f"),
        ("?x", "http://example.org/dir/a?x#f"),
        ("#g", "http://example.org/dir/a?q#g"),
        ("//other.org/x", "http://other.org/x#f"),
        ("https://other.org", "https://other.org#f"),
        ("http://me:secret@other.org/", "http://other.org/#f"),
        ("//me:secret@other.org/", "http://other.org/#f"),
        ("/b?to=ssh://git@other.org/", "http://example.org/b?to=ssh://git@other.org/#f"),
        ("//other.org/?to=http://me@x/", "http://other.org/?to=http://me@x/#f"),
        ("/a b", "http://example.org/a%20b#f"),
        (" /b ", "http://example.org/b#f"),
        ("/\xc3\xbc", "http://example.org/%C3%BC#f"),
        ("/a\tb", "http://example.org/a%09b#f"),
        ("/\\evil.org", "http://example.org/\\evil.org#f"),
        ("http:b", "http:b#f"),
        ("javascript:alert(1)", "javascript:alert(1)#f"),
    ],
)
def test_references(reference, url):
    base = parse_url("http://me:secret@example.org/dir/a?q#f")
    assert resolve_reference(base, reference) == url


@given(st.text())
def test_whatever_comes_nothing_bad_goes_on_the_wire(text):
    for url in (text, f"http://{text}", f"http://example.org/{text}", f"http://{text}@x/"):
        try:
            target = parse_url(url)
        except ValueError:
            continue
        for part in (target.path, target.authority):
            assert part.isascii()
            assert part.isprintable()
            assert " " not in part
        assert "#" not in target.path
        assert target.path.startswith("/")


@given(st.text(alphabet=st.characters(max_codepoint=255)))
def test_whatever_a_location_says_it_is_refused_or_harmless(text):
    base = parse_url("http://example.org/dir/")
    try:
        target = parse_url(resolve_reference(base, text))
    except ValueError:
        return
    assert target.path.isascii()
    assert " " not in target.url
    assert target.credentials is None


def read_by(parse, url):
    try:
        return parse(url)
    except ValueError as error:
        return str(error)


HOSTS = st.text("az09-._", max_size=8) | st.lists(
    st.sampled_from(
        ["0", "1", "01", "9", "127", "255", "256", "0x1", "1a", "a", "a" * 63, "b" * 64]
    ),
    max_size=6,
).map(".".join)
PORTS = st.sampled_from(["", ":", ":0", ":80", ":080", ":443", ":65535", ":65536", ":8x", ":-1"])
PATHS = st.text("/a?#@: %\\é\x7f\n[]", max_size=5)
URLS = st.tuples(st.sampled_from(["http://", "https://", "HTTP://", "http:/"]), HOSTS, PORTS, PATHS)


@given(URLS.map("".join) | st.text("htps:/a.9", max_size=12))
def test_what_most_urls_are_means_the_same_at_second_sight(url):
    assert read_by(parse_url.__wrapped__, url) == read_by(target_module._unusual, url)


def test_a_long_name_is_refused_at_first_sight_as_well():
    longest = "a." * 126 + "ab"
    assert parse_url(f"http://{longest}/").host == longest
    with pytest.raises(ValueError, match="invalid host name"):
        parse_url(f"http://{longest}c/")
