"""What is known of the CRs: the newest of what listings, watches and live reads tell, in whatever order they come."""

from typing import Any

from tests.cluster.kubevirt_crs import kubevirt
from webhook.cluster.events import BOOKMARK, DELETED, Event, Key, Listing
from webhook.cluster.kubevirts import State
from webhook.runtime.registry.options import RuleActions
from webhook.runtime.registry.state import ClusterState

KEY = Key("kubevirt", "kubevirt")
NOW = 10.0


def listing(version: str, *names: str) -> Listing:
    """A listing of one CR that registers plugins of these names."""
    return Listing({KEY: cr(version, *names)}, version)


def cr(version: str, *names: str) -> dict[str, Any]:
    return kubevirt({name: {} for name in names}, resource_version=version)


def modified(version: str, *names: str) -> Event:
    return Event("MODIFIED", KEY, cr(version, *names), version)


def state(version: str = "10", *names: str) -> ClusterState:
    made = ClusterState("https://server", RuleActions(), {}, 0.0)
    made.listed(listing(version, *(names or ("blue",))), NOW)
    return made


def plugins(of: ClusterState) -> set[str]:
    return set(of.rule_set.registry.plugins)


def test_before_anything_was_read_nobody_knows() -> None:
    made = ClusterState("https://server", RuleActions(), {}, 0.0)
    assert (made.counted.state, made.rule_set.registry.known, made.version) == (State.UNREAD, False, "")


def test_an_event_that_a_live_read_has_overtaken_changes_nothing() -> None:
    made = state()
    made.read(listing("20", "passt"), "10", NOW)
    assert not made.changed(modified("15"), NOW)
    assert plugins(made) == {"passt"}
    assert made.changed(modified("21", "red"), NOW)
    assert plugins(made) == {"red"}


def test_a_live_read_that_the_watch_has_overtaken_changes_nothing() -> None:
    made = state("10")
    made.changed(modified("21", "passt"), NOW)
    assert not made.read(listing("20", "blue"), "10", NOW)
    assert plugins(made) == {"passt"}


def test_a_cluster_that_went_back_in_time_is_believed() -> None:
    made = state("1000")
    assert made.read(listing("20", "passt"), "1000", NOW)
    assert plugins(made) == {"passt"}
    assert made.listed(listing("10", "red"), NOW)
    assert (plugins(made), made.version) == ({"red"}, "10")


def test_a_deleted_cr_counts_no_more_and_a_bookmark_moves_only_version_and_time() -> None:
    made = state("10")
    assert not made.changed(Event(BOOKMARK, Key("", ""), {}, "15"), NOW + 1)
    assert (made.version, made.rule_set.version, made.rule_set.read_at) == ("15", "10", NOW + 1)
    assert made.changed(Event(DELETED, KEY, cr("16"), "16"), NOW + 2)
    assert (made.counted.state, made.rule_set.version) == (State.NONE, "16")


def test_a_kind_that_went_away_leaves_nothing_behind() -> None:
    made = state("10")
    assert made.missing(NOW)
    assert (made.objects, made.version, made.rule_set.launcher_creators) == ([], "", None)
    assert made.listed(listing("3", "red"), NOW)
    assert plugins(made) == {"red"}
