"""Values that change what pods are and whose they are: every one reaches its object, and what is not given stays as it was."""

import pytest

from tests.chart.helm import CERT_MANAGER, CHART, EVERYTHING, NEWEST, Helm, Values, assert_valid, container, merged, pod

DIGEST = f"sha256:{'0' * 64}"


def test_whoever_brings_a_service_account_has_it_used_and_bound(helm: Helm) -> None:
    objects = helm.render({"serviceAccount": {"create": False, "name": "theirs"}})
    assert "ServiceAccount" not in objects.kinds()
    assert pod(objects)["spec"]["serviceAccountName"] == "theirs"
    subjects = [objects.one(kind)["subjects"] for kind in ("ClusterRoleBinding", "RoleBinding")]
    assert [subject["name"] for (subject,) in subjects] == ["theirs", "theirs"]


def test_a_service_account_has_the_name_that_is_chosen_for_it(helm: Helm) -> None:
    objects = helm.render({"serviceAccount": {"name": "chosen"}})
    assert objects.one("ServiceAccount")["metadata"]["name"] == pod(objects)["spec"]["serviceAccountName"] == "chosen"


def test_roles_can_be_left_to_others(helm: Helm) -> None:
    kinds = helm.render({"rbac": {"create": False}}).kinds()
    assert [kind for kind in kinds if "Role" in kind] == []


def test_a_proxy_and_its_ca_reach_the_container(helm: Helm) -> None:
    variable = {"name": "HTTPS_PROXY", "value": "http://proxy.example:3128"}
    volume = {"name": "proxy-ca", "configMap": {"name": "proxy-ca"}}
    mount = {"name": "proxy-ca", "mountPath": "/etc/proxy-ca", "readOnly": True}
    values = {"extraEnv": [variable], "extraVolumes": [volume], "extraVolumeMounts": [mount], "extraArgs": ["--log-level=debug"]}
    objects = helm.render(values)
    only = container(objects)
    assert only["env"] == [variable]
    assert only["args"] == ["serve", "--config", "/etc/bindguard/bindguard.yaml", "--log-level=debug"]
    assert only["volumeMounts"][-1] == mount
    assert pod(objects)["spec"]["volumes"][-1] == volume


def test_one_field_of_a_security_context_changes_and_the_others_stay(helm: Helm) -> None:
    objects = helm.render({"podSecurityContext": {"fsGroup": 7}, "securityContext": {"runAsUser": 1000}})
    assert pod(objects)["spec"]["securityContext"] == {"fsGroup": 7, "runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
    assert container(objects)["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": True,
        "runAsUser": 1000,
    }


@pytest.mark.parametrize("name", ["startupProbe", "livenessProbe", "readinessProbe"])
def test_the_timing_of_a_probe_changes_and_what_it_asks_stays(helm: Helm, name: str) -> None:
    before = container(helm.render())[name]
    after = container(helm.render({name: {"timeoutSeconds": 9, "initialDelaySeconds": 4}}))[name]
    assert after == {**before, "timeoutSeconds": 9, "initialDelaySeconds": 4}


def test_dns_is_the_clusters_unless_told_otherwise(helm: Helm) -> None:
    assert pod(helm.render())["spec"]["dnsPolicy"] == "ClusterFirst"
    config = {"nameservers": ["10.0.0.10"], "options": [{"name": "ndots", "value": "1"}]}
    spec = pod(helm.render({"dnsPolicy": "None", "dnsConfig": config}))["spec"]
    assert (spec["dnsPolicy"], spec["dnsConfig"]) == ("None", config)
    assert pod(helm.render({"hostNetwork": True, "dnsPolicy": "Default"}))["spec"]["dnsPolicy"] == "Default"


def test_dns_without_a_name_server_is_refused(helm: Helm) -> None:
    assert "dnsConfig.nameservers" in helm.refusal({"dnsPolicy": "None"})


@pytest.mark.parametrize(
    ("values", "image"),
    [
        ({"image": {"registry": "mirror.example:5000"}}, "mirror.example:5000/bindguard/bindguard:0.1.0"),
        ({"global": {"imageRegistry": "mirror.example/cache"}}, "mirror.example/cache/bindguard/bindguard:0.1.0"),
        ({"global": {"imageRegistry": "other.example"}, "image": {"registry": "own.example"}}, "own.example/bindguard/bindguard:0.1.0"),
        ({"image": {"registry": "own.example", "repository": "team/guard", "digest": DIGEST}}, f"own.example/team/guard@{DIGEST}"),
        ({"image": {"registry": "own.example", "repository": "localhost/guard", "tag": "x"}}, "own.example/guard:x"),
    ],
)
def test_another_registry_takes_the_place_of_the_repositorys_own(helm: Helm, values: Values, image: str) -> None:
    assert container(helm.render(values))["image"] == image


def test_common_labels_are_on_every_object_and_on_the_pods_and_take_no_label_of_the_chart(helm: Helm) -> None:
    labels = {"team": "net", "app.kubernetes.io/name": "forged"}
    objects = helm.render(merged(*EVERYTHING, CERT_MANAGER, {"commonLabels": labels}))
    for found in [*(each["metadata"]["labels"] for each in objects), pod(objects)["metadata"]["labels"]]:
        assert (found["team"], found["app.kubernetes.io/name"]) == ("net", "bindguard")
    assert "team" not in objects.one("Deployment")["spec"]["selector"]["matchLabels"]


def test_a_pod_leaves_a_lost_node_within_a_minute(helm: Helm) -> None:
    tolerations = {each["key"]: each["tolerationSeconds"] for each in pod(helm.render())["spec"]["tolerations"]}
    assert tolerations == {"node.kubernetes.io/not-ready": 30, "node.kubernetes.io/unreachable": 30}


@pytest.mark.parametrize("kept", [0, 3])
def test_old_replica_sets_are_as_many_as_asked_for(helm: Helm, kept: int) -> None:
    assert helm.render({"revisionHistoryLimit": kept}).one("Deployment")["spec"]["revisionHistoryLimit"] == kept


def test_the_admission_port_can_be_kept_to_the_api_servers_addresses(helm: Helm) -> None:
    peers = [{"ipBlock": {"cidr": "10.0.0.1/32"}}]
    admission, operations = helm.render({"networkPolicy": {"admissionFrom": peers}}).one("NetworkPolicy")["spec"]["ingress"]
    assert admission["from"] == peers
    assert "from" not in operations


@pytest.mark.parametrize(
    "volume",
    [
        {"secret": {"secretName": "a"}},
        {"configMap": {"name": "a", "items": [{"key": "a", "path": "b"}]}},
        {"emptyDir": {}},
        {"projected": {"sources": [{"secret": {"name": "a"}}]}},
        {"persistentVolumeClaim": {"claimName": "a"}},
        {"csi": {"driver": "a.example", "readOnly": True}},
    ],
)
def test_a_volume_of_each_kind_that_restricted_pods_may_have_is_valid(helm: Helm, volume: Values) -> None:
    for each in helm.render({"extraVolumes": [{"name": "extra", **volume}]}):
        assert_valid(each, NEWEST)


@pytest.mark.parametrize(
    "variable",
    [
        {"name": "A"},
        {"name": "A", "valueFrom": {"secretKeyRef": {"name": "a", "key": "b", "optional": True}}},
        {"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "status.hostIP"}}},
    ],
)
def test_an_environment_variable_from_each_source_is_valid(helm: Helm, variable: Values) -> None:
    for each in helm.render({"extraEnv": [variable]}):
        assert_valid(each, NEWEST)


@pytest.mark.parametrize(
    ("values", "fails_closed"),
    [({}, True), ({"priorityClassName": "high"}, False), ({"validation": {"failurePolicy": "Ignore"}}, False), ({"audit": True}, False)],
)
def test_the_notes_tell_of_a_priority_where_something_fails_closed(helm: Helm, values: Values, *, fails_closed: bool) -> None:
    done = helm.run("install", "bindguard", str(CHART), "--dry-run=client", values=values)
    assert (b"priorityClassName" in done.stdout.partition(b"NOTES:")[2]) is fails_closed


def test_the_notes_tell_of_audit_mode(helm: Helm) -> None:
    done = helm.run("install", "bindguard", str(CHART), "--dry-run=client", values={"audit": True})
    notes = done.stdout.partition(b"NOTES:")[2]
    assert b"Audit mode: every finding is a warning, nothing is denied, and failurePolicy is Ignore." in notes
    assert b"sets it to Fail" not in notes


@pytest.mark.parametrize("webhook", ["validation", "podMutation"])
@pytest.mark.parametrize("there", [True, False])
def test_the_notes_warn_of_conditions_that_a_cluster_cannot_have(helm: Helm, webhook: str, *, there: bool) -> None:
    values = {"webhooks": {"matchConditions": there}, webhook: {"matchConditions": [{"name": "mine", "expression": "true"}]}}
    done = helm.run("install", "bindguard", str(CHART), "--dry-run=client", values=values)
    assert (b"have no effect here" in done.stdout.partition(b"NOTES:")[2]) is not there


@pytest.mark.parametrize(("kubernetes", "refused"), [("1.26.9", True), ("1.27.0", False), ("1.28.0", False)])
def test_conditions_are_refused_for_a_cluster_that_has_none(helm: Helm, kubernetes: str, *, refused: bool) -> None:
    values = {"webhooks": {"matchConditions": True}}
    done = helm.run("template", "bindguard", str(CHART), "--kube-version", kubernetes, values=values)
    assert (b"webhooks.matchConditions: Kubernetes v1.26.9 has none" in done.stderr) is refused
    assert (done.returncode != 0) is refused
