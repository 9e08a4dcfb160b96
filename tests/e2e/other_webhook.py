"""Another mutating webhook, as clusters have several: it puts a container in front of all others, once."""

import base64
import json
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.tls import builders as tls


class OtherWebhook:
    """The server, from entering the block to leaving it.

    Attributes:
        asked: How often it was asked.
    """

    def __init__(self, directory: Path) -> None:
        self._ca = tls.ca()
        self.asked = 0
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

    def configuration(self) -> dict[str, Any]:
        """Called after Bindguard: the API server goes by the names of configurations."""
        webhook = {
            "name": "sidecars.example.test",
            "admissionReviewVersions": ["v1"],
            "sideEffects": "None",
            "failurePolicy": "Fail",
            "clientConfig": {
                "url": f"https://127.0.0.1:{self._server.server_address[1]}/",
                "caBundle": base64.b64encode(self._ca.cert_pem).decode(),
            },
            "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}],
            "objectSelector": {"matchLabels": {"kubevirt.io": "virt-launcher"}},
        }
        return {
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": "MutatingWebhookConfiguration",
            "metadata": {"name": "zz-sidecars"},
            "webhooks": [webhook],
        }

    def answer(self, review: dict[str, Any]) -> dict[str, Any]:
        self.asked += 1
        response: dict[str, Any] = {"uid": review["request"]["uid"], "allowed": True}
        if review["request"]["object"]["spec"]["containers"][0]["name"] != "proxy":
            patch = [{"op": "add", "path": "/spec/containers/0", "value": {"name": "proxy", "image": "proxy"}}]
            response |= {"patchType": "JSONPatch", "patch": base64.b64encode(json.dumps(patch).encode()).decode()}
        return {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": response}

    def _context(self, directory: Path) -> ssl.SSLContext:
        leaf = tls.leaf(self._ca, "127.0.0.1")
        (directory / "other.pem").write_bytes(leaf.cert_pem + leaf.key_pem)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(directory / "other.pem")
        return context


def _handler(webhook: OtherWebhook) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.dumps(webhook.answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Silence."""

    return Handler
