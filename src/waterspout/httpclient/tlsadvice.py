"""What a failure of TLS means, and what can be done about it. Decides; does no I/O."""

import ssl

__all__ = ["tls_reason"]

# By the number that OpenSSL has for what is wrong with a certificate (X509_V_ERR_...).
_CERTIFICATES = {
    9: "it is not valid yet: is the clock of this machine right?",
    10: "it has expired: the server has to renew it, unless the clock of this machine is wrong",
    18: "if it is to be trusted, give it as ca_certs",
    19: "if that authority is to be trusted, give its certificate as ca_certs",
    20: "nobody who is trusted here has signed it: give the authority's certificate as ca_certs; "
    "or the server leaves out certificates between the two",
    21: "nobody who is trusted here has signed it: give the authority's certificate as ca_certs",
    23: "it was revoked: the server has to get another one",
    62: "the server is another one, or has the wrong certificate",
    64: "the server is another one, or has the wrong certificate",
}

_NO_TLS = "what answers there does not speak TLS: is it http://, or another port?"

_OTHERS = {
    "WRONG_VERSION_NUMBER": _NO_TLS,
    "HTTP_REQUEST": _NO_TLS,
    "PACKET_LENGTH_TOO_LONG": _NO_TLS,
    "RECORD_LAYER_FAILURE": _NO_TLS,
    "UNSUPPORTED_PROTOCOL": "the server speaks older versions only: see minimum_tls_version",
    "TLSV1_ALERT_PROTOCOL_VERSION": "the server speaks none of the versions that are allowed here: "
    "see minimum_tls_version",
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": "the server wants to see a certificate: give client_cert "
    "and client_key",
    "SSLV3_ALERT_BAD_CERTIFICATE": "the server does not accept client_cert",
    "TLSV1_ALERT_UNKNOWN_CA": "the server does not trust who has signed client_cert",
    "SSLV3_ALERT_CERTIFICATE_EXPIRED": "the server says that client_cert has expired",
    "SSLV3_ALERT_HANDSHAKE_FAILURE": "the server and this client have no way in common, or the "
    "server wants to see a client_cert",
    "TLSV1_UNRECOGNIZED_NAME": "the server does not know this host",
    "DH_KEY_TOO_SMALL": "the server is set up in a way that is not safe any more",
    "UNSAFE_LEGACY_RENEGOTIATION_DISABLED": "the server is set up in a way that is not safe any "
    "more",
}


def tls_reason(error: ssl.SSLError) -> str:
    """Return the reason in words, and, where one can be given, an advice."""
    if isinstance(error, ssl.SSLCertVerificationError):
        found = getattr(error, "verify_message", None) or error.strerror or str(error)
        reason = f"the certificate is not accepted: {found}"
        advice = _CERTIFICATES.get(getattr(error, "verify_code", -1))
    elif isinstance(error, ssl.SSLEOFError):
        return "EOF, but the server did not take its leave: somebody may have cut the connection"
    else:
        # One that OpenSSL did not make has none.
        name = getattr(error, "reason", None)
        if not name:
            return error.strerror or str(error)
        reason = name.lower().replace("_", " ")
        advice = _OTHERS.get(name)
    return f"{reason} ({advice})" if advice else reason
