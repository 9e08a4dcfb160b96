"""The configuration file in the ConfigMap is one that `bindguard serve` takes, and says what the values say."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from charts.schema import with_rules
from tests.chart.helm import CHART, EVERYTHING, MODES, Helm, Objects, Values, config_files, merged, pod, settings, webhooks
from tests.cli.bindguard import bindguard
from webhook.cluster.webhook_configurations import ARM, KINDS
from webhook.loading.config_file import setting_of_key
from webhook.rules import RULE_NAMED
from webhook.runtime.settings.model import ServeSettings

DEFAULTS = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))["config"]
SCHEMA = json.loads((CHART / "values.schema.json").read_text(encoding="utf-8"))["properties"]["config"]["properties"]
WIRED = {
    *("cluster", "port", "operations_port", "state_directory", "supplementary", "webhook_configuration"),
    *("tls_names", "tls_cert", "tls_key", "managed", "managed_namespace", "managed_secret", "managed_lease", "client_ca", "client_names"),
}
"""Settings that follow from the chart's other values."""
OUT_OF_PLACE = {
    *("registry", "vmi_directory", "kubeconfig", "context"),  # a pod reads them from its cluster
    *("self_signed", "self_signed_directory", "self_signed_names", "plain_http"),  # the API server could not trust them
    *("host", "operations_host"),  # a pod listens on all of its addresses
}
"""Settings that are of no use in a cluster."""

ALL_SET: Values = {
    "config": {
        "rules": {"no-binding": "warn", "reserved-mac": False},
        "exclude": {"namespaces": ["sandbox-*"]},
        "kubevirtVersion": "1.9",
        "overhead": "even-if-counted",
        "validatePods": "deny",
        "helpUrl": "https://wiki.example.com/vms#{rule}",
        "contact": "net@example.com",
        "tlsMinimum": "1.3",
        "reloadSeconds": 0.5,
        "maxBodyBytes": 7340032,
        "maxInFlight": 100000,
        "drainSeconds": 7.5,
        "logLevel": "debug",
        "logFormat": "console",
    }
}


def printed(directory: Path, objects: Objects) -> dict[str, str]:
    """What the server says that it would do, by setting."""
    for name, content in config_files(objects).items():
        (directory / name).write_text(content, encoding="utf-8")
    done = bindguard("serve", "--config", directory / "bindguard.yaml", "--print-settings", directory=directory)
    assert (done.returncode, done.stderr) == (0, b"")
    rows = (line.split(maxsplit=1) for line in done.stdout.decode().splitlines())
    return {row[0]: row[1] for row in rows if len(row) == 2}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("values", [{}, merged(*EVERYTHING), ALL_SET], ids=["defaults", "everything", "all-set"])
def test_the_server_takes_the_file(helm: Helm, values: Values, mode: str, tmp_path: Path) -> None:
    assert printed(tmp_path, helm.render(merged(values, MODES[mode])))["cluster"].startswith("true")


def test_what_the_values_say_is_what_the_server_does(helm: Helm, tmp_path: Path) -> None:
    found = printed(tmp_path, helm.render(ALL_SET))
    expected = {
        "rules": "no-binding=warn,reserved-mac=off",
        "exclude": "sandbox-*",
        "kubevirt_version": "1.9",
        "overhead": "even-if-counted",
        "validate_pods": "deny",
        "help_url": "https://wiki.example.com/vms#{rule}",
        "contact": "net@example.com",
        "tls_minimum": "1.3",
        "reload_seconds": "0.5",
        "max_body_bytes": "7340032",
        "max_in_flight": "100000",
        "drain_seconds": "7.5",
        "log_level": "debug",
        "tls_names": "bindguard.bindguard.svc",
        "managed_namespace": "bindguard",
    }
    assert {name: found[name].split()[0] for name in expected} == expected


def test_every_setting_is_a_value_or_follows_from_others_or_is_of_no_use_here() -> None:
    told = {setting_of_key(key) for key in DEFAULTS}
    assert told | WIRED | OUT_OF_PLACE == set(ServeSettings.model_fields)
    assert {*DEFAULTS, "kubeVirtVersion"} == set(SCHEMA)  # another spelling of kubevirtVersion, as registry files have it


def test_the_values_defaults_are_the_servers_own() -> None:
    differing = {"log_format"}  # the server looks at its standard error; a pod's is never a terminal
    plain: dict[str, Any] = {setting_of_key(key): value for key, value in DEFAULTS.items() if value != ""}
    model = ServeSettings.model_validate(plain)
    assert {name for name in plain if getattr(model, name) != ServeSettings.model_fields[name].default} == differing


@pytest.mark.parametrize("key", ["kubevirtVersion", "kubeVirtVersion"])
@pytest.mark.parametrize("release", ["1.9", "v1.9.0", "1.9.0-rc.1", "v1.9.0+downstream"])
def test_the_kubevirt_release_is_taken_in_every_spelling(helm: Helm, key: str, release: str, tmp_path: Path) -> None:
    assert printed(tmp_path, helm.render({"config": {key: release}}))["kubevirt_version"].split()[0] == release


def test_an_empty_value_is_left_out_so_that_the_server_decides(helm: Helm) -> None:
    assert "kubevirtVersion" not in settings(helm.render())


def test_the_name_in_the_certificate_is_the_one_that_the_api_server_asks_for(helm: Helm) -> None:
    objects = helm.render({"name": "guard", "certificates": {"mode": "certManager"}}, namespace="elsewhere")
    assert settings(objects)["tlsNames"] == ["guard.elsewhere.svc"]
    assert objects.one("Certificate", "guard-tls")["spec"]["dnsNames"] == ["guard.elsewhere.svc"]


@pytest.mark.parametrize(("mode", "secret"), [("certManager", "bindguard-tls"), ("provided", "mine")])
def test_certificate_files_are_where_the_secret_is_mounted(helm: Helm, mode: str, secret: str) -> None:
    objects = helm.render(MODES[mode])
    told = settings(objects)
    mounted = {volume["name"]: volume for volume in pod(objects)["spec"]["volumes"]}
    assert mounted["tls"]["secret"] == {"secretName": secret}
    assert (told["tlsCert"], told["tlsKey"]) == ("/etc/bindguard-tls/tls.crt", "/etc/bindguard-tls/tls.key")
    assert "managed" not in told


def test_keys_of_a_provided_secret_may_have_other_names(helm: Helm) -> None:
    own = {"certificates": {"mode": "provided", "provided": {"secretName": "mine", "certKey": "cert.pem", "keyKey": "key.pem"}}}
    told = settings(helm.render(own))
    assert (told["tlsCert"], told["tlsKey"]) == ("/etc/bindguard-tls/cert.pem", "/etc/bindguard-tls/key.pem")


def test_the_self_managed_certificate_needs_no_mount(helm: Helm) -> None:
    objects = helm.render()
    assert [volume["name"] for volume in pod(objects)["spec"]["volumes"]] == ["config", "state"]
    assert settings(objects)["managed"] is True


def test_cert_managers_terms_are_those_of_the_files_to_apply_by_hand(helm: Helm) -> None:
    by_hand = [
        each
        for path in sorted((CHART.parents[1] / "certs/cert-manager").glob("[ci]*.yaml"))
        for each in yaml.safe_load_all(path.read_text())
    ]
    objects = helm.render(MODES["certManager"])
    for each in by_hand:
        rendered = objects.one(each["kind"], each["metadata"]["name"])["spec"]
        names = {"commonName", "dnsNames"} if each["metadata"]["name"] == "bindguard-tls" else set()
        assert {key: value for key, value in rendered.items() if key not in names} == {
            key: value for key, value in each["spec"].items() if key not in names
        }


def test_an_issuer_of_ones_own_takes_the_place_of_the_charts(helm: Helm) -> None:
    issuer = {"name": "corporate", "kind": "ClusterIssuer", "group": "cert-manager.io"}
    objects = helm.render({"certificates": {"mode": "certManager", "certManager": {"issuerRef": issuer}}})
    assert objects.one("Certificate")["spec"]["issuerRef"] == issuer
    assert "Issuer" not in objects.kinds()


def test_every_rule_can_be_set(helm: Helm, tmp_path: Path) -> None:
    objects = helm.render({"config": {"rules": dict.fromkeys(RULE_NAMED, "warn")}})
    assert printed(tmp_path, objects)["rules"].count("=warn") == len(RULE_NAMED)


def test_audit_denies_nothing_whatever_else_is_said(helm: Helm, tmp_path: Path) -> None:
    rules = {"no-binding": "deny", "invalid-*": "off", "shape": "deny", "reserved-mac": False}
    found = printed(tmp_path, helm.render({"audit": True, "config": {"rules": rules, "validatePods": "deny"}}))
    assert set(found["rules"].split()[0].split(",")) == {"*=warn", "no-binding=warn", "invalid-*=off", "shape=warn", "reserved-mac=off"}
    assert found["validate_pods"].split()[0] == "warn"


def test_in_audit_mode_nothing_fails_closed(helm: Helm) -> None:
    closed = {part: {"failurePolicy": "Fail"} for part in ("validation", "advice", "podMutation", "podValidation")}
    chosen = merged(closed, {"audit": True, "webhooks": {"armWhenReady": False}, "config": {"validatePods": "deny"}})
    for values in (chosen, merged(chosen, {"webhooks": {"armWhenReady": True}})):
        objects = helm.render(values)
        assert {webhook["failurePolicy"] for webhook in webhooks(objects).values()} == {"Ignore"}
        for kind in KINDS:
            assert ARM not in (objects.one(kind)["metadata"].get("annotations") or {})


def test_audit_leaves_what_warns_for_all(helm: Helm, tmp_path: Path) -> None:
    found = printed(tmp_path, helm.render({"audit": True, "config": {"rules": {"*": "off"}}}))
    assert found["rules"].split()[0] == "*=off"
    assert "validate_pods" in found


@pytest.mark.parametrize("entry", ["*", "bindings", "invalid-*", "no-bindin?", "no-binding"])
def test_rules_are_named_by_group_and_glob_too(helm: Helm, entry: str, tmp_path: Path) -> None:
    assert printed(tmp_path, helm.render({"config": {"rules": {entry: "warn"}}}))["rules"].split()[0] == f"{entry}=warn"


@pytest.mark.parametrize("entry", ["no-bindin", "No-Binding", "binding", ""])
def test_the_schema_refuses_a_rule_that_there_is_not(helm: Helm, entry: str) -> None:
    refusal = helm.refusal({"config": {"rules": {entry: "warn"}}})
    assert f"at '/config/rules': additional properties '{entry}' not allowed" in refusal


def test_the_schema_knows_the_rules_as_they_are() -> None:
    written = (CHART / "values.schema.json").read_text(encoding="utf-8")
    assert with_rules(written) == written, "run: make docs"
