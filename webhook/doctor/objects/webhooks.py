"""Webhook configurations."""

from webhook.doctor.objects.meta import Object, Selector
from webhook.kube.metadata import ObjectMeta


class ServiceReference(Object, frozen=True):
    """The Service that a webhook is called through."""

    namespace: str
    name: str
    path: str = ""
    port: int = 443


class ClientConfig(Object, frozen=True):
    """The address of a webhook, and the CAs that sign its certificate, in PEM."""

    url: str | None = None
    service: ServiceReference | None = None
    ca_bundle: bytes = b""


class Rule(Object, frozen=True):
    """Requests that a webhook is called for."""

    api_groups: list[str] | None = None
    operations: list[str] | None = None
    resources: list[str] | None = None

    def covers(self, group: str, resource: str, operation: str) -> bool:
        """Whether the rule matches such a request, in any API version."""
        in_group = _among(group, self.api_groups)
        in_resources = _among(resource, self.resources) or "*/*" in (self.resources or ())
        return in_group and in_resources and _among(operation, self.operations)


def _among(value: str, values: list[str] | None) -> bool:
    return "*" in (values or ()) or value in (values or ())


class MatchCondition(Object, frozen=True):
    """A further condition, in CEL."""

    name: str = ""


class Webhook(Object, frozen=True):
    """One webhook, validating or mutating, with the defaults of the API server."""

    name: str
    client_config: ClientConfig
    rules: list[Rule] | None = None
    failure_policy: str = "Fail"
    match_policy: str = "Equivalent"
    timeout_seconds: int = 10
    namespace_selector: Selector = Selector()
    object_selector: Selector = Selector()
    reinvocation_policy: str = "Never"
    admission_review_versions: list[str] | None = None
    match_conditions: list[MatchCondition] | None = None

    def covers(self, group: str, resource: str, operation: str) -> bool:
        """Whether a rule matches such a request."""
        return any(rule.covers(group, resource, operation) for rule in self.rules or ())


class WebhookConfiguration(Object, frozen=True):
    """A ValidatingWebhookConfiguration or a MutatingWebhookConfiguration."""

    metadata: ObjectMeta = ObjectMeta()
    webhooks: list[Webhook] | None = None

    def asked_about(self, group: str, resource: str, operation: str) -> Webhook | None:
        """The first webhook with a rule that matches such a request."""
        return next((each for each in self.webhooks or () if each.covers(group, resource, operation)), None)


class Configurations(Object, frozen=True):
    """A list of them."""

    items: list[WebhookConfiguration] | None = None
