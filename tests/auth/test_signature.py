"""The examples of RFC 5849 and of Twitter's documentation."""

import pytest

from waterspout.auth.signature import authorization, base_string, signature

TWITTER = {
    "status": "Hello Ladies + Gentlemen, a signed OAuth request!",
    "oauth_consumer_key": "xvz1evFS4wEEPTGEFPHBog",
    "oauth_nonce": "kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg",
    "oauth_signature_method": "HMAC-SHA1",
    "oauth_timestamp": "1318622958",
    "oauth_token": "370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb",
    "oauth_version": "1.0",
}
PHOTOS = {
    "oauth_consumer_key": "dpf43f3p2l4k3l03",
    "oauth_signature_method": "HMAC-SHA1",
}


@pytest.mark.parametrize(
    ("version", "signed"),
    [("1", "tnnArxj06cWHq44gCs1OSKk/jLY="), ("1.1", "hCtSmYh+iHYCEqBWrE7C7hYmtUk=")],
)
def test_twitters_example(version, signed):
    url = f"https://api.twitter.com/{version}/statuses/update.json?include_entities=true"
    secrets = (
        "kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw",
        "LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE",
    )
    assert signature("POST", url, TWITTER.items(), *secrets) == signed


@pytest.mark.parametrize(
    ("method", "url", "parameters", "token_secret", "signed"),
    [
        (
            "POST",
            "https://photos.example.net/initiate",
            {
                "oauth_timestamp": "137131200",
                "oauth_nonce": "wIjqoS",
                "oauth_callback": "http://printer.example.com/ready",
            },
            "",
            "74KNZJeDHnMBp0EMJ9ZHt/XKycU=",
        ),
        (
            "POST",
            "https://photos.example.net/token",
            {
                "oauth_token": "hh5s93j4hdidpola",
                "oauth_timestamp": "137131201",
                "oauth_nonce": "walatlh",
                "oauth_verifier": "hfdp7dh39dks9884",
            },
            "hdhd0244k9j7ao03",
            "gKgrFCywp7rO0OXSjdot/IHF7IU=",
        ),
        (
            "GET",
            "http://photos.example.net/photos?file=vacation.jpg&size=original",
            {
                "oauth_token": "nnch734d00sl2jdk",
                "oauth_timestamp": "137131202",
                "oauth_nonce": "chapoH",
            },
            "pfkkdhi9sl3r4s00",
            "MdpQcU8iPSUjWoN/UDMsK2sui9I=",
        ),
    ],
)
def test_the_example_of_section_1_2(method, url, parameters, token_secret, signed):
    pairs = {**PHOTOS, **parameters}.items()
    assert signature(method, url, pairs, "kd94hf93k423kf44", token_secret) == signed


def test_the_base_string_of_section_3_4_1_1():
    parameters = [
        ("oauth_consumer_key", "9djdj82h48djs9d2"),
        ("oauth_token", "kkk9d7dh3k39sjv7"),
        ("oauth_signature_method", "HMAC-SHA1"),
        ("oauth_timestamp", "137131201"),
        ("oauth_nonce", "7d8f3e4a"),
        ("c2", ""),
        ("a3", "2 q"),
    ]
    url = "http://EXAMPLE.COM:80/request?b5=%3D%253D&a3=a&c%40=&a2=r%20b"
    assert base_string("post", url, parameters) == (
        "POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q"
        "%26a3%3Da%26b5%3D%253D%25253D%26c%2540%3D%26c2%3D%26oauth_consumer_"
        "key%3D9djdj82h48djs9d2%26oauth_nonce%3D7d8f3e4a%26oauth_signature_m"
        "ethod%3DHMAC-SHA1%26oauth_timestamp%3D137131201%26oauth_token%3Dkkk"
        "9d7dh3k39sjv7"
    )


@pytest.mark.parametrize(
    ("url", "uri"),
    [
        ("http://example.com", "http://example.com/"),
        ("HTTPS://Example.com:443/A%20b?x#y", "https://example.com/A%20b"),
        ("https://www.example.net:8080/?q=1", "https://www.example.net:8080/"),
        ("http://u:p@[2001:DB8::1]:81/", "http://[2001:db8::1]:81/"),
    ],
)
def test_the_uri_of_section_3_4_1_2(url, uri):
    encoded = uri.replace("%", "%25").replace(":", "%3A").replace("/", "%2F")
    encoded = encoded.replace("[", "%5B").replace("]", "%5D")
    assert base_string("GET", url, []).split("&")[1] == encoded


def test_the_field_of_section_3_5_1():
    field = authorization({"oauth_nonce": "a b", "oauth_signature": '74KN/X+y="é~'})
    assert field == 'OAuth oauth_nonce="a%20b", oauth_signature="74KN%2FX%2By%3D%22%C3%A9~"'
