"""Metrics for Prometheus, and the counters behind them. Every label takes few values, none of them a caller's or a namespace."""

import time
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import accumulate
from typing import Final

import prometheus_client
from prometheus_client import CollectorRegistry, Counter, Gauge, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from webhook.admission.confirmation import CONFIRMATION
from webhook.http.reviewers import Reviewed
from webhook.vmi.kinds import KINDS

_INFINITE = "+Inf"


class CounterCollector(Collector):
    """A counter for each combination of labels that was counted.

    Attributes:
        of: How many, by the values of the labels.
    """

    def __init__(self, name: str, documentation: str, labels: Sequence[str], registry: CollectorRegistry) -> None:
        """Count under a name, which gets `_total` at its end."""
        self._described = name, documentation, tuple(labels)
        self.of: defaultdict[tuple[str, ...], int] = defaultdict(int)
        registry.register(self)

    def collect(self) -> Iterable[CounterMetricFamily]:
        """All of them, for prometheus-client."""
        name, documentation, labels = self._described
        family = CounterMetricFamily(name, documentation, labels=labels)
        for values, number in self.of.copy().items():
            family.add_metric(values, number)
        yield family


class _Durations:
    """What is known of the times under one label: how many fell into each bucket, the last without end, and their sum."""

    __slots__ = ("numbers", "seconds")

    def __init__(self, buckets: int) -> None:
        self.numbers = [0] * (buckets + 1)
        self.seconds = 0.0


class Durations(Collector):
    """A histogram of seconds for each value of one label."""

    def __init__(self, name: str, documentation: str, label: str, bounds: Sequence[float], registry: CollectorRegistry) -> None:
        """`bounds` are the upper bounds of the buckets but the last, which has none, in ascending order."""
        self._described = name, documentation, (label,)
        self._bounds = tuple(bounds)
        self._of: dict[str, _Durations] = {}
        registry.register(self)

    def observe(self, value: str, seconds: float) -> None:
        """Count a time under a label."""
        durations = self._of.get(value)
        if durations is None:
            durations = self._of[value] = _Durations(len(self._bounds))
        durations.numbers[bisect_left(self._bounds, seconds)] += 1
        durations.seconds += seconds

    def collect(self) -> Iterable[HistogramMetricFamily]:
        """All of them, for prometheus-client; its buckets hold what is below their bound, and so what earlier ones hold."""
        name, documentation, labels = self._described
        family = HistogramMetricFamily(name, documentation, labels=labels)
        names = [*map(floatToGoString, self._bounds), _INFINITE]
        for value, durations in self._of.copy().items():
            family.add_metric([value], list(zip(names, accumulate(durations.numbers), strict=True)), durations.seconds)
        yield family


class Timestamps(Collector):
    """The last time of an event, by the value of one label. A label is absent until its first event.

    Attributes:
        of: Times in Unix time.
    """

    def __init__(self, name: str, documentation: str, label: str, registry: CollectorRegistry) -> None:
        """Begin without any event."""
        self._described = name, documentation, (label,)
        self.of: dict[str, float] = {}
        registry.register(self)

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """All of them, for prometheus-client."""
        name, documentation, labels = self._described
        family = GaugeMetricFamily(name, documentation, labels=labels)
        for value, at in self.of.copy().items():
            family.add_metric((value,), at)
        yield family


class ReadCount(Collector):
    """A counter that is kept elsewhere, and read at each scrape."""

    def __init__(self, name: str, documentation: str, registry: CollectorRegistry) -> None:
        """Count nothing until `read` is set."""
        self._described = name, documentation
        self.read: Callable[[], int] = int
        registry.register(self)

    def collect(self) -> Iterable[CounterMetricFamily]:
        """It, for prometheus-client."""
        name, documentation = self._described
        yield CounterMetricFamily(name, documentation, value=self.read())


class GaugeCollector(Collector):
    """One series with the value 1, whose label is what somebody says at each scrape: a version, as Prometheus knows texts."""

    def __init__(self, name: str, documentation: str, label: str, registry: CollectorRegistry) -> None:
        """Show nothing until `tells` is set."""
        self._described = name, documentation, (label,)
        self.tells: Callable[[], str] = str
        registry.register(self)

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """It, for prometheus-client."""
        name, documentation, labels = self._described
        family = GaugeMetricFamily(name, documentation, labels=labels)
        if text := self.tells():
            family.add_metric((text,), 1)
        yield family


SECONDS: Final = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)

_OTHER = "other"
_KINDS: Mapping[str, str] = {name: name for name in ("Pod", "KubeVirt", "HyperConverged", *(kind.name for kind in KINDS))}
_OPERATIONS: Mapping[str, str] = {name: name for name in ("CREATE", "UPDATE", "DELETE", "CONNECT")}


class Metrics:
    """All metrics of a server, in a registry of their own.

    Attributes:
        registry: What `/metrics` shows.
        in_flight: Requests being answered.
        bodies: Request bodies that are being received in parts.
        connections: Open connections, by port.
        log_lines_dropped: Log lines that were left out.
        registry_age: Seconds since the registry in use was read.
        registry_plugins: Plugins in it.
        registry_version: Which state of its source it is.
        registry_problem: Whether the registry in use may not be what its source says now.
        registry_reload_failures: Changed registries that could not be used.
        certificate_expiry: When the certificate in use expires, in Unix time.
        certificate_problem: Whether there is no certificate, or none that could take the place of the one in use.
        certificate_reload_failures: Changed certificates that could not be used.
    """

    def __init__(self, version: str) -> None:
        """Make all metrics, at zero."""
        prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call] # twice as many series, and nobody asks when a counter was made
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._requests = CounterCollector(
            "bindguard_requests",
            "Answered requests. A request that got an HTTP error has the decision `error` and the status as `code`.",
            ("endpoint", "kind", "operation", "decision", "code"),
            self.registry,
        )
        self._findings = CounterCollector(
            "bindguard_findings", "Findings of rules, by severity `deny` or `warn`.", ("rule", "severity"), self.registry
        )
        self._skips = CounterCollector(
            "bindguard_skips",
            "Objects that were allowed unchecked, and pods that were left unchanged, by reason.",
            ("endpoint", "reason"),
            self.registry,
        )
        self._cut_off = Counter(
            "bindguard_cut_off_requests",
            "Requests whose client disconnected before the body was complete.",
            ("endpoint",),
            registry=self.registry,
        )
        self._malformed = Counter(
            "bindguard_malformed_requests",
            "Requests refused before they were complete, by HTTP status: too slow, too large a head, or invalid HTTP.",
            ("code",),
            registry=self.registry,
        )
        self.log_lines_dropped = ReadCount(
            "bindguard_log_lines_dropped", "Log lines dropped because the log was not read fast enough.", self.registry
        )
        self._turned_away = Counter(
            "bindguard_connections_turned_away",
            "Connections closed to make room: `evicted` (idle), `refused` (new), `handshake` (too many) or `resources` (none left).",
            ("port", "reason"),
            registry=self.registry,
        )
        self._confirmations = Counter(
            "bindguard_registry_confirms",
            "Denials before which the KubeVirt CR was read again: `denied` (confirmed), `spared` (wrong) or `failed` (no answer).",
            ("outcome",),
            registry=self.registry,
        )
        self._seconds = Durations(
            "bindguard_request_duration_seconds",
            "Time from the arrival of the head of a request to its answer.",
            "endpoint",
            SECONDS,
            self.registry,
        )
        self._last_reviews = Timestamps(
            "bindguard_last_review_timestamp_seconds",
            "When the last review was answered, in Unix time; absent before the first one since the start.",
            "endpoint",
            self.registry,
        )
        self.in_flight = Gauge("bindguard_requests_in_flight", "Requests that are being answered.", registry=self.registry)
        self.bodies = Gauge(
            "bindguard_request_bodies",
            "Request bodies that are being received; these requests are not in flight yet.",
            registry=self.registry,
        )
        self.connections = Gauge("bindguard_connections", "Open connections.", ("port",), registry=self.registry)
        self.registry_age = Gauge(
            "bindguard_registry_age_seconds", "Time since the source last confirmed the registry in use.", registry=self.registry
        )
        self.registry_version = GaugeCollector(
            "bindguard_registry_info",
            "1; `version` is the resourceVersion of the registry in use, or the digest of its file.",
            "version",
            self.registry,
        )
        self.registry_plugins = Gauge("bindguard_registry_plugins", "Registered plugins in the registry in use.", registry=self.registry)
        self.registry_problem = Gauge(
            "bindguard_registry_problem", "1 while the registry in use may differ from its source.", registry=self.registry
        )
        self.registry_reload_failures = Counter(
            "bindguard_registry_reload_failures", "Changed registry files that could not be used.", registry=self.registry
        )
        self.certificate_expiry = Gauge(
            "bindguard_certificate_expiry_timestamp_seconds", "When the served certificate expires, in Unix time.", registry=self.registry
        )
        self.certificate_problem = Gauge(
            "bindguard_certificate_problem", "1 while the newest certificate cannot be served.", registry=self.registry
        )
        self.certificate_reload_failures = ReadCount(
            "bindguard_certificate_reload_failures", "Changed certificates that could not be used.", self.registry
        )
        Gauge("bindguard_build_info", "1; `version` is the running version.", ("version",), registry=self.registry).labels(version).set(1)

    def answered(self, endpoint: str, reviewed: Reviewed, seconds: float) -> None:
        """Count an answered review."""
        request, answer = reviewed.request, reviewed.answer
        kind, operation = _KINDS.get(request.kind.kind, _OTHER), _OPERATIONS.get(request.operation, _OTHER)
        self._requests.of[endpoint, kind, operation, answer.decision, "200"] += 1
        self._seconds.observe(endpoint, seconds)
        self._last_reviews.of[endpoint] = time.time()
        for finding in answer.findings:
            self._findings.of[finding.rule, finding.severity] += 1
        if CONFIRMATION in answer.audit:
            self._confirmations.labels(answer.audit[CONFIRMATION]).inc()
        if answer.reason:
            self._skips.of[endpoint, answer.reason] += 1

    def refused(self, endpoint: str, code: int, seconds: float) -> None:
        """Count a request that got an HTTP error."""
        self._requests.of[endpoint, "", "", "error", str(code)] += 1
        self._seconds.observe(endpoint, seconds)

    def cut_off(self, endpoint: str) -> None:
        """Count a request whose client went away before it was whole."""
        self._cut_off.labels(endpoint).inc()

    def turned_away(self, port: str, reason: str) -> None:
        """Count a connection that was closed to make room."""
        self._turned_away.labels(port, reason).inc()

    def malformed(self, code: int) -> None:
        """Count a request that was refused before it was whole: too slow, too large a head, no HTTP."""
        self._malformed.labels(str(code)).inc()
