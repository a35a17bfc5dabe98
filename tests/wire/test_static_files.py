"""Static files from a raw socket: nothing outside the root is served, or even told to be there."""

import os

import pytest
from tests.wire.server_under_test import Wire, request

from waterspout.web import RedirectHandler, StaticFileHandler

SECRET = b"the secret"


@pytest.fixture
def rules(tmp_path):
    """A root with links of all kinds beside things that are nobody's business."""
    root = tmp_path / "root"
    (root / "dir").mkdir(parents=True)
    (root / "evil.example").mkdir()
    (root / "file").write_bytes(b"0123456789")
    (root / "dir" / "index.html").write_bytes(b"index")
    (root / "back\\slash").write_bytes(b"a name like any other here")
    (tmp_path / "secret").write_bytes(SECRET)
    (tmp_path / "rootsecret").write_bytes(SECRET)
    (tmp_path / "private").mkdir()
    (tmp_path / "private" / "there").write_bytes(SECRET)
    (root / "link").symlink_to("../secret")
    (root / "dangling").symlink_to("../not-there")
    (root / "out").symlink_to("../private")
    (root / "absolute").symlink_to(tmp_path / "secret")
    os.mkfifo(root / "fifo")
    return [
        ("/s/(.*)", StaticFileHandler, {"path": str(root)}),
        ("/d/(.*)", StaticFileHandler, {"path": str(root), "default_filename": "index.html"}),
        ("/+(.*)", StaticFileHandler, {"path": str(root), "default_filename": "index.html"}),
    ]


OUTSIDE = [
    "../{}",
    "dir/../../{}",
    "%2e%2e/{}",
    "%2e%2e%2f{}",
    "..%2f{}",
    "dir/%2e%2e/%2e%2e/{}",
    "./../{}",
    "..//{}",
    "../root/../{}",
    "out/../../{}",
    "out/{}",
    "/{}",
    "%2f{}",
    "/../{}",
    "%00../{}",
    "../{}%00",
    "../{}%00.html",
    "file%00{}",
]


@pytest.mark.parametrize("template", OUTSIDE)
@pytest.mark.parametrize("prefix", ["/s/", "/d/"])
async def test_nothing_outside_is_served_or_told_to_be_there(wire: Wire, rules, prefix, template):
    client = await wire.client(rules)
    answers = []
    for name in ("secret", "private", "there", "private/there", "not-there", "root", "file"):
        answer = await client.ask(path=prefix + template.format(name))
        assert SECRET not in answer.body
        answers.append((answer.status, answer.reason, answer.body, sorted(dict(answer.fields))))
    # What is there and what is not look the same.
    assert {answer[0] for answer in answers} == {403}
    assert all(answer == answers[0] for answer in answers)


async def test_the_real_path_of_the_root_is_not_told_either(wire: Wire, rules):
    client = await wire.client(rules)
    root = rules[0][2]["path"]
    for path in (f"{root}/file", f"../{os.path.basename(root)}/file"):
        assert (await client.ask(path=f"/s/{path}")).status == 403


@pytest.mark.parametrize(
    "path",
    ["link", "absolute", "dangling", "dangling/x", "out", "out/there", "out/not-there", "fifo", ""],
)
async def test_links_that_lead_outside_and_what_is_no_file(wire: Wire, rules, path):
    client = await wire.client(rules)
    for method in ("GET", "HEAD"):
        answer = await client.ask(path=f"/s/{path}", method=method)
        assert answer.status == 403
        assert SECRET not in answer.body


@pytest.mark.skipif(os.sep != "/", reason="there a backslash separates")
async def test_a_backslash_separates_nothing(wire: Wire, rules):
    client = await wire.client(rules)
    for path in ("..%5csecret", "..\\secret", "dir%5c..%5c..%5csecret", "C:%5csecret", "C:/secret"):
        assert (await client.ask(path=f"/s/{path}")).status == 404
    assert (await client.ask(path="/s/back%5cslash")).status == 200


@pytest.mark.parametrize("name", ["none", "none/", "file/none", "n" * 300, "dir/none", "%20"])
async def test_what_is_not_there(wire: Wire, rules, name):
    client = await wire.client(rules)
    answer = await client.ask(path=f"/s/{name}")
    assert answer.status == 404
    assert name.encode() not in answer.body


async def test_a_name_that_is_no_text(wire: Wire, rules):
    client = await wire.client(rules)
    assert (await client.ask(path="/s/%ff%fe")).status == 400


@pytest.mark.parametrize(
    ("path", "location"),
    [
        ("//evil.example", "/evil.example/"),
        ("///evil.example", "/evil.example/"),
        ("//evil.example/%2e%2e/dir", "/evil.example/%2e%2e/dir/"),
        ("//evil.example/../dir", "/evil.example/../dir/"),
        ("/d/dir", "/d/dir/"),
        ("/d/dir?next=//evil.example", "/d/dir/?next=//evil.example"),
    ],
)
async def test_a_directory_never_sends_to_another_site(wire: Wire, rules, path, location):
    client = await wire.client(rules)
    answer = await client.ask(path=path)
    assert (answer.status, answer["Location"]) == (301, location)


async def test_a_rule_never_sends_to_another_site(wire: Wire):
    client = await wire.client([("/go(.*)", RedirectHandler, {"url": "/{0}"})])
    for path in ("/go/evil.example", "/go//evil.example", "/go%2fevil.example"):
        assert (await client.ask(path=path)).status == 400
    answer = await client.ask(path="/go%5cevil.example")
    assert answer["Location"] == "/%5Cevil.example"


# Fields that are an attack


# Where anything were quadratic, a mebibyte of it would take hours.
LONG = 1024 * 1024


@pytest.mark.parametrize(
    "value",
    [
        "bytes=" + "0-1," * (LONG // 4),
        "bytes=" + ",".join(f"{n}-{n}" for n in range(LONG // 12)),
        "bytes=" + "9" * LONG + "-",
        "bytes=-" + "9" * LONG,
        "bytes=" + " " * LONG + "-",
        "bytes=0-1" + "," * LONG,
    ],
    ids=lambda value: value[:12],
)
async def test_a_long_range_is_read_in_linear_time_and_gets_the_whole(wire: Wire, rules, value):
    client = await wire.client(rules, max_header_size=2 * LONG)
    answer = await client.ask(f"Range: {value}", path="/s/file")
    assert (answer.status, answer.body) == (200, b"0123456789")


@pytest.mark.parametrize("name", ["If-None-Match", "If-Match", "If-Range", "Accept-Encoding"])
@pytest.mark.parametrize("unit", ['"', 'W/"', ", ", "a;q=0,", "Sun, "])
@pytest.mark.slow
async def test_long_conditions_are_read_in_linear_time(wire: Wire, rules, name, unit):
    client = await wire.client(rules, max_header_size=2 * LONG)
    value = unit * (LONG // len(unit)) + "x"
    answer = await client.ask(f"{name}: {value}", "Range: bytes=1-2", path="/s/file")
    assert answer.status in (200, 206, 412)


async def test_digits_are_ascii_digits(wire: Wire, rules):
    client = await wire.client(rules)
    for value in (b"bytes=\xb2-3", "bytes=\u0661-2".encode(), b"bytes=+1-2", b"bytes=1_0-2"):
        answer = await client.ask(b"Range: " + value, path="/s/file")
        assert (answer.status, answer.body) == (200, b"0123456789")


# Framing


async def test_answers_follow_each_other_without_a_byte_too_many(wire: Wire, rules):
    client = await wire.client(rules)
    asked = [
        ("GET", [], 200, b"0123456789"),
        ("HEAD", [], 200, b""),
        ("GET", ["Range: bytes=2-4"], 206, b"234"),
        ("GET", ["Range: bytes=10-"], 416, b""),
        ("HEAD", ["Range: bytes=2-4"], 200, b""),
        ("GET", ["If-None-Match: *"], 304, b""),
        ("HEAD", ["If-None-Match: *"], 304, b""),
        ("GET", [], 200, b"0123456789"),
    ]
    await client.send(
        b"".join(request(*lines, method=method, path="/s/file") for method, lines, _, _ in asked)
    )
    for method, _, status, body in asked:
        answer = await client.response(method)
        assert (answer.status, answer.body) == (status, body)
        if status == 304:
            assert "Content-Length" not in answer
            assert "Content-Type" not in answer
        elif method == "HEAD":
            assert answer["Content-Length"] == "10"
        else:
            assert answer["Content-Length"] == str(len(body))
    assert await client.receives_nothing()
