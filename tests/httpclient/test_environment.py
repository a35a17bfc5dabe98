"""Which proxy the environment names for which URL, and what goes without one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waterspout.httpclient.roads.environment import NoProxy, ProxyEnvironment
from waterspout.httpclient.target import parse_url

#: What ``no_proxy`` says, a host, a port, and whether that goes without a proxy.
CASES = [
    ("", "example.org", 80, False),
    ("*", "example.org", 80, True),
    ("example.org", "example.org", 80, True),
    ("example.org", "www.example.org", 80, True),
    ("example.org", "myexample.org", 80, False),
    ("example.org", "org", 80, False),
    ("example.org", "example.org.evil.test", 80, False),
    (".example.org", "example.org", 80, True),
    (".example.org", "www.example.org", 80, True),
    (".example.org", "myexample.org", 80, False),
    ("..example.org", "www.example.org", 80, False),
    ("example.org..", "example.org", 80, False),
    ("EXAMPLE.org", "example.org", 80, True),
    ("example.org.", "example.org", 80, True),
    ("example.org", "example.org.", 80, True),
    ("a.test,example.org", "example.org", 80, True),
    ("a.test, example.org", "example.org", 80, True),
    ("a.test example.org", "example.org", 80, True),
    (",,a.test,, ,", "b.test", 80, False),
    ("localhost", "127.0.0.1", 80, False),
    ("127.0.0.1", "127.0.0.1", 80, True),
    ("127.0.0.1", "127.0.0.2", 80, False),
    ("0.0.1", "127.0.0.1", 80, False),
    ("127.0.0.0/8", "127.9.9.9", 80, True),
    ("127.0.0.0/8", "128.0.0.1", 80, False),
    ("127.0.0.1/8", "127.9.9.9", 80, True),
    ("10.0.0.0/99", "10.0.0.1", 80, False),
    ("10.0.0.0/8", "10.example.org", 80, False),
    ("::1", "::1", 80, True),
    ("[fd00::]/8", "fd12::1", 80, False),
    ("fd00::/8", "fe80::1", 80, False),
    ("::1", "127.0.0.1", 80, False),
]

#: The same, beyond what curl knows, or knows in all its versions.
MORE_CASES = [
    ("[::1]", "::1", 80, True),
    ("0:0:0:0:0:0:0:1", "::1", 80, True),
    ("fd00::/8", "fd12::1", 80, True),
    ("0.0.0.0/0", "127.0.0.1", 80, True),
    ("*.example.org", "www.example.org", 80, True),
    ("*.example.org", "myexample.org", 80, False),
    ("a.test,*", "example.org", 80, True),
    ("example.org:80", "example.org", 80, True),
    ("example.org:80", "www.example.org", 80, True),
    ("example.org:80", "example.org", 81, False),
    ("example.org:", "example.org", 81, True),
    ("example.org:x", "example.org", 80, False),
    ("127.0.0.1:80", "127.0.0.1", 80, True),
    ("127.0.0.1:80", "127.0.0.1", 81, False),
    ("[::1]:80", "::1", 80, True),
    ("[::1]:80", "::1", 81, False),
    ("[::1", "::1", 80, False),
    ("[::1]x", "::1", 80, False),
    ("*:80", "example.org", 80, True),
    ("*:80", "example.org", 81, False),
    ("*.", "example.org", 80, False),
    (".", "example.org", 80, False),
]


@pytest.mark.parametrize(("listed", "host", "port", "is_covered"), CASES + MORE_CASES)
def test_exceptions(listed, host, port, is_covered):
    assert NoProxy(listed).covers(host, port) is is_covered


@given(st.text(), st.text(alphabet="ab.:[]*/019", max_size=20), st.integers(1, 65535))
def test_any_list_says_yes_or_no(text, listed, port):
    for each in (text, listed, f"{listed},{text}"):
        assert NoProxy(each).covers("a.b", port) in (True, False)
        assert NoProxy(f"{each},a.b").covers("a.b", port) is True


@pytest.mark.slow
def test_a_long_list_is_a_quick_one():
    listed = NoProxy(",".join(f"host{number}.test" for number in range(100_000)))
    assert listed.covers("a.host99999.test", 80)
    assert not listed.covers("host.test", 80)
    assert not NoProxy("a").covers(".".join("b" * 127), 80)


@pytest.mark.parametrize(
    ("variables", "url", "proxy"),
    [
        ({}, "http://a.test/", None),
        ({"http_proxy": "p"}, "http://a.test/", "http://p:80"),
        ({"http_proxy": "p"}, "https://a.test/", None),
        ({"https_proxy": "p:3128"}, "https://a.test/", "http://p:3128"),
        ({"HTTPS_PROXY": "p:3128"}, "https://a.test/", "http://p:3128"),
        ({"http_proxy": "p", "HTTP_PROXY": "q"}, "http://a.test/", "http://p:80"),
        ({"http_proxy": "", "HTTP_PROXY": "q"}, "http://a.test/", "http://q:80"),
        ({"all_proxy": "socks5h://p"}, "http://a.test/", "socks5h://p:1080"),
        ({"ALL_PROXY": "socks5h://p"}, "https://a.test/", "socks5h://p:1080"),
        ({"all_proxy": "p", "https_proxy": "q"}, "https://a.test/", "http://q:80"),
        ({"all_proxy": "p", "https_proxy": "q"}, "http://a.test/", "http://p:80"),
        ({"http_proxy": "p", "no_proxy": "a.test"}, "http://a.test/", None),
        ({"http_proxy": "p", "NO_PROXY": "a.test"}, "http://a.test/", None),
        (
            {"http_proxy": "p", "no_proxy": "b", "NO_PROXY": "a.test"},
            "http://a.test/",
            "http://p:80",
        ),
        ({"HTTP_PROXY": "p", "REQUEST_METHOD": "GET"}, "http://a.test/", None),
        ({"http_proxy": "p", "REQUEST_METHOD": "GET"}, "http://a.test/", "http://p:80"),
        ({"HTTPS_PROXY": "p", "REQUEST_METHOD": "GET"}, "https://a.test/", "http://p:80"),
    ],
)
def test_variables(variables, url, proxy):
    environment = ProxyEnvironment(variables)
    found = environment.proxy_for(parse_url(url))
    assert (found and f"{found.scheme}://{found.peer}") == proxy
    assert (
        bool(environment)
        == any(variables.get(name) for name in variables if name.lower() != "no_proxy")
        or "REQUEST_METHOD" in variables
    )


def test_a_bad_variable_hurts_who_needs_it():
    environment = ProxyEnvironment({"http_proxy": "gopher://me:s3cret@p", "no_proxy": "a.test"})
    assert environment.proxy_for(parse_url("http://a.test/")) is None
    with pytest.raises(ValueError, match=r"http_proxy: unsupported proxy 'gopher://p'") as caught:
        environment.proxy_for(parse_url("http://b.test/"))
    assert "s3cret" not in str(caught.value)
    assert "s3cret" not in repr(environment)
