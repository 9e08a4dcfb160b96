"""Ask the API server who the caller is."""

from typing import Final

import msgspec

from webhook.cluster.api import ApiServer
from webhook.cluster.api_error import ApiError
from webhook.kube.fieldpath import text_at
from webhook.kube.shape import UNDECODABLE

SUBJECT_REVIEWS: Final = "/apis/authentication.k8s.io/v1/selfsubjectreviews"


async def user(api: ApiServer) -> str:
    """The name of the caller as the API server knows it; empty where it does not say (before Kubernetes 1.28)."""
    try:
        body = await api.post(SUBJECT_REVIEWS, {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview", "metadata": {}})
        return text_at(msgspec.json.decode(body), "status", "userInfo", "username")
    except (ApiError, *UNDECODABLE):
        return ""
