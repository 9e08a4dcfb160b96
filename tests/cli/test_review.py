"""`bindguard review` as its user meets it: files in, answers as kubectl would show them out, of the engine and of a server."""

import contextlib
import json
import os
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.admission import launchers
from tests.admission.reviews import review, vm_object
from tests.builders import interface
from tests.check.builders import KUBEVIRT, vm, write
from tests.cli.bindguard import bindguard
from tests.runtime.server import Server
from tests.tls import builders as tls
from webhook.errors import EXIT_CLEAN, EXIT_FINDINGS, EXIT_UNREADABLE, EXIT_USAGE

ROOT = Path(__file__).parents[2]
DATA = ROOT / "tests/data/reviews"
TYPO = DATA / "vm-create-unregistered-generatename.json"
POD = DATA / "pod-create-virt-launcher-2.json"
PASST = KUBEVIRT.replace("l2bridge: {", "passt: {computeResourceOverhead: {requests: {memory: 500Mi}}, ")
GOOD = review(vm_object(interface(masquerade={})))
Done = subprocess.CompletedProcess[bytes]


def asked(directory: Path, *arguments: str | Path, stdin: bytes = b"", registry: str = KUBEVIRT) -> Done:
    """What the engine says."""
    write(directory, {"r.yaml": registry})
    return bindguard("review", *arguments, "--registry", "r.yaml", stdin=stdin, directory=directory)


def decisions(done: Done) -> list[str]:
    """The lines of standard output that are about a review as a whole."""
    return [line for line in done.stdout.decode().splitlines() if not line.startswith(" ")]


def assert_failed(done: Done, code: int, told: str) -> None:
    assert told in done.stderr.decode()
    assert (done.returncode, done.stdout) == (code, b"")


def test_a_recorded_review_is_denied_in_kubectl_s_words(tmp_path: Path) -> None:
    done = asked(tmp_path, TYPO)
    assert done.returncode == EXIT_FINDINGS
    assert done.stdout.decode().splitlines()[0] == f"{TYPO}:1: virtualmachine.kubevirt.io/typo-9ddlf: CREATE denied"
    field = "spec.template.spec.domain.devices.interfaces[0].binding.name"
    assert done.stderr.decode().startswith(
        f'The VirtualMachine "typo-9ddlf" is invalid: {field}: VirtualMachine default/typo-9ddlf: no binding plugin named "past"'
    )
    assert done.stderr.count(b"\n") == 1


def test_several_causes_are_a_list(tmp_path: Path) -> None:
    done = asked(tmp_path, "-", stdin=review(vm_object(interface(binding={"name": "a"}), interface("b", binding={"name": "b"}))))
    head, *causes = done.stderr.decode().splitlines()
    assert head == 'The VirtualMachine "vm" is invalid: '
    assert [cause.partition(":")[0] for cause in causes] == [
        f"* spec.template.spec.domain.devices.interfaces[{index}].binding.name" for index in (0, 1)
    ]


def test_a_bare_object_is_reviewed_as_created_and_beside_its_old_state_as_updated(tmp_path: Path) -> None:
    write(tmp_path, {"vm.yaml": vm("gone") + "---\n" + vm("gone", name="other"), "old.yaml": vm("gone")})
    created = asked(tmp_path, "vm.yaml")
    assert created.returncode == EXIT_FINDINGS
    assert decisions(created) == [
        "vm.yaml:1: virtualmachine.kubevirt.io/web: CREATE denied",
        "vm.yaml:19: virtualmachine.kubevirt.io/other: CREATE denied",
    ]
    updated = asked(tmp_path, "vm.yaml", "--old", "old.yaml")
    assert decisions(updated) == [
        "vm.yaml:1: virtualmachine.kubevirt.io/web: UPDATE allowed",
        "vm.yaml:19: virtualmachine.kubevirt.io/other: CREATE denied",
    ]
    assert asked(tmp_path, "old.yaml", "--old", "old.yaml").returncode == EXIT_CLEAN


def test_what_is_not_evaluated_says_why(tmp_path: Path) -> None:
    write(tmp_path, {"c.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {generateName: c-}\n"})
    assert asked(tmp_path, "c.yaml").stdout == b"c.yaml:1: configmap/c-*: CREATE allowed (unknown-kind)\n"
    assert asked(tmp_path, POD).stdout.endswith(b"CREATE allowed (no-vmi-source)\n")
    assert asked(tmp_path, POD, "--overhead", "off").stdout.endswith(b"CREATE allowed (mode-off)\n")


def test_a_patch_is_shown_with_what_it_does_to_compute(tmp_path: Path) -> None:
    write(tmp_path, {"vmis/web.json": json.dumps(launchers.vmi(namespace="default")), "pod.json": json.dumps(launchers.pod())})
    done = asked(tmp_path, "pod.json", "--vmis", "vmis", registry=PASST)
    assert (done.returncode, done.stderr) == (EXIT_CLEAN, b"")
    assert done.stdout.decode().splitlines() == [
        "pod.json:1: pod/virt-launcher-web-*: CREATE patched",
        '  test    /spec/containers/0/name "compute"',
        '  test    /spec/containers/0/resources/requests/memory "1Gi"',
        '  replace /spec/containers/0/resources/requests/memory "1524Mi"',
        r'  add     /metadata/annotations/kubectl.kubernetes.io.bindguard.io~1overhead "{\"requests.memory\":\"500Mi\"}"',
        "  compute requests.memory: 1Gi -> 1524Mi",
    ]


@pytest.mark.parametrize(("vmis", "told"), [("gone", "No such file or directory"), ("pod.json", "Not a directory")])
def test_vmis_that_are_no_directory_are_reported(tmp_path: Path, vmis: str, told: str) -> None:
    write(tmp_path, {"pod.json": json.dumps(launchers.pod())})
    done = asked(tmp_path, "pod.json", "--vmis", vmis)
    assert_failed(done, EXIT_UNREADABLE, f"bindguard: {vmis}: {told}; give a directory with files of VMIs\n")


def test_json_is_the_whole_answer(tmp_path: Path) -> None:
    done = asked(tmp_path, TYPO, "--output", "json")
    answer = json.loads(done.stdout)
    assert (done.returncode, done.stderr) == (EXIT_FINDINGS, b"")
    assert answer["response"]["status"]["details"]["causes"][0]["field"].endswith("interfaces[0].binding.name")


def test_the_engine_is_configured_as_the_server_is(tmp_path: Path) -> None:
    write(tmp_path, {"b.yaml": "rules: {unregistered-plugin: warn}\nselfSigned: true\n"})
    warned = asked(tmp_path, TYPO, "--config", "b.yaml")
    assert warned.returncode == EXIT_CLEAN
    assert decisions(warned)[0].endswith("CREATE allowed")
    assert warned.stderr.startswith(b"Warning: VirtualMachine ")
    write(tmp_path, {"b.yaml": "exclude: {namespaces: [def*]}\nregistry: r.yaml\n"})
    excluded = bindguard("review", TYPO, "--config", "b.yaml", directory=tmp_path)
    assert excluded.stdout.endswith(b"CREATE allowed (exempt-namespace)\n")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("a: [", "f.yaml:1"),
        ("", "holds nothing"),
        ("5", "f.yaml:1: holds 5; give an AdmissionReview or an object"),
        ("kind: Pod", "without apiVersion or kind"),
        (b"\xff\xfea", "UTF-16"),
        ("kind: AdmissionReview", "the engine cannot answer: found kind"),
        ("kind: AdmissionReview\napiVersion: admission.k8s.io/v1\nrequest: 5", "Expected `object`, got `int`"),
    ],
)
def test_what_is_no_review_is_reported_and_the_others_are_asked(tmp_path: Path, content: str | bytes, told: str) -> None:
    write(tmp_path, {"f.yaml": content, "vm.yaml": vm()})
    done = asked(tmp_path, "f.yaml", "gone.yaml", "vm.yaml")
    assert done.returncode == EXIT_UNREADABLE
    assert told in done.stderr.decode()
    assert "gone.yaml: No such file or directory" in done.stderr.decode()
    assert done.stdout == b"vm.yaml:1: virtualmachine.kubevirt.io/web: CREATE allowed\n"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "Missing argument 'FILE...'"),
        (["vm.yaml", "", "--registry", "r.yaml"], "an empty path was given"),
        (["vm.yaml"], "no registry: give --registry FILE"),
        (["vm.yaml", "--ca", "c.crt", "--timeout", "1"], "--ca, --timeout: only with --server"),
        (["vm.yaml", "--server", "https://a", "--registry", "r.yaml"], "a server has its own"),
        (["vm.yaml", "--server", "https://a", "--ca", "c.crt", "--insecure"], "no CA is needed"),
        (["vm.yaml", "--server", "https://a", "--client-key", "k"], "add --client-cert"),
        (["vm.yaml", "--server", "http://a", "--insecure"], "http has no TLS"),
        (["vm.yaml", "--registry", "r.yaml", "--overhead", "some"], "--overhead"),
        (["vm.yaml", "--registry", "r.yaml", "--old", "r.yaml"], "--old r.yaml: has no previous state of an object in vm.yaml"),
        (["-", "--registry", "r.yaml", "--old", "-"], "standard input can be read only once"),
        (["vm.yaml", "--timeout", "0"], "0.0 is not in the range"),
        *(
            (["vm.yaml", "--server", bad], "is no address of a server")
            for bad in (
                "",
                "a:1",
                "ftp://a",
                "https://",
                "https://a/validate",
                "https://a:99999",
                "https://[a",
                "https://u:p@a",
                "https://a b",
            )
        ),
    ],
)
def test_wrong_usage_is_reported(tmp_path: Path, arguments: list[str], told: str) -> None:
    write(tmp_path, {"vm.yaml": vm(), "r.yaml": KUBEVIRT})
    done = bindguard("review", *arguments, directory=tmp_path)
    assert done.returncode == EXIT_USAGE
    assert told in done.stderr.decode()


def test_a_server_answers_as_the_engine_does(tmp_path: Path) -> None:
    write(tmp_path, {"r.yaml": KUBEVIRT, "vm.yaml": vm()})
    files = [str(path) for path in sorted(DATA.glob("*.json"))] + ["vm.yaml"]
    with Server(tmp_path, "--registry", "r.yaml", "--self-signed") as server:
        url = server.ready["admission"]
        of_server = bindguard("review", *files, "--server", url, "--ca", "certs/ca.crt", directory=tmp_path)
        insecure = bindguard("review", "vm.yaml", "--server", url, "--insecure", directory=tmp_path)
        untrusted = bindguard("review", "vm.yaml", "--server", url, directory=tmp_path)
        misnamed = bindguard(
            "review", "vm.yaml", "--server", url, "--ca", "certs/ca.crt", "--tls-server-name", "a.test", directory=tmp_path
        )
        plain = bindguard("review", "vm.yaml", "--server", url.replace("https", "http"), directory=tmp_path)
        elsewhere = bindguard("review", TYPO, "--server", url, "--insecure", "--endpoint", "mutate", directory=tmp_path)
    of_engine = asked(tmp_path, *files)
    to_unproved = of_engine.stdout.replace(b"no-vmi-source", b"caller-not-proved")  # the server hides reasons from such callers
    assert (of_server.returncode, of_server.stdout, of_server.stderr) == (EXIT_FINDINGS, to_unproved, of_engine.stderr)
    assert (insecure.returncode, insecure.stdout) == (EXIT_CLEAN, b"vm.yaml:1: virtualmachine.kubevirt.io/web: CREATE allowed\n")
    assert_failed(untrusted, EXIT_UNREADABLE, "give its CA with --ca")
    assert_failed(misnamed, EXIT_UNREADABLE, "not valid for 'a.test'; give its CA")
    assert_failed(plain, EXIT_UNREADABLE, "; if it speaks TLS, write https://")
    assert elsewhere.stdout.endswith(b"CREATE allowed (not-a-pod)\n")


def test_a_server_that_wants_to_know_its_client_is_shown_a_certificate(tmp_path: Path) -> None:
    write(tmp_path, {"r.yaml": KUBEVIRT, "vm.yaml": vm()})
    ca = tls.ca()
    client = tls.made(ca)
    write(tmp_path, {"ca.pem": ca.cert_pem, "both.pem": client.cert_pem + client.key_pem, "key.pem": client.key_pem})
    with Server(tmp_path, "--registry", "r.yaml", "--self-signed", "--client-ca", "ca.pem") as server:
        arguments = ("review", "vm.yaml", "--server", server.ready["admission"], "--ca", "certs/ca.crt")
        assert bindguard(*arguments, "--client-cert", "both.pem", directory=tmp_path).returncode == EXIT_CLEAN
        assert bindguard(*arguments, directory=tmp_path).returncode == EXIT_UNREADABLE
        assert_failed(bindguard(*arguments, "--client-cert", "key.pem", directory=tmp_path), EXIT_UNREADABLE, "key.pem: is no certificate")


def test_files_for_tls_that_cannot_be_used_are_reported(tmp_path: Path) -> None:
    write(tmp_path, {"vm.yaml": vm()})
    for name, told in (("gone.crt", "gone.crt: holds no CA certificates in PEM: No such file"), ("vm.yaml", "vm.yaml: holds no CA")):
        done = bindguard("review", "vm.yaml", "--server", "https://127.0.0.1:1", "--ca", name, directory=tmp_path)
        assert_failed(done, EXIT_UNREADABLE, told)


def answer(code: str, body: bytes, *headers: str) -> bytes:
    return "\r\n".join([f"HTTP/1.1 {code}", f"content-length: {len(body)}", *headers, "", ""]).encode() + body


def response(**fields: Any) -> bytes:
    """An answer that is well-formed, but for `fields`."""
    told = {"uid": "u-1", "allowed": True, **fields}
    return answer("200 OK", json.dumps({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": told}).encode())


@contextlib.contextmanager
def serving(talk: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server that reads a little and then says what it likes; its address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    with connection, contextlib.suppress(OSError):
                        connection.settimeout(10)
                        while b"}}" not in connection.recv(65536):
                            pass
                        talk(connection)
                        connection.shutdown(socket.SHUT_WR)
                        connection.recv(1)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(20)


def told_by(said: bytes, *arguments: str) -> Done:
    """What is made of a server that says this."""
    with serving(lambda connection: connection.sendall(said)) as url:
        return bindguard("review", "-", "--server", url, *arguments, stdin=GOOD)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (answer("500 Internal Server Error", b'{"kind": "Status", "message": "broken"}'), "/validate: HTTP 500: broken"),
        (
            answer("400 Bad Request", b"Client sent HTTP to HTTPS"),
            "HTTP 400: Client sent HTTP to HTTPS; if it speaks TLS, write https://\n",
        ),
        (answer("400 Bad Request", b'{"kind": "Status", "message": "no review"}'), "HTTP 400: no review\n"),
        (answer("404 Not Found", b"<html>\n\x1b[31m" + b"x" * 1000), r"HTTP 404: <html>\n\x1b[31mxxx"),
        (answer("302 Found", b"", "location: /elsewhere"), "HTTP 302: without a body"),
        (b"SSH-2.0-OpenSSH_9.6\r\n", "no HTTP answer: SSH-2.0"),
        (b"", "no HTTP answer: Remote end closed connection"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{", "the answer cannot be understood"),
        (answer("200 OK", b"{"), "the answer cannot be understood"),
        (answer("200 OK", b"[" * 100_000), "the answer cannot be understood"),
        (answer("200 OK", b"{}"), "the answer cannot be understood"),
        (response(uid="u-2"), 'the answer has uid "u-2", the request "u-1"'),
        (response(allowed="yes"), "the answer cannot be understood"),
        (response(patch="bm9uc2Vuc2U="), "the answer cannot be understood"),
        (
            response(patch="W3sib3AiOiJyZW1vdmUiLCJwYXRoIjoiL2EvYiJ9XQ=="),
            'the patch does not fit the object: cannot "remove" at "/a/b"',
        ),
    ],
)
def test_what_is_no_answer_is_reported_with_what_came(said: bytes, told: str) -> None:
    done = told_by(said)
    assert_failed(done, EXIT_UNREADABLE, told)
    assert done.stderr.startswith(b"bindguard: <stdin>:1: virtualmachine.kubevirt.io/vm: ")
    assert b"\x1b" not in done.stderr


@pytest.mark.parametrize(
    ("status", "told"),
    [
        ({}, "Error from server: admission webhook denied the request without explanation"),
        ({"reason": "Forbidden", "message": "no"}, "Error from server (Forbidden): admission webhook denied the request: no"),
        ({"code": 422, "message": "no"}, "The request is invalid: admission webhook denied the request: no"),
        ({"reason": "Invalid", "details": {"kind": "Pod", "name": "p"}}, 'The Pod "p" is invalid'),
        ({"reason": "Invalid", "details": {"causes": [{"field": "a", "message": "b"}] * 2}}, "The request is invalid: a: b"),
    ],
)
def test_denials_of_other_shapes_are_shown_as_kubectl_shows_them(status: dict[str, Any], told: str) -> None:
    done = told_by(response(allowed=False, status=status, warnings=["w", "w", "\x1b]0;title\x07"]))
    assert done.returncode == EXIT_FINDINGS
    assert done.stderr.decode().splitlines() == ["Warning: w", r"Warning: \x1b]0;title\x07", told]


def drip(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nx: ")
    while True:
        connection.sendall(b"x")
        time.sleep(0.05)


@pytest.mark.parametrize("talk", [drip, lambda connection: connection.recv(1)], ids=["dripping", "silent"])
def test_a_server_that_keeps_us_waiting_is_given_up(talk: Callable[[socket.socket], None]) -> None:
    with serving(talk) as url:
        done = bindguard("review", "-", "--server", url, "--timeout", "0.5", stdin=GOOD)
    assert_failed(done, EXIT_UNREADABLE, f"{url}/validate: no answer within 0.5 s")


def test_a_server_that_cannot_be_reached_ends_the_run() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    done = bindguard("review", TYPO, POD, "--server", f"http://127.0.0.1:{port}")
    assert_failed(done, EXIT_UNREADABLE, f"http://127.0.0.1:{port}: cannot be reached: Connection refused")
    assert done.stderr.count(b"\n") == 1


def test_a_server_is_asked_without_the_packages_of_one_and_the_engine_names_them(tmp_path: Path) -> None:
    for name in (
        "cryptography",
        "fastapi",
        "httptools",
        "prometheus_client",
        "starlette",
        "structlog",
        "uvicorn",
        "uvloop",
    ):
        write(tmp_path, {f"{name}.py": f"raise ModuleNotFoundError('none', name='{name}')\n"})
    without = {"PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"}
    with serving(lambda connection: connection.sendall(response())) as url:
        answered = bindguard("review", "-", "--server", url, stdin=GOOD, environment=without)
    assert (answered.returncode, answered.stdout) == (EXIT_CLEAN, b"<stdin>:1: virtualmachine.kubevirt.io/vm: CREATE allowed\n")
    assert_failed(bindguard("review", TYPO, environment=without), EXIT_USAGE, "pip install '.[server]'")


NO_BINDING = review(vm_object(interface()))


def test_what_bindguard_leaves_to_kubevirt_is_printed_below_the_decision(tmp_path: Path) -> None:
    done = asked(tmp_path, "-", "--kubevirt-version", "1.9", stdin=NO_BINDING)
    decision, left = done.stdout.decode().splitlines()
    assert decision.endswith("CREATE allowed")
    assert left.startswith("  left to KubeVirt, which refuses it: spec.template.spec.domain.devices.interfaces[0]: interface ")
    assert left.endswith("has no binding [no-binding]")
    assert (done.returncode, done.stderr) == (EXIT_CLEAN, b"")


def test_an_update_says_what_is_left_to_kubevirt_too(tmp_path: Path) -> None:
    done = asked(tmp_path, "-", "--kubevirt-version", "1.9", stdin=review(vm_object(interface(), running=True), vm_object(interface())))
    assert "[no-binding]" in done.stdout.decode()


def test_json_output_lists_what_is_left_to_kubevirt(tmp_path: Path) -> None:
    printed = json.loads(asked(tmp_path, "-", "--kubevirt-version", "1.9", "-o", "json", stdin=NO_BINDING).stdout)
    [left] = printed["leftToKubeVirt"]
    assert (left["rule"], left["field"]) == ("no-binding", "spec.template.spec.domain.devices.interfaces[0]")
    assert json.loads(asked(tmp_path, "-", "--kubevirt-version", "1.9", "-o", "json", stdin=GOOD).stdout)["leftToKubeVirt"] == []
    assert "leftToKubeVirt" not in json.loads(asked(tmp_path, POD, "-o", "json").stdout)


def test_a_rule_that_is_off_is_not_left_to_kubevirt(tmp_path: Path) -> None:
    write(tmp_path, {"c.yaml": "rules: {no-binding: off}\n"})
    assert asked(tmp_path, "-", "--kubevirt-version", "1.9", "--config", "c.yaml", stdin=NO_BINDING).stdout.decode().count("\n") == 1


def test_an_object_with_very_much_that_is_left_to_kubevirt_prints_the_first_of_it(tmp_path: Path) -> None:
    many = review(
        vm_object(*(interface(f"i{index}") for index in range(50)), networks=[{"name": f"i{index}", "pod": {}} for index in range(50)])
    )
    lines = asked(tmp_path, "-", "--kubevirt-version", "1.9", stdin=many).stdout.decode().splitlines()
    assert (len(lines), lines[-1]) == (22, "  and 79 more that are left to KubeVirt")


def test_help_for_administrators_is_printed(tmp_path: Path) -> None:
    done = asked(tmp_path, TYPO)
    assert '\n  help for admins: register "past" in the KubeVirt CR' in done.stdout.decode()
    assert "register" not in done.stderr.decode().replace("registered", "")
