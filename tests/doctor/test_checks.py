"""What the doctor says about an installation: nothing about a healthy one, and one named thing about each that is not."""

import copy
import itertools
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from tests.doctor.builders import (
    CA,
    CONFIG_MAP,
    DEPLOYMENT,
    KUBEVIRTS,
    LAUNCHERS,
    LEAF,
    LEASE,
    MUTATING,
    NAMESPACES,
    NOW,
    OTHER_CA,
    PODS,
    SECRET,
    SERVICE,
    SLICES,
    VALIDATING,
    changed,
    config_map,
    endpoint_slice,
    healthy,
    kubevirt,
    pem,
    pod,
    proxy,
    rule,
    snapshot,
    webhook,
)
from webhook.doctor.objects.workload import Pod
from webhook.doctor.result import Outcome, Result, exit_code
from webhook.doctor.run import evaluated
from webhook.doctor.settings import settings_in
from webhook.doctor.snapshot import PodProbe, ReadResult, Snapshot
from webhook.errors import EXIT_CLEAN, EXIT_FINDINGS, EXIT_UNREADABLE
from webhook.tls.selfsigned import make_leaf

SLIPS: tuple[Any, ...] = (None, "", "zz", -1, [], {})
OURS, THEIRS = f"{VALIDATING}/bindguard", f"{MUTATING}/bindguard"
OLD = make_leaf(CA, ("bindguard.bindguard.svc",), now=NOW - timedelta(days=100), days=90)
SOON = make_leaf(CA, ("bindguard.bindguard.svc",), now=NOW - timedelta(days=80), days=90)
STRANGER = make_leaf(OTHER_CA, ("bindguard.bindguard.svc",), now=NOW, days=90)
MISNAMED = make_leaf(CA, ("elsewhere.test",), now=NOW, days=90)


def hook(**fields: Any) -> Callable[[Any], object]:
    """Change the first webhook of a configuration."""
    return lambda found: found["webhooks"][0].update(fields)


def put(*path: str | int, to: Any) -> Callable[[Any], object]:
    """Change one value."""

    def change(found: Any) -> None:
        for step in path[:-1]:
            found = found[step]
        found[path[-1]] = to

    return change


GLASS = '{"by": "admin", "at": "2026-11-27T02:00:00Z", "reason": "outage"}'


def broken(record: str, **fields: Any) -> Callable[[Any], object]:
    """A configuration with the record of `bindguard break-glass`, and other fields of its webhook."""

    def change(found: Any) -> None:
        found["metadata"]["annotations"] = {"bindguard.io/break-glass": record}
        found["webhooks"][0].update(fields)

    return change


def path(called: str) -> Callable[[Any], object]:
    return put("webhooks", 0, "clientConfig", "service", "path", to=called)


def trial(**selector: Any) -> Callable[[Any], object]:
    """Ask only about some namespaces."""
    return hook(namespaceSelector=NAMESPACES | selector)


def bundle(text: str) -> Callable[[Any], object]:
    return put("webhooks", 0, "clientConfig", "caBundle", to=text)


def stored(text: str) -> Callable[[Any], object]:
    return put("data", "tls.crt", to=text)


def waiting(reason: str) -> Any:
    return pod("bindguard-a", containerStatuses=[{"name": "bindguard", "state": {"waiting": {"reason": reason, "message": "back-off"}}}])


def told(snapshot: Snapshot, verdict: Outcome) -> list[Result]:
    return [result for result in evaluated(snapshot) if result.verdict is verdict]


def test_a_healthy_installation_is_well_in_every_check() -> None:
    results = evaluated(snapshot(healthy()))
    assert [result for result in results if result.verdict is not Outcome.OK] == []
    assert len({result.check for result in results}) > 12
    assert exit_code(results, fail_on=Outcome.WARN) == EXIT_CLEAN


@pytest.mark.parametrize("path", healthy())
def test_no_slip_in_what_the_api_server_tells_stops_the_looking(path: str) -> None:
    for slip, place in itertools.product(SLIPS, places(healthy()[path], path)):
        broken = copy.deepcopy(healthy())
        put(*place, to=slip)(broken)
        try:
            made = snapshot(broken)
        except ValueError:
            continue  # what does not fit its type never becomes a snapshot
        assert evaluated(made)


def places(value: Any, *path: str | int) -> Iterator[tuple[str | int, ...]]:
    """Where a value and those within it stand."""
    yield path
    if isinstance(value, dict | list):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places(item, *path, key)


@pytest.mark.parametrize(
    ("path", "change", "check", "found"),
    [
        (OURS, put("webhooks", to=[]), "validating-configuration", "has no webhooks"),
        (
            OURS,
            put("webhooks", 0, "clientConfig", "service", "name", to="other"),
            "validating-configuration",
            "calls Service bindguard/other",
        ),
        (OURS, path("/"), "validating-configuration", "calls path /, not /validate"),
        (
            OURS,
            path("/mutate"),
            "validating-configuration",
            "validate.bindguard.io: it calls path /mutate, not /validate: nothing is checked",
        ),
        (THEIRS, path("/validate"), "mutating-configuration", "it calls path /validate, not /mutate: no launcher pod gets its overhead"),
        (OURS, put("webhooks", 0, "clientConfig", "service", "port", to=8443), "service", "calls port 8443"),
        (SERVICE, put("spec", "selector", to={"app.kubernetes.io/instance": "old"}), "service", "which none of 2 pods has"),
        (PODS, lambda found: [each["metadata"].pop("labels") for each in found["items"]], "service", "which none of 2 pods has"),
        (OURS, hook(admissionReviewVersions=["v1beta1"]), "validating-configuration", "AdmissionReview v1"),
        (THEIRS, hook(objectSelector={}, failurePolicy="Fail"), "mutating-configuration", "every pod of the cluster"),
        (THEIRS, hook(rules=[rule("", "configmaps")]), "mutating-configuration", "no webhook covers CREATE of launcher pods"),
        (OURS, bundle(""), "ca-bundle", "validate.bindguard.io: no caBundle"),
        (OURS, bundle("eno="), "ca-bundle", "cannot be read (caBundle: holds no PEM certificate"),
        (OURS, bundle(pem(OTHER_CA.certificate)), "certificate", "signed by no CA in the caBundle of validate.bindguard.io"),
        (SECRET, stored(pem(OLD.certificate)), "certificate", "expired on"),
        (SECRET, stored(pem(STRANGER.certificate)), "certificate", "signed by no CA"),
        (SECRET, stored(pem(MISNAMED.certificate)), "certificate", "is for elsewhere.test, not for bindguard.bindguard.svc"),
        (SECRET, put("data", to={}), "certificate", "Secret bindguard/bindguard-tls, tls.crt: holds no PEM certificate (no PEM at all)"),
        (SECRET, put("immutable", to=True), "certificate", "bindguard/bindguard-tls is immutable"),
        (DEPLOYMENT, put("status", to={}), "deployment", "none of 2 replicas is ready"),
        (DEPLOYMENT, put("spec", "replicas", to=0), "deployment", "scaled to 0"),
        (SLICES, put("items", to=None), "endpoints", "has no ready endpoint (0 in all)"),
        (SLICES, put("items", 0, "endpoints", to=[{"addresses": ["10.0.0.1"], "conditions": {"ready": False}}]), "endpoints", "(1 in all)"),
        (
            SLICES,
            put("items", 0, "ports", 0, "port", to=9999),
            "endpoints",
            "leads to port 9999 of the pods, which answer the API server on 8443",
        ),
        (SLICES, put("items", 0, "ports", to=None), "endpoints", "leads to targetPort admission, which no ready endpoint has"),
        (
            SLICES,
            put("items", 0, "ports", 0, "name", to="other"),
            "endpoints",
            "which no ready endpoint has: the API server reaches no pod",
        ),
        (LEASE, put("spec", "renewTime", to="2020-01-01T00:00:00Z"), "lease", "no replica renews the certificate"),
        (PODS, put("items", to=[]), "pods", "there are none"),
        (PODS, put("items", 0, to=waiting("CrashLoopBackOff")), "pods", "CrashLoopBackOff: back-off"),
        (PODS, put("items", 0, to=pod("bindguard-a", phase="Pending")), "pods", "is Pending"),
        (
            proxy("bindguard-a", "readyz"),
            lambda found: found.update(ready=False, checks={"registry": {"ready": False, "reason": "never listed"}}),
            "readiness",
            "registry: never listed",
        ),
        (proxy("bindguard-a", "registry"), put("known", to=False), "registry", "does not know the registered plugins"),
        (proxy("bindguard-a", "registry"), put("plugins", to={"old": {}}), "registry", "bindguard-a: it lacks passt and it still has old"),
        (KUBEVIRTS, put("items", to=[kubevirt(), kubevirt()]), "kubevirt", "2 KubeVirt CRs are active"),
    ],
)
def test_what_does_not_work_fails_with_what_was_found_and_what_to_do(path: str, change: Any, check: str, found: str) -> None:
    results = [result for result in told(changed(path, change), Outcome.FAIL) if result.check == check]
    assert any(found in result.found for result in results), results
    assert all(result.remedy for result in results)


@pytest.mark.parametrize(
    ("overhead", "version", "said"),
    [
        ("even-if-counted", "v1.9.0", "KubeVirt 1.9 counts the overhead of plugins itself"),
        ("even-if-counted", "nonsense", "KubeVirt (version unknown) may count the overhead"),
        ("even-if-counted", "v1.2.2", None),
        ("auto", "v1.9.0", None),
    ],
)
def test_overhead_that_counts_twice_is_a_warning(overhead: str, version: str, said: str | None) -> None:
    found = healthy() | {CONFIG_MAP: config_map(f"managed: true\noverhead: {overhead}\n")}
    found[KUBEVIRTS]["items"][0]["status"]["observedKubeVirtVersion"] = version
    warned = [each.found for each in told(snapshot(found), Outcome.WARN) if each.check == "overhead"]
    assert len(warned) == (said is not None)
    assert all(str(said) in each for each in warned)


def test_a_secret_that_nobody_renews_may_be_immutable() -> None:
    installation = healthy() | {CONFIG_MAP: config_map("cluster: true\n")}
    installation[SECRET]["immutable"] = True
    assert told(snapshot(installation), Outcome.FAIL) == []


@pytest.mark.parametrize(
    ("path", "change", "check", "found"),
    [
        (OURS, hook(failurePolicy="Ignore"), "validating-configuration", "failurePolicy Ignore"),
        (
            OURS,
            broken(GLASS, failurePolicy="Ignore"),
            "validating-configuration",
            "since 2026-11-27T02:00:00Z by admin (outage): its webhooks have failurePolicy Ignore",
        ),
        (
            OURS,
            lambda found: (broken(GLASS)(found), found.update(webhooks=[])),
            "validating-configuration",
            "by admin (outage): the API server calls none of its webhooks",
        ),
        (
            OURS,
            broken(GLASS),
            "validating-configuration",
            "by admin (outage), but failurePolicy is Fail again on validate.bindguard.io",
        ),
        (OURS, broken("{}", failurePolicy="Ignore"), "validating-configuration", "break-glass is in force, and its record cannot be read"),
        (OURS, hook(matchPolicy="Exact"), "validating-configuration", "matchPolicy Exact"),
        (OURS, hook(timeoutSeconds=30), "validating-configuration", "timeout of 30 s"),
        (OURS, hook(rules=[rule("kubevirt.io", "*")]), "validating-configuration", "CREATE of virtualmachinepools"),
        (OURS, hook(rules=[rule("*", "*", operations=("CREATE",))]), "validating-configuration", "UPDATE of virtualmachines, "),
        (
            OURS,
            put("webhooks", 0, "clientConfig", to={"url": "https://x", "caBundle": pem(CA.certificate)}),
            "validating-configuration",
            "URL",
        ),
        (
            OURS,
            trial(matchLabels={"bindguard": "try"}),
            "validating-configuration",
            "namespaces without the label bindguard=try: nothing is",
        ),
        (THEIRS, trial(matchLabels={"bindguard": "try"}), "mutating-configuration", "bindguard=try: no launcher pod gets"),
        (OURS, hook(objectSelector=LAUNCHERS), "validating-configuration", "for objects without the label kubevirt.io=virt-launcher"),
        (SERVICE, put("spec", "selector", to=None), "service", "has no selector: its endpoints do not follow the pods"),
        (THEIRS, hook(failurePolicy="Fail"), "mutating-configuration", "no VM starts or migrates"),
        (THEIRS, hook(reinvocationPolicy="Never"), "mutating-configuration", "reinvocationPolicy Never"),
        (THEIRS, hook(objectSelector={}), "mutating-configuration", "every pod of the cluster"),
        (OURS, bundle(pem(CA.certificate, OTHER_CA.certificate)), "ca-bundle", "different caBundles"),
        (SECRET, stored(pem(SOON.certificate)), "certificate", "expires in 10 days"),
        (SECRET, stored(pem(make_leaf(CA, ("bindguard.bindguard.svc",), now=NOW, days=80).certificate)), "served-certificate", "another"),
        (DEPLOYMENT, put("status", "readyReplicas", to=1), "deployment", "1 of 2 replicas"),
        (DEPLOYMENT, put("status", "updatedReplicas", to=1), "deployment", "roll-out"),
        (DEPLOYMENT, put("spec", "replicas", to=1), "deployment", "one replica"),
        (LEASE, put("spec", to={}), "lease", "has no holder"),
        (proxy("bindguard-a", "version"), put("version", to="0.0.1"), "versions", "different versions: 0.0.1"),
        (proxy("bindguard-a", "registry"), put("ageSeconds", to=4000), "registry", "66 min"),
        (KUBEVIRTS, put("items", to=[]), "kubevirt", "no KubeVirt CR"),
        (KUBEVIRTS, put("items", 0, "status", "targetKubeVirtVersion", to="v1.10.0"), "kubevirt", "being updated"),
        (VALIDATING, put("items", 0, "metadata", "name", to="second"), "other-webhooks", "another Bindguard is installed (second)"),
        (MUTATING, put("items", 0, "metadata", "name", to="ratio"), "other-webhooks", "may change launcher pods"),
        (
            MUTATING,
            lambda found: found["items"].append(
                {"metadata": {"name": "x"}, "webhooks": [webhook("x.io", "/", [rule("kubevirt.io", "*")])]}
            ),
            "other-webhooks",
            "may change virtualmachines, virtualmachineinstances",
        ),
    ],
)
def test_what_works_for_now_is_a_warning(path: str, change: Any, check: str, found: str) -> None:
    results = [result for result in told(changed(path, change), Outcome.WARN) if result.check == check]
    assert any(found in result.found for result in results), results
    assert all(result.remedy for result in results)


def test_webhooks_that_refuse_again_are_checked_though_the_glass_is_broken() -> None:
    def change(found: Any) -> None:
        broken(GLASS)(found)
        path("/wrong")(found)

    assert "/wrong" in " ".join(result.found for result in told(changed(OURS, change), Outcome.FAIL))


@pytest.mark.parametrize("path", [OURS, THEIRS, DEPLOYMENT, SERVICE, SECRET, LEASE])
def test_a_part_that_is_missing_is_a_failure_and_one_that_may_not_be_read_is_unknown(path: str) -> None:
    missing, forbidden = healthy() | {path: 404}, healthy() | {path: 403}
    assert any("does not exist" in result.found for result in told(snapshot(missing), Outcome.FAIL))
    results = evaluated(snapshot(forbidden))
    assert any("could not be checked" in result.found for result in results if result.verdict is Outcome.UNKNOWN)
    assert Outcome.FAIL not in {result.verdict for result in results}


def test_where_nothing_is_installed_just_that_is_told() -> None:
    [result] = evaluated(snapshot({KUBEVIRTS: {"items": [kubevirt()]}} | {path: healthy()[path] for path in healthy() if "proxy" in path}))
    assert (result.check, result.verdict) == ("installation", Outcome.FAIL)
    assert "--namespace bindguard --create-namespace" in result.remedy


def test_no_mutating_configuration_is_missed_where_no_overhead_is_wanted() -> None:
    for text, verdict in (('overhead: "off"', Outcome.OK), ("overhead: false", Outcome.OK), ("overhead: auto", Outcome.FAIL)):
        told = healthy() | {THEIRS: 404, CONFIG_MAP: config_map(text)}
        assert verdict_of(snapshot(told), "mutating-configuration") == [verdict]
    assert verdict_of(snapshot(healthy() | {THEIRS: 404, CONFIG_MAP: 403}), "mutating-configuration") == [Outcome.WARN]


@pytest.mark.parametrize("text", ["", "a: [", "- x", "a: 1\n---\nb: 2", "managed: 7", "&a [*a]", "{" * 9999])
def test_settings_that_cannot_be_read_are_an_error_and_no_traceback(text: str) -> None:
    with pytest.raises((ValueError, msgspec.ValidationError)):
        settings_in(msgspec.json.encode(config_map(text)))


@pytest.mark.parametrize(("text", "verdict"), [("managed: true", Outcome.FAIL), ("tlsCert: /x", Outcome.OK)])
def test_a_lease_is_missed_where_the_server_looks_after_its_certificate(text: str, verdict: Outcome) -> None:
    assert verdict_of(snapshot(healthy() | {LEASE: 404, CONFIG_MAP: config_map(text)}), "lease") == [verdict]


def test_what_is_wrong_with_several_is_told_once() -> None:
    told = healthy()
    for path in (OURS, THEIRS):
        bundle("")(told[path])
    for name in ("bindguard-a", "bindguard-b"):
        told[proxy(name, "registry")]["known"] = False
    failures = [result.found for result in evaluated(snapshot(told)) if result.verdict is Outcome.FAIL]
    assert len(failures) == 2
    assert failures[0].startswith("validate.bindguard.io, mutate.bindguard.io: no caBundle")
    assert failures[1].startswith("bindguard-a, bindguard-b: it does not know the registered plugins")


def test_a_pod_that_keeps_silent_is_told_once() -> None:
    silent: ReadResult[Any] = ReadResult(None, "HTTP 503: no route to host", 503)
    probes = dict(snapshot(healthy()).probes)
    probes["bindguard-a"] = PodProbe(version=silent, readiness=silent, registry=silent, metrics=silent, shown=probes["bindguard-a"].shown)
    [result] = told(snapshot(healthy(), probes=probes), Outcome.UNKNOWN)
    assert result.found == "bindguard-a: its operations port does not answer: HTTP 503: no route to host"


@pytest.mark.parametrize(
    ("metrics", "said"),
    [
        ({}, "bindguard-a: none since it started"),
        ({"/validate": 12}, "bindguard-a: /validate 12 s ago"),
        ({"/validate": 300, "/mutate": 9000}, "bindguard-a: /validate 5 min ago, /mutate 2 h ago"),
        ({"/mutate": 300_000, "/validate": -5}, "bindguard-a: /validate 0 s ago, /mutate 3 d ago"),
        ({"/mutate": float("inf")}, "bindguard-a: /mutate an unknown time ago"),
    ],
)
def test_when_each_pod_was_last_asked_is_told_and_no_fault(metrics: dict[str, float], said: str) -> None:
    shown = {f'bindguard_last_review_timestamp_seconds{{endpoint="{path}"}}': NOW.timestamp() - ago for path, ago in metrics.items()}
    probes = dict(snapshot(healthy()).probes)
    probes["bindguard-a"] = msgspec.structs.replace(probes["bindguard-a"], metrics=ReadResult(shown))
    results = [each for each in evaluated(snapshot(healthy(), probes=probes)) if each.check == "last-review"]
    assert (results[0].found, results[0].verdict) == (said, Outcome.OK)


def test_how_a_pod_ended_is_told_before_how_long_its_next_start_is_put_off() -> None:
    status = waiting("CrashLoopBackOff")["status"]
    status["containerStatuses"][0]["lastState"] = {"terminated": {"reason": "OOMKilled", "exitCode": 137}}
    [*results] = told(changed(PODS, put("items", 0, "status", to=status)), Outcome.FAIL)
    found = "bindguard-a: it does not run: CrashLoopBackOff, it last ended with exit code 137 (OOMKilled)"
    assert [result.found for result in results if result.check == "pods"] == [found]


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ({"operator": "In", "values": ["a", "b"]}, "namespaces other than a, b"),
        ({"operator": "NotIn", "values": ["kube-system", "bindguard", "a"]}, "namespaces a"),
        ({"key": "k", "operator": "NotIn", "values": ["kube-system"]}, "namespaces whose label k is one of kube-system"),
        ({"key": "k", "operator": "In", "values": ["a", "b"]}, "namespaces whose label k is none of a, b"),
        ({"key": "k", "operator": "Exists"}, "namespaces without the label k"),
        ({"key": "k", "operator": "DoesNotExist"}, "namespaces with the label k"),
    ],
)
def test_whoever_a_webhook_is_not_asked_about_is_named(expression: Any, said: str) -> None:
    selector = {"matchExpressions": [{"key": "kubernetes.io/metadata.name"} | expression]}
    [result] = told(changed(OURS, hook(namespaceSelector=selector)), Outcome.WARN)
    assert result.found == f"validate.bindguard.io: it is not called for {said}: nothing is checked there"


def test_a_pod_of_another_port_stands_in_a_slice_of_its_own() -> None:
    installation = healthy()
    other = copy.deepcopy(endpoint_slice())
    other["ports"][0]["port"] = 9443
    installation[SLICES]["items"].append(other)
    assert verdict_of(snapshot(installation), "endpoints") == [Outcome.FAIL]
    installation[PODS]["items"][1] = copy.deepcopy(installation[PODS]["items"][1])
    installation[PODS]["items"][1]["spec"]["containers"][0]["ports"][0]["containerPort"] = 9443
    assert verdict_of(snapshot(installation), "endpoints") == [Outcome.OK]


@pytest.mark.parametrize("path", [PODS, SERVICE])
def test_endpoints_are_held_against_nothing_that_could_not_be_read(path: str) -> None:
    assert verdict_of(snapshot(healthy() | {path: 403}), "endpoints") == [Outcome.OK]


def test_how_many_others_there_are_is_told_as_a_person_would() -> None:
    def others(*names: str) -> str:
        listed = [{"metadata": {"name": name}, "webhooks": []} for name in ("bindguard", *names)]
        [result] = [each for each in evaluated(snapshot(healthy() | {MUTATING: {"items": listed}})) if each.check == "other-webhooks"]
        return result.found

    harmless = "except KubeVirt's own, none changes VMs or is made for launcher pods"
    assert others() == "there is no other webhook configuration"
    assert others("a") == f"1 other webhook configuration; {harmless}"
    assert others("a", "b") == f"2 other webhook configurations; {harmless}"


def test_the_ports_of_a_pod_are_its_own() -> None:
    ports = [{"name": "operations", "containerPort": 9090}]
    found = msgspec.convert({"spec": {"containers": [{"name": "x"}, {"name": "bindguard", "ports": ports}]}}, Pod)
    assert (found.port("operations", 8080), found.port("admission", 8443)) == (9090, 8443)


def verdict_of(snapshot: Snapshot, check: str) -> list[Outcome]:
    return [result.verdict for result in evaluated(snapshot) if result.check == check]


def test_a_certificate_of_cert_manager_needs_no_lease() -> None:
    told = healthy() | {LEASE: 404, CONFIG_MAP: 403}
    assert [each.verdict for each in evaluated(snapshot(told)) if each.check == "lease"] == [Outcome.UNKNOWN]
    told[SECRET]["metadata"]["annotations"] = {"cert-manager.io/certificate-name": "bindguard"}
    assert [each.verdict for each in evaluated(snapshot(told)) if each.check == "lease"] == [Outcome.OK]


@pytest.mark.parametrize(
    ("shown", "verdict", "found"),
    [
        (STRANGER, Outcome.FAIL, "bindguard-a: the certificate that it shows is signed by no CA"),
        (OLD, Outcome.FAIL, "shows a certificate that expired on"),
        (
            MISNAMED,
            Outcome.OK,
            "bindguard-a: cannot be reached by TLS from here, but reports the expiry of the stored certificate",
        ),
        (None, Outcome.OK, "cannot be reached by TLS from here"),
    ],
)
def test_what_pods_show_is_held_against_what_is_trusted(shown: Any, verdict: Outcome, found: str) -> None:
    probes = dict(snapshot(healthy()).probes)
    answer = ReadResult(shown.certificate.public_bytes(Encoding.DER)) if shown is not None else ReadResult(None, "no route", 0)
    probes["bindguard-a"] = msgspec.structs.replace(probes["bindguard-a"], shown=answer)
    results = evaluated(snapshot(healthy(), probes=probes))
    assert any(found in each.found for each in results if each.check == "served-certificate" and each.verdict is verdict), results


def test_a_pod_that_serves_an_older_certificate_is_found_without_reaching_it() -> None:
    probes = dict(snapshot(healthy()).probes)
    expiry = ReadResult({"bindguard_certificate_expiry_timestamp_seconds": LEAF.certificate.not_valid_after_utc.timestamp() - 9000})
    probes["bindguard-a"] = msgspec.structs.replace(probes["bindguard-a"], shown=ReadResult(None, "no route", 0), metrics=expiry)
    assert any("with another expiry" in each.found for each in told(snapshot(healthy(), probes=probes), Outcome.WARN))


def test_a_permission_that_serving_lacks_fails_and_one_that_looking_lacks_is_unknown() -> None:
    healthy_one = snapshot(healthy())
    server = {need: ReadResult(need.resource != "kubevirts") for need in healthy_one.server}
    [*failures] = told(snapshot(healthy(), server=server), Outcome.FAIL)
    assert [each.check for each in failures] == ["server-permissions"]
    assert "may not list/watch kubevirts.kubevirt.io, by which it learns what is registered" in failures[0].found
    caller = {need: ReadResult(need.resource != "pods/proxy") for need in healthy_one.caller}
    [result] = told(snapshot(healthy(), caller=caller), Outcome.UNKNOWN)
    assert "you may not get pods/proxy in namespace bindguard" in result.found


def test_the_exit_code_is_that_of_the_worst() -> None:
    one = {verdict: Result("x", verdict, "") for verdict in Outcome}
    assert exit_code(one.values(), fail_on=Outcome.FAIL) == EXIT_FINDINGS
    assert exit_code([one[Outcome.WARN], one[Outcome.OK]], fail_on=Outcome.FAIL) == EXIT_CLEAN
    assert exit_code([one[Outcome.WARN], one[Outcome.OK]], fail_on=Outcome.WARN) == EXIT_FINDINGS
    assert exit_code([one[Outcome.UNKNOWN], one[Outcome.OK]], fail_on=Outcome.WARN) == EXIT_CLEAN
    assert exit_code([one[Outcome.UNKNOWN]], fail_on=Outcome.WARN) == EXIT_UNREADABLE
