"""What an IP address looks like."""

from waterspout.net.sockets import ip_family

__all__ = ["is_valid_ip"]


def is_valid_ip(ip: str | None) -> bool:
    """Tell whether ``ip`` is an IPv4 address, four numbers, or an IPv6 one, maybe with a zone.

    It may be anything: what a client has sent, for instance, or None where it has sent nothing.
    """
    if ip is None:
        return False
    address, has_zone, zone = ip.partition("%")
    if has_zone and (not zone or "\0" in zone or ":" not in address):
        return False
    return ip_family(address) is not None
