"""What is counted about the registry that is followed in a cluster and the certificate that is managed there."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge
from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector


class ClusterMetrics:
    """Metrics of what comes from a cluster; they stay at zero where nothing does."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry
        self._listings = Counter("bindguard_registry_listings", "Complete lists of KubeVirt CRs that were read.", registry=registry)
        self._restarts = Counter(
            "bindguard_registry_watch_restarts",
            "Restarts of the watch on KubeVirt CRs; the reason `ended` is normal.",
            ("reason",),
            registry=registry,
        )
        self._reads = Counter(
            "bindguard_registry_reads",
            "Reads of the KubeVirt CR before a denial: `ok`, or why it failed. Several reviews share one read.",
            ("outcome",),
            registry=registry,
        )

    def registry_listed(self) -> None:
        """All CRs were listed, and what was known before was replaced."""
        self._listings.inc()

    def registry_restarted(self, reason: str) -> None:
        """The watch begins again."""
        self._restarts.labels(reason).inc()

    def registry_read(self, outcome: str) -> None:
        """A live read: `ok`, or why it failed."""
        self._reads.labels(outcome).inc()

    def follow_certificate(
        self,
        *,
        leads: Callable[[], bool],
        stuck: Callable[[], bool],
        repairs: Callable[[], int],
        ca_expires_at: Callable[[], float],
        glass_is_broken: Callable[[], bool],
    ) -> None:
        """Show the managed certificate, as these tell it at each scrape."""
        problem = Gauge(
            "bindguard_certificate_leader_problem",
            "1 while the leader cannot make the next step of the certificate rotation.",
            registry=self._registry,
        )
        problem.set_function(stuck)
        leader = Gauge(
            "bindguard_certificate_leader", "1 on the leader, the replica that manages the certificate.", registry=self._registry
        )
        leader.set_function(leads)
        expiry = Gauge("bindguard_ca_expiry_timestamp_seconds", "When the managed CA expires, in Unix time.", registry=self._registry)
        expiry.set_function(ca_expires_at)
        broken = Gauge(
            "bindguard_break_glass",
            "1 on the leader while `bindguard break-glass` is in force: the webhooks fail open, or are removed.",
            registry=self._registry,
        )
        broken.set_function(glass_is_broken)
        self._registry.register(_Repairs(repairs))


class _Repairs(Collector):
    """A counter that somebody else keeps."""

    def __init__(self, count: Callable[[], int]) -> None:
        self._count = count

    def collect(self) -> list[CounterMetricFamily]:
        about = "caBundles that were repaired after somebody else changed them."
        return [CounterMetricFamily("bindguard_ca_bundle_repairs", about, value=self._count())]
