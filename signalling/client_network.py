"""Whose address it is: what limits for each client count."""

import ipaddress
from functools import lru_cache

IPV6_SITE_PREFIX = 64
"""A site gets at least so much (RFC 6177), and a machine in it takes any address it likes (RFC 8981)."""


@lru_cache(maxsize=4096)
def client_network(address: str) -> str:
    """An IPv4 address as it is, an IPv6 address as its /64; what is neither stays."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((found, IPV6_SITE_PREFIX), strict=False))
