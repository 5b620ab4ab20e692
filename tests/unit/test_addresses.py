"""Addresses that must not be talked to."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gleanery.addresses import check_networks, is_local_name, is_refused, literal_address
from gleanery.errors import ConfigError

REFUSED_4 = """127.0.0.1 10.1.2.3 172.16.0.1 172.31.255.255 192.168.1.1 169.254.169.254 0.0.0.0
    0.1.2.3 224.0.0.1 240.0.0.1 255.255.255.255 100.64.0.1 100.100.100.200 192.0.0.192 198.18.0.1
    203.0.113.5 168.63.129.16 not-an-address"""
REFUSED_6 = """::1 :: fe80::1 fe80::1%eth0 fc00::1 fd00:ec2::254 ff02::1 fec0::1 2001:db8::1
    64:ff9b:1::1 ::ffff:127.0.0.1 ::ffff:169.254.169.254 ::127.0.0.1 64:ff9b::7f00:1 2002:7f00:1::
    2002:a9fe:a9fe::1 2001:0:4136:e378:8000:63bf:3fff:fdd2 2600:1::5efe:10.0.0.1"""
PUBLIC = """8.8.8.8 1.1.1.1 93.184.216.34 100.128.0.1 172.32.0.1 2606:4700::1111
    2a00:1450:4009::200e ::ffff:8.8.8.8 64:ff9b::808:808 2002:808:808::"""


@pytest.mark.parametrize("ip", [*REFUSED_4.split(), *REFUSED_6.split()])
def test_private_local_and_metadata_addresses_are_refused_in_every_form(ip):
    assert is_refused(ip)


@pytest.mark.parametrize("ip", PUBLIC.split())
def test_public_addresses_are_not_refused(ip):
    assert not is_refused(ip)


def test_the_allow_list_opens_only_what_it_names():
    assert not is_refused("127.0.0.1", ["127.0.0.0/8"])
    assert not is_refused("::ffff:127.0.0.1", ["127.0.0.0/8"])
    assert not is_refused("10.0.0.7", ["127.0.0.0/8", "10.0.0.0/29"])
    assert is_refused("10.0.0.9", ["127.0.0.0/8", "10.0.0.0/29"])
    assert is_refused("::1", ["127.0.0.0/8"])
    assert not is_refused("::1", ["::1/128"])


def test_a_malformed_allow_list_is_a_configuration_error():
    with pytest.raises(ConfigError, match="GLEANERY_ALLOWED_ADDRESSES"):
        check_networks(["localhost"])


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "2130706433", "0177.0.0.1", "0x7f.0.0.1", "0x7f000001", "017700000001"),
        *("127.1", "127.0.1", "127.0.0.1.", "%31%32%37.0.0.1", "１２７.0.0.1", "127。0。0。1"),
    ],
)
def test_odd_spellings_of_an_address_are_read(host):
    assert literal_address(host) == "127.0.0.1"


@pytest.mark.parametrize(
    "host", ["example.com", "1.2.3.4.5", "256.1.1.1", "dead.beef", "08.1.1.1", "1..2", "-1", ""]
)
def test_names_are_no_addresses(host):
    assert literal_address(host) is None


@given(st.ip_addresses())
def test_a_canonical_address_reads_as_itself(address):
    assert literal_address(str(address)) == str(address)
    assert literal_address(f"[{address}]") == str(address)


@given(st.ip_addresses(v=4))
def test_an_ipv6_address_is_refused_if_the_ipv4_address_it_carries_is(address: IPv4Address):
    number = int(address)
    mapped = IPv6Address(0xFFFF << 32 | number)
    nat64 = IPv6Address(int(IPv6Address("64:ff9b::")) | number)

    assert is_refused(str(mapped)) == is_refused(str(nat64)) == is_refused(str(address))


@pytest.mark.parametrize(
    "host",
    ["localhost", "LOCALHOST.", "a.localhost", "db.local", "metadata.google.internal", "intranet"],
)
def test_names_of_this_machine_and_its_network_are_local(host):
    assert is_local_name(host)


def test_names_of_the_world_are_not_local():
    assert not is_local_name("localhost.example.com")
    assert not is_local_name("news.example")
