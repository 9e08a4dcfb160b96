"""On a real API server: webhooks fail open until somebody answers them, and closed from then on."""

import pytest

from tests.e2e.control_plane import ControlPlane
from tests.e2e.installation import until_armed


@pytest.mark.usefixtures("replicas")
def test_a_webhook_that_is_answered_is_armed_and_the_namespace_owns_its_configuration(cluster: ControlPlane) -> None:
    found = until_armed(cluster)
    assert "bindguard.io/arm" not in found["metadata"].get("annotations", {})
    assert [webhook["failurePolicy"] for webhook in found["webhooks"]] == ["Fail", "Ignore"]
    uid = cluster.read("/api/v1/namespaces/bindguard")["metadata"]["uid"]
    assert [(owner["kind"], owner["uid"]) for owner in found["metadata"]["ownerReferences"]] == [("Namespace", uid)]
