"""The manifests of certs/cert-manager name each other, and name the Service as the server's certificate does."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from webhook.tls.names import names_for_service
from webhook.tls.problems import Fault

DIRECTORY = Path(__file__).parents[2] / "certs"
OBJECTS: list[dict[str, Any]] = [
    document for file in sorted((DIRECTORY / "cert-manager").glob("*.yaml")) for document in yaml.safe_load_all(file.read_text())
]
CERTIFICATES = {each["metadata"]["name"]: each for each in OBJECTS if each["kind"] == "Certificate"}
ISSUERS = {each["metadata"]["name"]: each for each in OBJECTS if each["kind"] == "Issuer"}
WEBHOOKS = [each for each in OBJECTS if each["kind"].endswith("WebhookConfiguration")]
LEAF = CERTIFICATES["bindguard-tls"]


def test_all_kinds_are_there_and_nothing_else() -> None:
    assert (len(CERTIFICATES), len(ISSUERS), len(WEBHOOKS), len(OBJECTS)) == (2, 2, 2, 6)


def test_each_certificate_names_an_issuer_of_its_namespace() -> None:
    for certificate in CERTIFICATES.values():
        issuer = ISSUERS[certificate["spec"]["issuerRef"]["name"]]
        assert issuer["metadata"]["namespace"] == certificate["metadata"]["namespace"]


def test_the_ca_issuer_signs_with_the_secret_of_the_ca_certificate() -> None:
    ca = CERTIFICATES["bindguard-ca"]
    assert ca["spec"]["isCA"] is True
    assert ISSUERS[LEAF["spec"]["issuerRef"]["name"]]["spec"]["ca"]["secretName"] == ca["spec"]["secretName"]
    assert ca["spec"]["secretName"] != LEAF["spec"]["secretName"]


def test_the_leaf_is_for_the_service_that_the_webhooks_call() -> None:
    services = {(hook["clientConfig"]["service"]["name"], hook["clientConfig"]["service"]["namespace"]) for hook in _hooks()}
    assert [names_for_service(*service) for service in services] == [tuple(LEAF["spec"]["dnsNames"])]


def test_the_ca_bundle_is_injected_from_the_leaf_and_nowhere_written() -> None:
    source = f"{LEAF['metadata']['namespace']}/{LEAF['metadata']['name']}"
    assert {each["metadata"]["annotations"]["cert-manager.io/inject-ca-from"] for each in WEBHOOKS} == {source}
    assert not any("caBundle" in hook["clientConfig"] for hook in _hooks())


def test_keys_are_ecdsa_p_256_and_the_ca_keeps_its_own() -> None:
    keys = {name: each["spec"]["privateKey"] for name, each in CERTIFICATES.items()}
    assert {(key["algorithm"], key["size"]) for key in keys.values()} == {("ECDSA", 256)}
    assert (keys["bindguard-ca"]["rotationPolicy"], keys["bindguard-tls"]["rotationPolicy"]) == ("Never", "Always")


@pytest.mark.parametrize("certificate", CERTIFICATES.values(), ids=CERTIFICATES)
def test_renewal_begins_long_before_the_end(certificate: dict[str, Any]) -> None:
    duration, before = (_hours(certificate["spec"][field]) for field in ("duration", "renewBefore"))
    assert 30 * 24 <= before <= duration / 3


def test_no_leaf_outlives_the_ca_that_signed_it() -> None:
    assert _hours(CERTIFICATES["bindguard-ca"]["spec"]["renewBefore"]) > _hours(LEAF["spec"]["duration"])


def test_the_page_names_each_manifest_and_each_kind_of_fault() -> None:
    page = (DIRECTORY / "README.md").read_text()
    assert [file.name for file in (DIRECTORY / "cert-manager").iterdir() if f"(cert-manager/{file.name})" not in page] == []
    assert [fault for fault in Fault if f"`{fault}`" not in page] == []


def _hooks() -> list[dict[str, Any]]:
    return [hook for each in WEBHOOKS for hook in each["webhooks"]]


def _hours(duration: str) -> int:
    match = re.fullmatch(r"(\d+)h", duration)
    assert match is not None
    return int(match[1])
