"""Host candidates of an ICE-lite server (RFC 8445, section 5.1.1; RFC 6544 for TCP)."""

import ipaddress
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import ifaddr

from .clock import Clock

HOST_TYPE_PREFERENCE = 126
COMPONENT = 1
# RFC 6544, section 4.2: UDP before TCP for the same address.
PROTOCOL_PREFERENCE = {"udp": 0x8000, "tcp": 0x0000}


@dataclass(frozen=True)
class IceCandidate:
    """One `a=candidate` line of a description."""

    protocol: Literal["udp", "tcp"]
    address: str
    port: int
    priority: int

    @property
    def value(self) -> str:
        """The value of the attribute (RFC 8839, section 5.1)."""
        foundation = f"{self.protocol[0]}{abs(hash_address(self.address)) % 10_000_000}"
        tail = " tcptype passive" if self.protocol == "tcp" else ""
        return (
            f"candidate:{foundation} {COMPONENT} {self.protocol} {self.priority} "
            f"{self.address} {self.port} typ host{tail}"
        )


@lru_cache(maxsize=64)  # for each description, of the same few addresses
def hash_address(address: str) -> int:
    """Stable over processes, unlike `hash`."""
    return int(ipaddress.ip_address(address))


def host_candidates(
    addresses: Sequence[str], udp_ports: Iterable[int], tcp_ports: Iterable[int]
) -> list[IceCandidate]:
    """A candidate for each address and port, those named first preferred."""
    ports = [("udp", port) for port in udp_ports] + [("tcp", port) for port in tcp_ports]
    found = []
    for protocol, port in ports:
        for rank, address in enumerate(addresses):
            local_preference = PROTOCOL_PREFERENCE[protocol] + 0x7FFF - rank
            priority = (HOST_TYPE_PREFERENCE << 24) + (local_preference << 8) + (256 - COMPONENT)
            found.append(IceCandidate(protocol, address, port, priority))  # type: ignore[arg-type]
    return found


class LocalAddresses:
    """The machine's addresses, listed anew at most every few seconds: a storm of joins asks for each description."""

    LIFETIME_S = 5.0

    def __init__(self, clock: Clock, read: Callable[[], list[str]] | None = None) -> None:
        self._clock = clock
        self._read = read or local_addresses
        self._until = 0.0
        self._found: list[str] = []

    def __call__(self) -> list[str]:
        now = self._clock.monotonic()
        if not self._found or now >= self._until:
            self._found, self._until = self._read(), now + self.LIFETIME_S
        return self._found


@dataclass(frozen=True)
class Adapter:
    """An address of this machine, with the name of its network interface."""

    name: str
    address: str

    @property
    def is_loopback(self) -> bool:
        return ipaddress.ip_address(self.address).is_loopback


def adapters() -> list[Adapter]:
    """All addresses of this machine but link-local ones, each once, IPv4 first."""
    found: dict[str, Adapter] = {}
    for adapter in ifaddr.get_adapters():
        for ip in adapter.ips:
            text = ip.ip if isinstance(ip.ip, str) else ip.ip[0]
            if not ipaddress.ip_address(text).is_link_local:
                found.setdefault(str(ipaddress.ip_address(text)), Adapter(adapter.name, text))
    return sorted(found.values(), key=lambda one: ipaddress.ip_address(one.address).version)


def local_addresses() -> list[str]:
    """Addresses of this machine that another one can reach: IPv4 first, without loopback and link-local ones.
    Loopback alone where there is nothing else."""
    return [adapter.address for adapter in adapters() if not adapter.is_loopback] or ["127.0.0.1"]
