"""What the tests of the client have in common."""

import ssl

import pytest
import trustme
from tests.httpclient.styles import STYLES, AwaitingOnUvloop

# To await on either loop is one way to call the client: in a hurry one of them is enough.
_PARAMETERS = [
    pytest.param(
        style,
        id=style.__name__,
        marks=[pytest.mark.slow] if style is AwaitingOnUvloop else [],
    )
    for style in STYLES
]


@pytest.fixture(params=_PARAMETERS)
def make_client(request):
    """A function that makes a client, with its arguments, called in each of the styles in turn."""
    made = []

    def make(**arguments):
        client = request.param(**arguments)
        made.append(client)
        return client

    yield make
    for client in made:
        client.close()


@pytest.fixture
def client(make_client):
    """A client without arguments, in each of the styles in turn."""
    return make_client()


@pytest.fixture(scope="session")
def authority():
    """Who signs certificates in these tests."""
    return trustme.CA()


@pytest.fixture(scope="session")
def ca_certs(authority, tmp_path_factory):
    """A file with the certificate of the authority."""
    path = tmp_path_factory.mktemp("tls") / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return str(path)


@pytest.fixture(scope="session")
def server_tls(authority):
    """A context for servers with a certificate for localhost and 127.0.0.1."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost", "127.0.0.1").configure_cert(context)
    return context
