"""The permissions that the doctor needs, as in docs/doctor.md, and those that the server needs, as in the chart."""

from collections.abc import Iterator

from webhook.doctor.snapshot import Names, Need

_REGISTRATION = "admissionregistration.k8s.io"
_CONFIGURATIONS = ("validatingwebhookconfigurations", "mutatingwebhookconfigurations")


def of_caller(names: Names, dry_run_namespace: str) -> Iterator[Need]:
    """What the doctor reads, and the creation of VMs, which has no permission for dry runs alone."""
    namespace = names.namespace
    for resource in _CONFIGURATIONS:
        for verb in ("get", "list"):
            yield Need(verb=verb, group=_REGISTRATION, resource=resource)
    yield Need(verb="list", group="kubevirt.io", resource="kubevirts")
    yield Need(verb="get", group="apps", resource="deployments", namespace=namespace, name=names.deployment)
    yield Need(verb="get", resource="configmaps", namespace=namespace, name=names.deployment)
    yield Need(verb="get", resource="services", namespace=namespace, name=names.service)
    yield Need(verb="list", group="discovery.k8s.io", resource="endpointslices", namespace=namespace)
    yield Need(verb="list", resource="pods", namespace=namespace)
    yield Need(verb="get", resource="pods/proxy", namespace=namespace)
    yield Need(verb="get", resource="secrets", namespace=namespace, name=names.secret)
    yield Need(verb="get", group="coordination.k8s.io", resource="leases", namespace=namespace, name=names.lease)
    yield Need(verb="create", group="authorization.k8s.io", resource="subjectaccessreviews")
    yield Need(verb="list", resource="namespaces")
    yield Need(verb="create", group="kubevirt.io", resource="virtualmachines", namespace=dry_run_namespace)


def of_server(names: Names, *, managed: bool) -> Iterator[Need]:
    """What the server reads; with `managed` also what it writes to renew the certificate."""
    for verb in ("list", "watch"):
        yield Need(verb=verb, group="kubevirt.io", resource="kubevirts", purpose="by which it learns what is registered")
    purpose = "from which it computes the overhead of a launcher pod"
    yield Need(verb="get", group="kubevirt.io", resource="virtualmachineinstances", purpose=purpose)
    if not managed:
        return
    namespace, purpose = names.namespace, "to renew the certificate"
    for verb in ("get", "create", "patch"):  # by server-side apply, which is authorised with the object's name
        yield Need(verb=verb, resource="secrets", namespace=namespace, name=names.secret, purpose=purpose)
        yield Need(verb=verb, group="coordination.k8s.io", resource="leases", namespace=namespace, name=names.lease, purpose=purpose)
    purpose = "to make it the owner of the webhook configurations"
    yield Need(verb="get", resource="namespaces", name=namespace, purpose=purpose)
    for resource in _CONFIGURATIONS:
        for verb in ("get", "patch"):
            purpose = "to write the caBundle"
            yield Need(verb=verb, group=_REGISTRATION, resource=resource, name=names.configuration, purpose=purpose)
