"""What the resolver lets through to the connection."""

from __future__ import annotations

import pytest
from scrapy.resolver import HostResolution, dnscache
from scrapy.settings import Settings
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.interfaces import IHostnameResolver, IResolutionReceiver
from zope.interface import implementer

from crawlers.resolver import GuardedResolver


@implementer(IHostnameResolver)
class ZoneFile:
    """A name server of our own: each look-up takes a name's next answer; the last one stays."""

    def __init__(self, answers: dict[str, list[list[str]]]) -> None:
        self.answers = answers

    def resolveHostName(self, receiver, hostName, portNumber=0, *_):  # noqa: N803
        receiver.resolutionBegan(HostResolution(hostName))
        turns = self.answers.get(hostName, [[]])
        for ip in turns.pop(0) if len(turns) > 1 else turns[0]:
            kind = IPv6Address if ":" in ip else IPv4Address
            receiver.addressResolved(kind("TCP", ip, portNumber))
        receiver.resolutionComplete()


@implementer(IResolutionReceiver)
class Connection:
    """What an endpoint would connect to."""

    def __init__(self) -> None:
        self.addresses: list[str] = []
        self.complete = False

    def resolutionBegan(self, resolution):
        pass

    def addressResolved(self, address):
        self.addresses.append(address.host)

    def resolutionComplete(self):
        self.complete = True


class Reactor:
    """The part of a reactor that a resolver is built on."""

    def __init__(self, zone: ZoneFile) -> None:
        self.nameResolver = zone


@pytest.fixture
def resolve():
    """Build a resolver over a zone; return a function from a name to the addresses connected to."""
    dnscache.clear()

    def build(answers, **settings):
        guard = GuardedResolver(Reactor(ZoneFile(answers)), Settings(settings))

        def look_up(host, kinds=None):
            connection = Connection()
            guard.resolveHostName(connection, host, 80, kinds)
            assert connection.complete
            return connection.addresses

        look_up.guard = guard
        return look_up

    yield build
    dnscache.clear()


def test_private_answers_never_reach_the_connection(resolve):
    look_up = resolve(
        {
            "mixed.example": [["10.0.0.1", "93.184.216.34", "::1"]],
            "inside.example": [["192.168.0.1", "fd00::1"]],
            "127.0.0.1": [["127.0.0.1"]],
        }
    )

    assert look_up("mixed.example") == ["93.184.216.34"]
    assert look_up("inside.example") == []
    assert look_up("127.0.0.1") == []
    assert look_up("nowhere.example") == []
    assert look_up.guard.refused == {"inside.example": "192.168.0.1", "127.0.0.1": "127.0.0.1"}


def test_a_name_that_changes_its_mind_is_judged_by_each_answer(resolve):
    """DNS rebinding: public when first asked, loopback later."""
    look_up = resolve(
        {"rebind.example": [["93.184.216.34"], ["127.0.0.1"]]}, DNSCACHE_ENABLED=False
    )

    assert look_up("rebind.example") == ["93.184.216.34"]
    assert look_up("rebind.example") == []


def test_cached_answers_are_judged_and_of_the_kind_asked_for(resolve):
    look_up = resolve({"both.example": [["93.184.216.34", "2606:4700::1111"]]})

    assert look_up("both.example") == ["93.184.216.34", "2606:4700::1111"]
    assert look_up("both.example", [IPv4Address]) == ["93.184.216.34"]


def test_networks_and_proxies_of_the_operator_are_open(resolve):
    answers = {
        "site.test": [["127.0.0.5"]],
        "squid": [["10.0.0.3"]],
        "127.0.0.9": [["127.0.0.9"]],
    }
    look_up = resolve(
        answers,
        ALLOWED_ADDRESSES="127.0.0.4/30",
        WEB_PROXY="http://me:pw@squid:3128",
        YOUTUBE_PROXY="http://127.0.0.9:8080",
    )

    assert look_up("site.test") == ["127.0.0.5"]
    assert look_up("squid") == ["10.0.0.3"]
    assert look_up("127.0.0.9") == ["127.0.0.9"]


def test_hosts_that_bypass_a_proxy_are_not_open(resolve, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://squid:3128")
    monkeypatch.setenv("no_proxy", "localhost")
    look_up = resolve({"squid": [["10.0.0.3"]], "localhost": [["127.0.0.1"]]})

    assert look_up("squid") == ["10.0.0.3"]
    assert look_up("localhost") == []
