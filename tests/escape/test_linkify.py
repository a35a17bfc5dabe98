"""Which parts of a text become links, and that nothing in them becomes markup."""

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waterspout.escape import linkify


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("Hello http://example.com!", ["http://example.com"]),
        (b"http://example.com/\xc3\xa9", ["http://example.com/é"]),
        (
            "www.example.com and www.example.org/a?b=c.",
            ["www.example.com", "www.example.org/a?b=c"],
        ),
        ("WWW.EXAMPLE.COM", ["WWW.EXAMPLE.COM"]),
        ("HTTP://example.com", ["HTTP://example.com"]),
        ("(http://example.com/a_(b)_c)", ["http://example.com/a_(b)_c"]),
        ("http://example.com/a,(b)", ["http://example.com/a"]),
        ("http://example.com/(unclosed", ["http://example.com/"]),
        ("http://example.com/((two))", ["http://example.com/"]),
        ('<a href="http://example.com/">', ["http://example.com/"]),
        ("it's 'http://example.com/it's'", ["http://example.com/it"]),
        ("http://example.com/?a=1&b=2&", ["http://example.com/?a=1&b=2"]),
        ("http://a.com\x00b http://b.com\x7f", ["http://a.com", "http://b.com"]),
        ("http://u:p@[::1]:80/", ["http://u:p@[::1]:80/"]),
        ("a http://a.com http://b.com", ["http://a.com", "http://b.com"]),
        ("--http://a.com.http://b.com", ["http://a.com.http://b.com"]),
        ("://www.a.com", ["www.a.com"]),
        # No links: no scheme, no host, or a scheme that is not permitted.
        ("example.com mailto:a@example.com", []),
        ("http:// http://... www. www... ://a", []),
        ("http:/a.com", []),
        ("xwww.a.com _www.a.com", []),
        ("javascript:alert(1) javascript://www.example.com/%0aalert(1)", []),
        ("ftp://www.example.com/ x-http://www.example.com/", []),
        ("", []),
    ],
)
def test_what_becomes_a_link(text, links):
    linked = linkify(text)
    assert re.findall('<a href="[^"<>]*">([^<]*)</a>', linked) == [html.escape(x) for x in links]
    plain = text.decode() if isinstance(text, bytes) else text
    assert html.unescape(re.sub("<[^<>]*>", "", linked)) == plain


@pytest.mark.parametrize(
    ("arguments", "text", "linked"),
    [
        ({}, "www.a.com", '<a href="http://www.a.com">www.a.com</a>'),
        ({}, 'http://a.com/"onclick', '<a href="http://a.com/&quot;onclick">http://a.com/&quot;onclick</a>'),
        ({"require_protocol": True}, "www.a.com <b>", "www.a.com &lt;b&gt;"),
        ({"extra_params": '  rel="nofollow" '}, "http://a.com", '<a href="http://a.com" rel="nofollow">http://a.com</a>'),
        (
            {"extra_params": lambda url: f'title="{url}"'},
            "http://a.com/?a&b",
            '<a href="http://a.com/?a&amp;b" title="http://a.com/?a&amp;b">http://a.com/?a&amp;b</a>',
        ),
        ({"extra_params": lambda url: ""}, "http://a.com", '<a href="http://a.com">http://a.com</a>'),
        ({"permitted_protocols": ["ftp"]}, "http://a.com ftp://a.com", 'http://a.com <a href="ftp://a.com">ftp://a.com</a>'),
    ],
)  # fmt: skip
def test_arguments(arguments, text, linked):
    assert linkify(text, **arguments) == linked


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://example.com/", None),
        ("http://example.com/a/very/long/path/index.html", "http://example.com/a..."),
        ("http://example.com/averylongsegment/x", "http://example.com/averylon..."),
        ("http://example.com/?query=of-a-certain-length", "http://example.com/..."),
        ("www.example.com/path.html?of=a-certain-length", "www.example.com/path..."),
        ("http://" + "a" * 60 + ".example.com/", "http://" + "a" * 23 + "..."),
        # Shorter by less than the ellipsis: as it is.
        ("http://example.com/12345678901", None),
        # An escape is never cut in two.
        ("http://" + "&" * 60 + "a.com/", "http://" + "&" * 23 + "..."),
    ],
)
def test_long_urls_are_shown_cut(url, shown):
    target = html.escape(url if url.startswith("http") else f"http://{url}")
    if shown is None:
        expected = f'<a href="{target}">{url}</a>'
    else:
        expected = f'<a href="{target}" title="{target}">{html.escape(shown)}</a>'
    assert linkify(url, shorten=True) == expected


PIECES = st.sampled_from(
    [*"a-()<>\"'& /.\x00é?", "http", "://", "www.", "javascript:", "&amp;", "https://a.com/"]
)


@given(st.lists(PIECES).map("".join), st.booleans(), st.booleans())
def test_all_but_the_links_is_the_escaped_text(text, shorten, require_protocol):
    linked = linkify(text, require_protocol=require_protocol)
    assert re.sub(r'<a href="https?://[^"<>\x00- ]+">|</a>', "", linked) == html.escape(text)
    if shorten:
        short = linkify(text, shorten=True, require_protocol=require_protocol)
        assert short.count("<a ") == linked.count("<a ")
        assert set(re.sub(r"<a [^<>]*>|</a>", "", short)).isdisjoint("<>\"'")


class Counted(str):
    """A text that counts how often single characters are asked for."""

    asked = 0

    def __getitem__(self, key):
        if isinstance(key, int):
            Counted.asked += 1
        else:
            Counted.asked += len(range(*key.indices(len(self))))
        return str.__getitem__(self, key)


@pytest.mark.parametrize(
    "piece",
    [
        "://",
        "a://",
        "www.",
        "(www.a",
        "http://(",
        "http://a(b",
        "-",
        "a-",
        "a",
        "http://a,",
        "&",
        "(",
    ],
)
def test_takes_time_in_proportion(piece):
    counts = []
    for size in (2_000, 4_000):
        Counted.asked = 0
        linkify(Counted(piece * size))
        counts.append(Counted.asked)
    assert counts[1] <= 2 * counts[0] + 100
