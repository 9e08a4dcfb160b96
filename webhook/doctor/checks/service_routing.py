"""The way from the API server to the pods: Service, called port, and endpoints."""

from collections.abc import Iterator, Sequence

from webhook.doctor.checks.missing_objects import absent, unseen
from webhook.doctor.objects.meta import Selector
from webhook.doctor.objects.workload import EndpointSlice, Service, ServicePort
from webhook.doctor.result import Result, fail, ok, warn
from webhook.doctor.snapshot import Snapshot

_LISTENING = "admission"
"""The chart's name for the admission port of the container."""
_UPGRADE = "run helm upgrade again, which corrects the Service, and find out who changed it"


def check(snapshot: Snapshot) -> Iterator[Result]:
    """From the webhooks to the Service, and from the Service to the pods."""
    service = snapshot.service.value
    if service is None:
        what = f"Service {snapshot.names.namespace}/{snapshot.names.service}"
        yield absent("service", snapshot.service, what, "the API server reaches no pod")
    else:
        yield from _service(service, snapshot)
    yield from _endpoints(snapshot)


def _service(service: Service, snapshot: Snapshot) -> Iterator[Result]:
    what = f"Service {snapshot.names.namespace}/{snapshot.names.service}"
    problems = [*_port_problem(what, service, snapshot), *_selector_problem(what, service, snapshot)]
    yield from problems or [ok("service", f"{what} has the port that is called")]


def _port_problem(what: str, service: Service, snapshot: Snapshot) -> Iterator[Result]:
    ports = [each.port for each in service.spec.ports or ()]
    for name, called in _calls(snapshot):
        if called not in ports:
            listed = ", ".join(map(str, ports)) or "none"
            yield fail("service", f"{name} calls port {called}; {what} has {listed}", _UPGRADE)
            return


def _selector_problem(what: str, service: Service, snapshot: Snapshot) -> Iterator[Result]:
    """EndpointSlices can be left over from before, so the selector is checked too."""
    selector, pods = service.spec.selector or {}, snapshot.staying_pods()
    if not selector:
        yield warn("service", f"{what} has no selector: its endpoints do not follow the pods", _UPGRADE)
    elif pods and not any(Selector(match_labels=selector).selects(pod.metadata.labels or {}) for pod in pods):
        listed = ", ".join(f"{key}={value}" for key, value in selector.items())
        yield fail("service", f"{what} selects {listed}, which none of {len(pods)} pods has: no new endpoint leads to one", _UPGRADE)


def _calls(snapshot: Snapshot) -> Iterator[tuple[str, int]]:
    """Webhooks that call the Service, and the port that each calls."""
    names = snapshot.names
    for webhook in snapshot.webhooks():
        called = webhook.client_config.service
        if called is not None and (called.namespace, called.name) == (names.namespace, names.service):
            yield webhook.name, called.port


def _endpoints(snapshot: Snapshot) -> Iterator[Result]:
    names = snapshot.names
    if snapshot.slices.value is None:
        yield unseen("endpoints", snapshot.slices, f"the EndpointSlices of {names.service}")
        return
    slices = snapshot.slices.value.items or ()
    ready = _ready(slices)
    if not ready:
        remedy = f"kubectl -n {names.namespace} get pods: none is ready, or the Service's selector does not match their labels"
        count = sum(len(each.endpoints or ()) for each in slices)
        found = f"Service {names.service} has no ready endpoint ({count} in all): the API server reaches no pod"
        yield fail("endpoints", found, remedy)
        return
    problems = [problem for port in _called_ports(snapshot) for problem in _target_problem(port, slices, snapshot)]
    yield from problems or [ok("endpoints", f"{len(ready)} ready: {', '.join(sorted(ready))}")]


def _ready(slices: Sequence[EndpointSlice]) -> list[str]:
    """Addresses of ready endpoints."""
    endpoints = (each for found in slices for each in found.endpoints or ())
    return [address for each in endpoints if each.conditions.ready is not False for address in each.addresses or ()]


def _called_ports(snapshot: Snapshot) -> Sequence[ServicePort]:
    service, called = snapshot.service.value, {port for _, port in _calls(snapshot)}
    return [each for each in (service.spec.ports or () if service is not None else ()) if each.port in called]


def _target_problem(port: ServicePort, slices: Sequence[EndpointSlice], snapshot: Snapshot) -> Iterator[Result]:
    """Ports of a Service and of its slices have the same names. A pod without the named `targetPort` is in a slice without that port."""
    what = f"Service {snapshot.names.service}, port {port.port}"
    leading = [each for each in slices if port.name in each.ports_by_name() and _ready([each])]
    if not leading:
        found = f"{what}, leads to targetPort {port.target}, which no ready endpoint has: the API server reaches no pod"
        yield fail("endpoints", found, f"{_UPGRADE}: its targetPort is {_LISTENING}")
        return
    numbers = {each.ports_by_name()[port.name] for each in leading}
    pods = snapshot.pods.value.items or () if snapshot.pods.value is not None else ()
    listening = {number for pod in pods if (number := pod.named_port(_LISTENING)) is not None}
    wrong = sorted(numbers - listening)
    if listening and wrong:
        found = f"{what}, leads to port {_listed(wrong)} of the pods, which answer the API server on {_listed(sorted(listening))}"
        yield fail("endpoints", found, f"{_UPGRADE}: its targetPort is {_LISTENING}")


def _listed(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers))
