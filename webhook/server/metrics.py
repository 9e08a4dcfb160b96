"""What is counted and measured, for Prometheus. Every label takes few values, none of them a caller's; nothing is told by namespace."""

from collections.abc import Mapping
from typing import Final

import prometheus_client
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

from webhook.server.reviewers import Reviewed
from webhook.vmi.kinds import KINDS

SECONDS: Final = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)

_OTHER = "other"
_KINDS: Mapping[str, str] = {name: name for name in ("Pod", "KubeVirt", "HyperConverged", *(kind.name for kind in KINDS))}
_OPERATIONS: Mapping[str, str] = {name: name for name in ("CREATE", "UPDATE", "DELETE", "CONNECT")}


class Metrics:
    """All metrics of a server, in a registry of their own.

    Attributes:
        registry: What `/metrics` shows.
        in_flight: Requests being answered.
        connections: Open connections, by port.
        registry_age: Seconds since the registry in use was read.
        registry_plugins: Plugins in it.
        registry_reload_failures: Changed registries that could not be used.
        certificate_expiry: When the certificate in use expires, in Unix time.
        certificate_reload_failures: Changed certificates that could not be used.
    """

    def __init__(self, version: str) -> None:
        """Make all metrics, at zero."""
        prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call] # twice as many series, and nobody asks when a counter was made
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._requests = Counter(
            "bindguard_requests",
            "Answered requests; those refused with an HTTP error have decision `error` and its code.",
            ("endpoint", "kind", "operation", "decision", "code"),
            registry=self.registry,
        )
        self._findings = Counter("bindguard_findings", "What rules found.", ("rule", "severity"), registry=self.registry)
        self._skips = Counter("bindguard_skips", "Requests passed unjudged or unchanged.", ("endpoint", "reason"), registry=self.registry)
        self._cut_off = Counter(
            "bindguard_cut_off_requests", "Requests whose body did not come whole.", ("endpoint",), registry=self.registry
        )
        self._malformed = Counter(
            "bindguard_malformed_requests", "Requests refused before they were whole.", ("code",), registry=self.registry
        )
        self._seconds = Histogram(
            "bindguard_request_duration_seconds",
            "From the arrival of a request's head to its answer.",
            ("endpoint",),
            buckets=SECONDS,
            registry=self.registry,
        )
        self.in_flight = Gauge("bindguard_requests_in_flight", "Requests being answered.", registry=self.registry)
        self.connections = Gauge("bindguard_connections", "Open connections.", ("port",), registry=self.registry)
        self.registry_age = Gauge("bindguard_registry_age_seconds", "Time since the registry was read.", registry=self.registry)
        self.registry_plugins = Gauge("bindguard_registry_plugins", "Registered plugins.", registry=self.registry)
        self.registry_reload_failures = Counter(
            "bindguard_registry_reload_failures", "Changed registries that could not be used.", registry=self.registry
        )
        self.certificate_expiry = Gauge(
            "bindguard_certificate_expiry_timestamp_seconds", "When the serving certificate expires.", registry=self.registry
        )
        self.certificate_reload_failures = Counter(
            "bindguard_certificate_reload_failures", "Changed certificates that could not be used.", registry=self.registry
        )
        Gauge("bindguard_build_info", "The running version.", ("version",), registry=self.registry).labels(version).set(1)
        self._requests_of: dict[tuple[str, str, str, str], Counter] = {}
        self._findings_of: dict[tuple[str, str], Counter] = {}
        self._skips_of: dict[tuple[str, str], Counter] = {}
        self._seconds_of: dict[str, Histogram] = {}

    def answered(self, endpoint: str, reviewed: Reviewed, seconds: float) -> None:
        """Count an answered review."""
        request, answer = reviewed.request, reviewed.answer
        key = (endpoint, _KINDS.get(request.kind.kind, _OTHER), _OPERATIONS.get(request.operation, _OTHER), answer.decision)
        counter = self._requests_of.get(key)
        if counter is None:
            counter = self._requests_of[key] = self._requests.labels(*key, "200")
        counter.inc()
        self._observe(endpoint, seconds)
        for finding in answer.findings:
            _child(self._findings, self._findings_of, (finding.rule, finding.severity)).inc()
        if answer.reason:
            _child(self._skips, self._skips_of, (endpoint, answer.reason)).inc()

    def refused(self, endpoint: str, code: int, seconds: float) -> None:
        """Count a request that got an HTTP error."""
        self._requests.labels(endpoint, "", "", "error", str(code)).inc()
        self._observe(endpoint, seconds)

    def cut_off(self, endpoint: str) -> None:
        """Count a request whose client went away before it was whole."""
        self._cut_off.labels(endpoint).inc()

    def malformed(self, code: int) -> None:
        """Count a request that was refused before it was whole: too slow, too large a head, no HTTP."""
        self._malformed.labels(str(code)).inc()

    def _observe(self, endpoint: str, seconds: float) -> None:
        histogram = self._seconds_of.get(endpoint)
        if histogram is None:
            histogram = self._seconds_of[endpoint] = self._seconds.labels(endpoint)
        histogram.observe(seconds)


def _child(family: Counter, known: dict[tuple[str, str], Counter], labels: tuple[str, str]) -> Counter:
    """The counter of these labels, looked up once."""
    child = known.get(labels)
    if child is None:
        child = known[labels] = family.labels(*labels)
    return child
