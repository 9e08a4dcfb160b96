"""The open connections of one port: who gets room, and who is closed when there is none.

Any pod can open connections. A connection earns trust with its first valid answer (`prove`). When room is needed, the connection that has
waited longest without trust is closed, so that a newcomer is turned away only while every other connection is in use or trusted. One client
address gets a share only: a client that opens ever more connections closes its own.
"""

import ipaddress
from collections import OrderedDict
from collections.abc import Callable
from enum import StrEnum
from typing import Protocol

_IPV6_PREFIX = 64
"""One client can have every address below such a prefix, so that all of them count as one."""


class TurnedAway(StrEnum):
    """Why a connection was closed to make room."""

    EVICTED = "evicted"
    """It waited longest, and room was needed."""
    REFUSED = "refused"
    """It was new, and every other one was in use or trusted."""
    HANDSHAKE = "handshake"
    """Its TLS handshake was not complete, and too many others were under way."""
    RESOURCES = "resources"
    """The process has no file descriptor or memory left for it."""


class Pooled(Protocol):
    """A connection, as far as a pool manages it."""

    client_address: str

    def may_be_closed(self) -> bool:
        """Whether no whole request waits for its answer."""

    def abort(self) -> None:
        """Close it at once."""


def client_of(peer: object) -> str:
    """The client of a socket's peer name: its IPv4 address, or the prefix of its IPv6 address; empty where there is none."""
    host = peer[0] if isinstance(peer, tuple) and peer else ""
    if not isinstance(host, str) or ":" not in host:
        return str(host)
    try:
        address = ipaddress.IPv6Address(host.partition("%")[0])
    except ValueError:
        return host
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.IPv6Network((address, _IPV6_PREFIX), strict=False))


class ConnectionPool:
    """The open connections of one port, in the order in which they were last in use."""

    def __init__(self, *, total: int, per_client: int, turned_away: Callable[[TurnedAway], None]) -> None:
        """`turned_away` is told of each connection that is closed to make room."""
        self._total = total
        self._per_client = per_client
        self._turned_away = turned_away
        self._untrusted: OrderedDict[Pooled, None] = OrderedDict()
        self._trusted: OrderedDict[Pooled, None] = OrderedDict()
        self._of_client: dict[str, OrderedDict[Pooled, None]] = {}

    def __len__(self) -> int:
        return len(self._untrusted) + len(self._trusted)

    def admit(self, connection: Pooled) -> bool:
        """Take a new connection in, and close another one for it if need be; false when there is no room."""
        mine = self._of_client.setdefault(connection.client_address, OrderedDict())
        has_room = (len(mine) < self._per_client or self._evict(mine)) and (len(self) < self._total or self.evict_one())
        if not has_room:
            self._forget_client(connection.client_address)
            self._turned_away(TurnedAway.REFUSED)
            return False
        self._untrusted[connection] = None
        self._of_client.setdefault(connection.client_address, mine)[connection] = None
        return True

    def used(self, connection: Pooled) -> None:
        """A connection has answered a request: among those of its sort it is now the last to be closed."""
        same_sort = self._trusted if connection in self._trusted else self._untrusted
        if connection in same_sort:
            same_sort.move_to_end(connection)
            self._of_client[connection.client_address].move_to_end(connection)

    def prove(self, connection: Pooled) -> None:
        """A connection has brought a valid request: those that never did are closed before it."""
        if connection in self._untrusted:
            del self._untrusted[connection]
            self._trusted[connection] = None
            self._of_client[connection.client_address].move_to_end(connection)

    def remove(self, connection: Pooled) -> None:
        """A connection is closed."""
        self._untrusted.pop(connection, None)
        self._trusted.pop(connection, None)
        mine = self._of_client.get(connection.client_address)
        if mine is not None:
            mine.pop(connection, None)
            self._forget_client(connection.client_address)

    def evict_one(self) -> bool:
        """Close the connection that has waited longest, where room or something else is lacking; false when all are in use.

        Anybody can send a valid review. Where all are trusted, the client that has most of them gives way.
        """
        of_largest = max(self._of_client.values(), key=len, default=self._trusted)
        return self._evict(self._untrusted) or self._evict(of_largest) or self._evict(self._trusted)

    def _evict(self, among: OrderedDict[Pooled, None]) -> bool:
        victim = next((each for each in among if each.may_be_closed() and each in self._untrusted), None)
        victim = victim or next((each for each in among if each.may_be_closed()), None)
        if victim is None:
            return False
        self.remove(victim)
        self._turned_away(TurnedAway.EVICTED)
        victim.abort()
        return True

    def _forget_client(self, client: str) -> None:
        if not self._of_client.get(client, True):
            del self._of_client[client]
