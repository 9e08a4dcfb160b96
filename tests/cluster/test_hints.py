"""What a person is told to do about a refusal: nothing that the command at hand cannot do."""

import pytest

from webhook.cluster.api_error import answered, unanswered
from webhook.cluster.discovery import Resource
from webhook.cluster.hints import explained, not_listed

REFUSED = answered("GET https://x/apis", 403, b'{"message": "u cannot list"}', retry_after=0)


@pytest.mark.parametrize(("kind", "helps"), [("VirtualMachine", True), ("KubeVirt", False)])
def test_namespaces_are_offered_for_what_is_read_by_namespace(kind: str, *, helps: bool) -> None:
    told = not_listed(REFUSED, Resource("kubevirt.io", "v1", f"{kind.lower()}s", kind))
    assert told.startswith("u cannot list; grant it (kubectl create clusterrole list-")
    assert ("--namespace" in told) is helps


def test_credentials_that_could_not_be_had_were_not_refused() -> None:
    told = str(explained(unanswered("GET https://x/apis", "unauthorized", "there are no credentials: x")))
    assert told.endswith("there are no credentials: x; log in again, or name another context with --context")
