"""Which peers a list holds, and which texts are addresses."""

from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waterspout.httpserver.peers import LOCAL_PEERS, PeerList, listed_peers, parse_address


@pytest.mark.parametrize(
    ("names", "address", "is_listed"),
    [
        (["10.0.0.1"], ("10.0.0.1", 80), True),
        (["10.0.0.1"], ("10.0.0.2", 80), False),
        (["10.0.0.0/8"], ("10.200.3.4", 80), True),
        (["10.0.0.0/8"], ("11.0.0.1", 80), False),
        (["10.0.0.0/8"], ("::ffff:10.1.2.3", 80, 0, 0), True),
        (["::ffff:10.1.2.3"], ("10.1.2.3", 80), True),
        (["2001:db8::/32"], ("2001:db8::7", 80, 0, 0), True),
        (["2001:DB8:0::7"], ("2001:db8::7", 80, 0, 0), True),
        (["2001:db8::/32"], ("10.0.0.1", 80), False),
        (["fe80::/10"], ("fe80::1%eth0", 80, 0, 2), True),
        (["unix"], None, True),
        (["unix"], "/run/proxy.sock", True),
        (["unix"], ("127.0.0.1", 80), False),
        (["127.0.0.1"], None, False),
        (["*"], ("203.0.113.1", 80), True),
        (["*"], None, True),
        ([], ("127.0.0.1", 80), False),
        ([], None, False),
    ],
)
def test_a_list(names: list[str], address: object, is_listed: bool):
    assert PeerList(names).has_peer(address) is is_listed


@pytest.mark.parametrize("name", ["", "proxy.local", "10.0.0.1/33", "10.0.0.1:80", "/", "1.2.3.04"])
def test_what_is_no_peer(name: str):
    with pytest.raises(ValueError, match=r"a peer is an IP address, .*, not " + f"'{name}'"):
        PeerList([name])


def test_a_network_with_host_bits_is_explained():
    with pytest.raises(ValueError, match=r"10\.0\.0\.1/8' *: .*has host bits set"):
        PeerList(["10.0.0.1/8"])


def test_one_text_is_no_list():
    with pytest.raises(TypeError, match=r"peers are a list of addresses and networks, not '10"):
        PeerList("10.0.0.1")


@pytest.mark.parametrize("names", [None, [], ()])
def test_without_names_it_is_who_is_near(names):
    near = listed_peers(names)
    assert repr(near) == f"PeerList({list(LOCAL_PEERS)!r})"
    for host in ("127.0.0.1", "10.1.2.3", "172.31.0.1", "192.168.0.9", "::1", "fd00::1"):
        assert near.has_peer((host, 80))
    assert near.has_peer(None)
    for host in ("172.32.0.1", "8.8.8.8", "100.64.0.1", "2001:db8::1", "0.0.0.0"):
        assert not near.has_peer((host, 80))


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("1.2.3.4", "1.2.3.4"),
        ("1.2.3.4:80", "1.2.3.4"),
        ("::1", "::1"),
        ("2001:DB8:0:0::1", "2001:db8::1"),
        ("[::1]", "::1"),
        ("[::1]:65535", "::1"),
        ("::ffff:1.2.3.4", "1.2.3.4"),
        ("[::ffff:102:304]:1", "1.2.3.4"),
    ],
)
def test_an_address(text: str, address: str):
    assert str(parse_address(text)) == address


@pytest.mark.parametrize(
    "text",
    [
        "",
        "unknown",
        "_hidden",
        "localhost",
        "1.2.3",
        "1.2.3.4.5",
        "01.2.3.4",
        "1.2.3.4:",
        "1.2.3.4:a",
        "1.2.3.4:-1",
        "1.2.3.4:123456",
        "1.2.3.4:\u0661",
        "\u0661.2.3.4",
        "[1.2.3.4]",
        "[::1",
        "::1]",
        "[::1]80",
        "[::1]:",
        "fe80::1%eth0",
        "fe80::1%<script>",
        '"[::1]:80"',
        "1.2.3.4 ",
        "0" * 10_000,
    ],
)
def test_no_address(text: str):
    assert parse_address(text) is None


@given(st.ip_addresses(), st.integers(0, 65535))
def test_every_address_with_and_without_a_port(address, port: int):
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    plain = mapped or address
    assert parse_address(str(address)) == plain
    host = f"[{address}]" if isinstance(address, IPv6Address) else str(address)
    assert parse_address(f"{host}:{port}") == plain
    assert PeerList([str(address)]).has_address(plain)


@given(st.text("0123456789abcdef.:[]%/ ,", max_size=70))
def test_no_text_is_an_error(text: str):
    found = parse_address(text)
    assert found is None or isinstance(found, IPv4Address | IPv6Address)
    if found is not None:
        assert ip_address(str(found)) == found
