"""Counts and times show what prometheus-client's own would."""

import random

from prometheus_client import CollectorRegistry, Counter, Histogram, disable_created_metrics, generate_latest

from webhook.http.metrics import CounterCollector, Durations, GaugeCollector

BOUNDS = (0.001, 0.01, 0.5, 2.0)
disable_created_metrics()  # type: ignore[no-untyped-call] # as `Metrics` does


def test_counts_read_as_those_of_prometheus_client() -> None:
    ours, theirs = CollectorRegistry(), CollectorRegistry()
    counts = CounterCollector("a", "What is counted.", ("x", "y"), ours)
    counter = Counter("a", "What is counted.", ("x", "y"), registry=theirs)
    assert generate_latest(ours) == generate_latest(theirs)
    for labels in [("1", 'q"\\\n'), ("2", ""), ("1", 'q"\\\n')]:
        counts.of[labels] += 1
        counter.labels(*labels).inc()
    assert generate_latest(ours) == generate_latest(theirs)


def test_times_fall_into_the_buckets_of_prometheus_client() -> None:
    ours, theirs = CollectorRegistry(), CollectorRegistry()
    durations = Durations("a", "How long it took.", "x", BOUNDS, ours)
    histogram = Histogram("a", "How long it took.", ("x",), buckets=BOUNDS, registry=theirs)
    assert generate_latest(ours) == generate_latest(theirs)
    numbers = random.Random(1)  # noqa: S311 - no secret
    for seconds in [0.0, *BOUNDS, 3.0, *(numbers.uniform(0, 3) for _ in range(100))]:
        label = numbers.choice("ab")
        durations.observe(label, seconds)
        histogram.labels(label).observe(seconds)
    assert sorted(generate_latest(ours).splitlines()) == sorted(generate_latest(theirs).splitlines())


def test_what_is_told_is_asked_for_at_each_scrape_and_nothing_is_shown_before() -> None:
    registry = CollectorRegistry()
    told = GaugeCollector("info", "About.", "version", registry)
    assert registry.get_sample_value("info", {"version": ""}) is None
    versions = ["17"]
    told.tells = versions.pop
    assert registry.get_sample_value("info", {"version": "17"}) == 1
    versions.append("18")
    assert registry.get_sample_value("info", {"version": "18"}) == 1
    versions.append("18")
    assert registry.get_sample_value("info", {"version": "17"}) is None
