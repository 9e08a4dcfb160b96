"""Counts and times as plain numbers, which prometheus-client reads when somebody asks for them.

Its own counters and histograms take a lock and walk all buckets each time, and an answer moves two of them: 1.3 us a review, here 0.4 us.
One event loop counts; another thread may read at the same time.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from itertools import accumulate

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector, CollectorRegistry
from prometheus_client.utils import floatToGoString

_INFINITE = "+Inf"


class Counts(Collector):
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
