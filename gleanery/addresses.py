"""Which network addresses a crawler must not talk to, however they are spelled.

A crawled page chooses where we connect: without this check it could make us read a cloud's metadata
service, a router or a database behind our own firewall (server-side request forgery, CWE-918).
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import TYPE_CHECKING
from urllib.parse import unquote

from gleanery.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Address = IPv4Address | IPv6Address

_EXTRA = tuple(
    ip_network(text)
    for text in (
        "100.64.0.0/10",  # carrier-grade NAT (RFC 6598); Alibaba's metadata 100.100.100.200
        "192.0.0.0/24",  # IETF protocol assignments (RFC 6890); Oracle's metadata 192.0.0.192
        "192.88.99.0/24",  # 6to4 relays (RFC 7526)
        "168.63.129.16/32",  # Azure's platform service: public by number only
        "64:ff9b:1::/48",  # NAT64 of a network's own (RFC 8215)
        "fec0::/10",  # site-local (RFC 3879)
        "5f00::/16",  # segment routing (RFC 9602)
        "3fff::/20",  # documentation (RFC 9637)
    )
)
"""Refused networks that :mod:`ipaddress` of Python 3.11 counts as global."""

_NAT64 = IPv6Network("64:ff9b::/96")
_COMPATIBLE = IPv6Network("::/96")
_ISATAP = (0x00005EFE, 0x02005EFE)

_LOCAL_NAMES = ("localhost", "localdomain", "local", "internal", "ip6-localhost", "ip6-loopback")


def is_refused(ip: str, allowed: Sequence[str] = ()) -> bool:
    """Return whether ``ip`` must not be talked to.

    Refused: private, loopback, link-local, multicast, reserved, unspecified, carrier-grade NAT and
    metadata addresses, and every IPv6 form that carries one of them (IPv4-mapped, IPv4-compatible,
    6to4, NAT64, Teredo, ISATAP). What is no IP address is refused too.

    Args:
        ip: One address as the resolver gives it; an IPv6 zone (``%eth0``) is ignored.
        allowed: Networks (CIDR) that are opened nevertheless.

    Raises:
        ConfigError: ``allowed`` holds something that is no network.
    """
    try:
        address = ip_address(ip.partition("%")[0])
    except ValueError:
        return True
    networks = _networks(tuple(allowed))
    return any(_is_closed(form) and not _is_in(form, networks) for form in _forms(address))


def literal_address(host: str) -> str | None:
    """Return the IP address that ``host`` spells, or ``None`` if it is a name.

    Reads what C libraries and browsers read: brackets, percent escapes, full-width digits, trailing
    dots, one to four numbers in decimal, octal (``0177``) or hexadecimal (``0x7f``), of which the
    last fills the rest (``127.1``; WHATWG URL standard, "IPv4 parser").
    """
    text = _plain(host).strip("[]")
    try:
        return str(ip_address(text.partition("%")[0]))
    except ValueError:
        return _legacy_ipv4(text)


def is_local_name(host: str) -> bool:
    """Return whether ``host`` names this machine or its own network by convention.

    ``localhost`` and below (RFC 6761), ``*.local`` (RFC 6762), ``*.internal`` (ICANN 2024; Google's
    ``metadata.google.internal``), and names without a dot, which only a local network resolves.
    """
    labels = _plain(host).split(".")
    return len(labels) == 1 or labels[-1] in _LOCAL_NAMES


def check_networks(allowed: Sequence[str]) -> None:
    """Check an allow-list.

    Raises:
        ConfigError: An entry is no network in CIDR notation.
    """
    _networks(tuple(allowed))


@lru_cache(maxsize=16)
def _networks(allowed: tuple[str, ...]) -> tuple[IPv4Network | IPv6Network, ...]:
    try:
        return tuple(ip_network(text.strip(), strict=False) for text in allowed)
    except ValueError as error:
        raise ConfigError(f"GLEANERY_ALLOWED_ADDRESSES: {error}; write e.g. 127.0.0.0/8") from error


def _is_in(address: Address, networks: Sequence[IPv4Network | IPv6Network]) -> bool:
    return any(address in network for network in networks if network.version == address.version)


def _is_closed(address: Address) -> bool:
    if not address.is_global or address.is_multicast or address.is_reserved:
        return True
    return _is_in(address, _EXTRA)


def _forms(address: Address) -> Iterator[Address]:
    """Yield the addresses packets may end up at: those ``address`` carries, else itself."""
    inner = list(_carried(address)) if isinstance(address, IPv6Address) else []
    yield from inner
    if not inner:
        yield address


def _carried(address: IPv6Address) -> Iterator[IPv4Address]:
    """Yield the IPv4 addresses inside ``address`` (RFC 4291, 3056, 6052, 4380, 5214)."""
    number = int(address)
    low = IPv4Address(number & 0xFFFFFFFF)
    if address.ipv4_mapped:
        yield address.ipv4_mapped
    elif address.sixtofour:
        yield address.sixtofour
    elif address.teredo:
        yield from address.teredo
    elif (
        address in _NAT64
        or (address in _COMPATIBLE and number > 1)
        or (number >> 32) & 0xFFFFFFFF in _ISATAP
    ):
        yield low


def _plain(host: str) -> str:
    # IDNA (UTS 46) reads the ideographic full stop as a dot; NFKC folds the other look-alikes
    text = unicodedata.normalize("NFKC", unquote(host)).replace("\u3002", ".")
    return text.strip().rstrip(".").lower()


def _legacy_ipv4(text: str) -> str | None:
    """Read ``inet_aton`` notation; ``None`` if ``text`` is not in it."""
    parts = text.split(".")
    if not 1 <= len(parts) <= 4:
        return None
    try:
        numbers = [_number(part) for part in parts]
    except ValueError:
        return None
    *head, last = numbers
    if any(n > 255 for n in head) or last >= 256 ** (4 - len(head)):
        return None
    value = last + sum(n << (24 - 8 * i) for i, n in enumerate(head))
    return str(IPv4Address(value))


def _number(text: str) -> int:
    """Read one part of an IPv4 address.

    Raises:
        ValueError: It is no number.
    """
    if not text.isascii() or not text or not text[0].isdigit() or "_" in text:
        raise ValueError(text)
    if text.startswith("0x"):
        return int(text[2:] or "0", 16)
    return int(text, 8 if len(text) > 1 and text[0] == "0" else 10)
