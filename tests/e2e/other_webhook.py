"""Webhooks of the tests' own: one that changes pods too, and one that stands in for the API server's matchConditions."""

import base64
import copy
import json
import ssl
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.chart.conditions import evaluated
from tests.tls import builders as tls


class Webhook:
    """A webhook server, from entering the block to leaving it."""

    def __init__(self, directory: Path) -> None:
        self._ca = tls.ca()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._server.socket = self._context(directory).wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.shutdown()
        self._thread.join(10)
        self._server.server_close()

    def client_config(self, path: str = "") -> dict[str, str]:
        """Where the API server finds it."""
        url = f"https://127.0.0.1:{self._server.server_address[1]}/{path}"
        return {"url": url, "caBundle": base64.b64encode(self._ca.cert_pem).decode()}

    def response(self, path: str, request: dict[str, Any]) -> dict[str, Any] | None:
        """What is added to the response to a request at a path; `None` answers with HTTP 503."""
        raise NotImplementedError

    def answer(self, path: str, review: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        response = self.response(path, review["request"])
        if response is None:
            return 503, {}
        full = {"uid": review["request"]["uid"], "allowed": True, **response}
        return 200, {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": full}

    def _context(self, directory: Path) -> ssl.SSLContext:
        leaf = tls.leaf(self._ca, "127.0.0.1")
        (directory / "webhook.pem").write_bytes(leaf.cert_pem + leaf.key_pem)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(directory / "webhook.pem")
        return context


class OtherWebhook(Webhook):
    """Another mutating webhook, as clusters have several: it puts a container in front of all others, once.

    Attributes:
        asked: How many requests it got.
    """

    asked = 0

    def configuration(self) -> dict[str, Any]:
        """Called after Bindguard: the API server goes by the names of configurations."""
        webhook = {
            "name": "sidecars.example.test",
            "admissionReviewVersions": ["v1"],
            "sideEffects": "None",
            "failurePolicy": "Fail",
            "clientConfig": self.client_config(),
            "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}],
            "objectSelector": {"matchLabels": {"kubevirt.io": "virt-launcher"}},
        }
        return {
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": "MutatingWebhookConfiguration",
            "metadata": {"name": "zz-sidecars"},
            "webhooks": [webhook],
        }

    def response(self, path: str, request: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG002 - one path is as good as another
        self.asked += 1
        if request["object"]["spec"]["containers"][0]["name"] == "proxy":
            return {}
        patch = [{"op": "add", "path": "/spec/containers/0", "value": {"name": "proxy", "image": "proxy"}}]
        return {"patchType": "JSONPatch", "patch": base64.b64encode(json.dumps(patch).encode()).decode()}


class NobodyServes(Webhook):
    """Evaluates the matchConditions for an API server that is too old for them, and fails for what they would send to Bindguard."""

    def __init__(self, directory: Path, configuration: Mapping[str, Any]) -> None:
        """`configuration` is the chart's, with matchConditions."""
        super().__init__(directory)
        self._configuration = configuration
        self._conditions = {each["name"]: each.get("matchConditions", ()) for each in configuration["webhooks"]}

    def configuration(self) -> dict[str, Any]:
        """The chart's without matchConditions."""
        ours = copy.deepcopy(dict(self._configuration))
        for webhook in ours["webhooks"]:
            webhook.pop("matchConditions", None)
            webhook["clientConfig"] = self.client_config(webhook["name"])
        return ours

    def response(self, path: str, request: dict[str, Any]) -> dict[str, Any] | None:
        variables = {"object": request["object"], "oldObject": request["oldObject"], "request": request}
        answers = [evaluated(each["expression"], variables) for each in self._conditions[path.strip("/").partition("?")[0]]]
        assert all(isinstance(answer, bool) for answer in answers), answers
        return None if all(answers) else {}


def _handler(webhook: Webhook) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            code, answer = webhook.answer(self.path, json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            body = json.dumps(answer).encode()
            self.send_response(code)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Silence."""

    return Handler
