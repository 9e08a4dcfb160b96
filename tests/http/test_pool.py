"""Who gets room among the connections of a port, and who is closed for it."""

import pytest

from webhook.http.pool import ConnectionPool, TurnedAway, client_of


class Fake:
    """A connection without a network: the pool asks nothing else of one."""

    def __init__(self, client: str = "10.0.0.1", *, busy: bool = False) -> None:
        self.client_address = client
        self.busy = busy
        self.aborted = False

    def may_be_closed(self) -> bool:
        return not self.busy

    def abort(self) -> None:
        self.aborted = True


def pool(total: int = 3, per_client: int = 100) -> tuple[ConnectionPool, list[TurnedAway]]:
    told: list[TurnedAway] = []
    return ConnectionPool(total=total, per_client=per_client, turned_away=told.append), told


def test_the_connection_that_was_used_longest_ago_makes_room() -> None:
    connections, told = pool()
    first, second, third, fourth = (Fake(f"10.0.0.{i}") for i in range(4))
    assert all(connections.admit(each) for each in (first, second, third))
    connections.used(first)
    assert connections.admit(fourth)
    assert [each.aborted for each in (first, second, third)] == [False, True, False]
    assert told == [TurnedAway.EVICTED]
    assert len(connections) == 3


def test_trusted_connections_are_closed_last() -> None:
    connections, _ = pool(total=2)
    trusted, stranger, newcomer, another = Fake(), Fake(), Fake(), Fake()
    connections.admit(trusted)
    connections.prove(trusted)
    connections.admit(stranger)
    assert connections.admit(newcomer)
    assert (trusted.aborted, stranger.aborted) == (False, True)
    connections.prove(newcomer)
    assert connections.admit(another)
    assert (trusted.aborted, newcomer.aborted) == (True, False)


def test_of_trusted_connections_the_one_that_was_used_longest_ago_is_closed() -> None:
    connections, _ = pool(total=2)
    first, second = Fake(), Fake()
    for each in (first, second):
        connections.admit(each)
        connections.prove(each)
    connections.used(first)
    assert connections.admit(Fake())
    assert (first.aborted, second.aborted) == (False, True)


def test_a_client_whose_many_connections_are_all_trusted_closes_its_own() -> None:
    connections, _ = pool(total=4)
    server, *flood = (Fake("10.0.0.1"), *(Fake("10.0.0.2") for _ in range(3)))
    for each in (server, *flood):
        connections.admit(each)
        connections.prove(each)
    assert connections.admit(Fake("10.0.0.3"))
    assert [each.aborted for each in (server, *flood)] == [False, True, False, False]


def test_what_is_told_of_a_connection_that_is_gone_changes_nothing() -> None:
    connections, told = pool()
    gone = Fake()
    connections.admit(gone)
    connections.remove(gone)
    connections.used(gone)
    connections.prove(gone)
    connections.remove(gone)
    assert (len(connections), told) == (0, [])


def test_a_connection_in_use_is_never_closed() -> None:
    connections, told = pool(total=1)
    busy, newcomer = Fake(busy=True), Fake()
    assert connections.admit(busy)
    assert not connections.admit(newcomer)
    assert (busy.aborted, told) == (False, [TurnedAway.REFUSED])
    connections.remove(busy)
    assert connections.admit(newcomer)


def test_a_client_beyond_its_share_closes_its_own_connection_and_spares_a_trusted_one() -> None:
    connections, _ = pool(total=100, per_client=2)
    other, trusted, mine, more = Fake("10.0.0.2"), Fake(), Fake(), Fake()
    connections.admit(other)
    connections.admit(trusted)
    connections.prove(trusted)
    connections.admit(mine)
    assert connections.admit(more)
    assert (other.aborted, trusted.aborted, mine.aborted) == (False, False, True)


def test_nothing_is_kept_of_clients_that_are_gone() -> None:
    connections, _ = pool(total=1)
    for index in range(100):
        assert connections.admit(Fake(f"10.0.1.{index}"))
    assert len(connections) == 1
    assert len(connections._of_client) == 1


def test_one_of_all_is_closed_where_the_process_lacks_something() -> None:
    connections, _ = pool()
    assert not connections.evict_one()
    only = Fake()
    connections.admit(only)
    assert connections.evict_one()
    assert only.aborted


@pytest.mark.parametrize(
    ("peer", "client"),
    [
        (("10.0.0.1", 1234), "10.0.0.1"),
        (("::ffff:10.0.0.1", 1234, 0, 0), "10.0.0.1"),
        (("2001:db8:1:2:3:4:5:6", 1234, 0, 0), "2001:db8:1:2::/64"),
        (("fe80::1%eth0", 1234, 0, 2), "fe80::/64"),
        ((":no:address:", 1), ":no:address:"),
        ("", ""),
        (None, ""),
    ],
)
def test_a_client_is_an_address_or_a_prefix_of_ipv6(peer: object, client: str) -> None:
    assert client_of(peer) == client
