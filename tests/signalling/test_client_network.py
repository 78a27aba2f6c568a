"""What limits for each client count: addresses of IPv4, networks of IPv6."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signalling.client_network import client_network


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:0:1::7", "2001:db8:0:1::/64"),
        ("2001:db8:0:1:ffff:ffff:ffff:ffff", "2001:db8:0:1::/64"),
        ("2001:DB8:0:2::7", "2001:db8:0:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("::1", "::/64"),
        ("", ""),
        ("unix:", "unix:"),
    ],
)
def test_networks(address: str, network: str) -> None:
    assert client_network(address) == network


@given(st.ip_addresses(v=6), st.integers(0, (1 << 64) - 1))
def test_a_machine_cannot_get_away_by_another_address(one: ipaddress.IPv6Address, host: int) -> None:
    other = ipaddress.IPv6Address(int(one) >> 64 << 64 | host)
    if one.ipv4_mapped is None and other.ipv4_mapped is None:
        assert client_network(str(one)) == client_network(str(other))


@given(st.text())
def test_any_text_is_somebody(text: str) -> None:
    assert isinstance(client_network(text), str)
