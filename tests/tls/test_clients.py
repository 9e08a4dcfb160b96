from collections.abc import Mapping

import pytest

from webhook.tls.clients import client_name_allowed

PEER: Mapping[str, object] = {
    "subject": ((("organizationName", "system:masters"),), (("commonName", "apiserver"),)),
    "subjectAltName": (("DNS", "kube.svc"), ("URI", "spiffe://cluster/apiserver"), ("IP Address", "10.0.0.1"), ("email", "a@b")),
}


@pytest.mark.parametrize("name", ["apiserver", "kube.svc", "spiffe://cluster/apiserver"])
def test_a_client_is_allowed_by_common_name_dns_name_or_uri(name: str) -> None:
    assert client_name_allowed(PEER, ["another", name])


@pytest.mark.parametrize("name", ["system:masters", "a@b", "10.0.0.1", "APISERVER", "apiserver ", "", "commonName"])
def test_nothing_else_is_a_clients_name(name: str) -> None:
    assert not client_name_allowed(PEER, [name])


def test_without_names_any_verified_client_will_do() -> None:
    assert client_name_allowed(PEER, [])


@pytest.mark.parametrize("peer", [None, {}])
def test_a_client_without_a_verified_certificate_is_never_allowed(peer: Mapping[str, object] | None) -> None:
    assert not client_name_allowed(peer, [])
    assert not client_name_allowed(peer, ["apiserver"])


@pytest.mark.parametrize(
    "odd", [{"subject": "apiserver"}, {"subject": ("commonName", "apiserver")}, {"subjectAltName": ("DNS", "apiserver")}]
)
def test_a_certificate_of_an_odd_shape_is_not_allowed(odd: Mapping[str, object]) -> None:
    assert not client_name_allowed(odd, ["apiserver"])
