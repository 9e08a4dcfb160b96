"""The pods: what they may do on their node, how they are looked after, and how they leave without losing a review."""

import inspect

import pytest

from tests.chart.helm import CHART, EVERYTHING, MODES, PROVIDED, Helm, container, merged, pod, settings
from webhook.http.limits import Limits
from webhook.http.listener import Listener
from webhook.http.probes import CHECK_SECONDS
from webhook.kube.quantity import parse_quantity

OPERATIONS = (CHART.parents[1] / "webhook/http/operations.py").read_text(encoding="utf-8")
RESTRICTED_VOLUMES = {"configMap", "emptyDir", "secret"}
"""Those of Pod Security `restricted` that are used: https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted"""


@pytest.mark.parametrize("mode", MODES)
def test_pods_are_restricted(helm: Helm, mode: str) -> None:
    objects = helm.render(merged({"clientCa": {"configMap": "ca"}}, MODES[mode]))
    spec, only = pod(objects)["spec"], container(objects)
    assert spec["securityContext"] == {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
    assert only["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert {kind for volume in spec["volumes"] for kind in volume if kind != "name"} <= RESTRICTED_VOLUMES
    assert {"hostNetwork", "hostPID", "hostIPC", "initContainers"}.isdisjoint(spec)


def test_only_the_state_can_be_written(helm: Helm) -> None:
    objects = helm.render(merged(*EVERYTHING, PROVIDED))
    writable = [mount["mountPath"] for mount in container(objects)["volumeMounts"] if not mount.get("readOnly")]
    assert writable == [settings(objects)["stateDirectory"]]


def test_every_volume_is_mounted_as_a_directory(helm: Helm) -> None:
    objects = helm.render(merged(*EVERYTHING, PROVIDED))
    assert {each["name"] for each in container(objects)["volumeMounts"]} == {each["name"] for each in pod(objects)["spec"]["volumes"]}
    assert all("subPath" not in each for each in container(objects)["volumeMounts"])


def test_the_token_is_in_these_pods_and_in_no_other(helm: Helm) -> None:
    objects = helm.render()
    assert pod(objects)["spec"]["automountServiceAccountToken"] is True
    assert objects.one("ServiceAccount")["automountServiceAccountToken"] is False


def test_probes_ask_paths_that_the_operations_port_has(helm: Helm) -> None:
    only = container(helm.render())
    paths = {name: only[name]["httpGet"]["path"] for name in ("startupProbe", "livenessProbe", "readinessProbe")}
    assert paths == {"startupProbe": "/livez", "livenessProbe": "/livez", "readinessProbe": "/readyz"}
    assert all(f'@app.get("{path}"' in OPERATIONS for path in paths.values())
    assert {only[name]["httpGet"]["port"] for name in paths} == {"operations"}
    assert only["readinessProbe"]["timeoutSeconds"] > CHECK_SECONDS


@pytest.mark.parametrize("ports", [{}, {"port": 10250, "operationsPort": 9090}])
def test_the_server_listens_where_service_probes_and_policy_look(helm: Helm, ports: dict[str, int]) -> None:
    objects = helm.render(ports)
    told = settings(objects)
    named = {each["name"]: each["containerPort"] for each in container(objects)["ports"]}
    assert named == {"admission": told["port"], "operations": told["operationsPort"]}
    assert {each["name"]: each["targetPort"] for each in objects.one("Service")["spec"]["ports"]} == {name: name for name in named}
    allowed = [each["ports"][0]["port"] for each in objects.one("NetworkPolicy")["spec"]["ingress"]]
    assert allowed == [told["port"], told["operationsPort"]]


@pytest.mark.parametrize(
    ("values", "seconds"),
    [
        ({}, 5 + 5 + 30),
        ({"config": {"drainSeconds": 0}}, 0 + 5 + 30),
        ({"config": {"drainSeconds": 7.5}}, 8 + 5 + 30),
        ({"validation": {"timeoutSeconds": 30}}, 5 + 30 + 30),
        ({"podMutation": {"timeoutSeconds": 10}, "config": {"drainSeconds": 60}}, 60 + 10 + 30),
    ],
)
def test_the_grace_period_is_the_drain_the_longest_review_and_what_is_in_flight(
    helm: Helm, values: dict[str, object], seconds: int
) -> None:
    assert pod(helm.render(values))["spec"]["terminationGracePeriodSeconds"] == seconds


def test_what_is_in_flight_has_as_long_as_the_chart_counts() -> None:
    assert inspect.signature(Listener.stop).parameters["seconds"].default == 30


def test_no_hook_delays_the_end_of_a_pod(helm: Helm) -> None:
    assert "lifecycle" not in container(helm.render())


def test_a_pod_goes_when_its_successor_is_ready(helm: Helm) -> None:
    assert helm.render().one("Deployment")["spec"]["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}


def test_on_the_nodes_network_a_pod_makes_room_for_its_successor(helm: Helm) -> None:
    objects = helm.render({"hostNetwork": True})
    assert objects.one("Deployment")["spec"]["strategy"]["rollingUpdate"] == {"maxSurge": 0, "maxUnavailable": 1}
    assert pod(objects)["spec"]["dnsPolicy"] == "ClusterFirstWithHostNet"


def test_replicas_are_spread_and_drained_one_at_a_time(helm: Helm) -> None:
    objects = helm.render()
    assert objects.one("Deployment")["spec"]["replicas"] == 2
    assert [each["topologyKey"] for each in pod(objects)["spec"]["topologySpreadConstraints"]] == [
        "kubernetes.io/hostname",
        "topology.kubernetes.io/zone",
    ]
    assert objects.one("PodDisruptionBudget")["spec"]["maxUnavailable"] == 1


def test_an_autoscaler_alone_decides_how_many_there_are(helm: Helm) -> None:
    objects = helm.render({"autoscaling": {"enabled": True, "minReplicas": 3}})
    assert "replicas" not in objects.one("Deployment")["spec"]
    scaler = objects.one("HorizontalPodAutoscaler")["spec"]
    assert (scaler["scaleTargetRef"]["name"], scaler["minReplicas"]) == (objects.one("Deployment")["metadata"]["name"], 3)


def test_there_is_memory_for_the_server_and_for_all_bodies_that_it_reads_at_one_time(helm: Helm) -> None:
    limit = parse_quantity(container(helm.render())["resources"]["limits"]["memory"]).value
    assert limit >= 110_000_000 + 2 * Limits().max_buffered_bytes


def test_cpu_is_not_limited(helm: Helm) -> None:
    assert "cpu" not in container(helm.render())["resources"]["limits"]


def test_a_change_of_the_configuration_rolls_the_pods_and_a_change_beside_it_does_not(helm: Helm) -> None:
    def checksum(values: dict[str, object]) -> str:
        return str(pod(helm.render(values))["metadata"]["annotations"]["checksum/config"])

    assert checksum({}) == checksum({"replicas": 3})
    assert len({checksum({}), checksum({"config": {"logLevel": "debug"}}), checksum({"supplementary": {"plugins": {}}})}) == 3


def test_an_image_is_chosen_by_digest_before_its_tag(helm: Helm) -> None:
    digest = f"sha256:{'0' * 64}"
    assert container(helm.render({"image": {"tag": "x"}}))["image"] == "ghcr.io/bindguard/bindguard:x"
    assert container(helm.render({"image": {"tag": "x", "digest": digest}}))["image"] == f"ghcr.io/bindguard/bindguard@{digest}"


def test_outgoing_traffic_is_dns_and_the_api_server(helm: Helm) -> None:
    policy = helm.render({"networkPolicy": {"apiServerCIDRs": ["10.0.0.1/32"], "apiServerPorts": [6443]}}).one("NetworkPolicy")["spec"]
    assert policy["policyTypes"] == ["Ingress", "Egress"]
    dns, api = policy["egress"]
    assert {each["port"] for each in dns["ports"]} == {53}
    assert (api["ports"], api["to"]) == ([{"port": 6443, "protocol": "TCP"}], [{"ipBlock": {"cidr": "10.0.0.1/32"}}])


def test_the_admission_port_is_open_to_api_servers_which_no_label_can_name(helm: Helm) -> None:
    admission, operations = helm.render({"networkPolicy": {"operationsFrom": [{"podSelector": {}}]}}).one("NetworkPolicy")["spec"][
        "ingress"
    ]
    assert "from" not in admission
    assert operations["from"] == [{"podSelector": {}}]
