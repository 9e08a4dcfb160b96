"""A fake API server over real HTTP: it stands in for faults that a real one cannot be made to show, and for clusters too large to make.

What a real one can show is tested with the real one, in tests/e2e. This one keeps objects by path, gives out resourceVersions, refuses
writes with an old one, streams watches, and fails as it is told. It knows no kinds, no schema and no permissions.
"""

import json
import queue
import ssl
import threading
from collections.abc import Callable, Iterator
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, NamedTuple, Self
from urllib.parse import parse_qsl, urlsplit

from kubernetes.client import Configuration

from tests.cluster.patches import patched
from webhook.cluster.api import ApiServer
from webhook.cluster.credentials import Credentials

Object = dict[str, Any]
Fault = int | str
"""An HTTP status, `hang` (no answer until the server ends), `cut` (the connection ends without one), or a body that is sent as 200."""


class Asked(NamedTuple):
    """One request that came."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes = b""

    @property
    def watches(self) -> bool:
        return self.query.get("watch") in ("1", "true")


class FakeApi:
    """The server, from entering the block to leaving it.

    Attributes:
        objects: What is stored, by path. A GET of a path that only others begin with is answered with a list of those, sorted.
        requests: Everything that was asked, in order.
        date: The `Date` of its answers; `None`: now.
        retry_after: The `Retry-After` of its refusals; empty: none.
        warnings: The `Warning` headers of its answers.
        watch_fault: The status that every watch is refused with; `None`: none is.
        answer: Called first with each request; what it returns other than `None` is answered (a status and an object).
    """

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.objects: dict[str, Object] = {}
        self.requests: list[Asked] = []
        self.answer: Callable[[Asked], tuple[int, Object] | None] = lambda _asked: None
        self.watch_fault: int | None = None
        self.date: str | None = None
        self.retry_after = ""
        self.warnings: tuple[str, ...] = ()
        self.version = 100
        self.over = threading.Event()
        self._faults: list[tuple[str, Fault, int]] = []
        self._watches: list[tuple[str, queue.Queue[Object | None]]] = []
        self._turn = threading.Condition()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.api = self
        self._tls = tls
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    @property
    def url(self) -> str:
        return f"http{'s' * (self._tls is not None)}://127.0.0.1:{self._server.server_address[1]}"

    def connection(self) -> ApiServer:
        """A client of it; made inside the event loop that uses it."""
        return ApiServer(Credentials(Configuration(host=self.url)))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.over.set()
        self.cut_watches()
        self._server.shutdown()
        self._thread.join(10)
        self._server.server_close()

    def store(self, path: str, obj: Object) -> Object:
        """Put an object there, with the next resourceVersion; watches are told."""
        with self._turn:
            self.version += 1
            kind = "MODIFIED" if path in self.objects else "ADDED"
            metadata = {**obj.get("metadata", {}), "resourceVersion": str(self.version)}
            self.objects[path] = stored = {**obj, "metadata": metadata}
        self.emit(path.rpartition("/")[0], {"type": kind, "object": stored})
        return stored

    def remove(self, path: str) -> None:
        """Take an object away; watches are told."""
        with self._turn:
            self.version += 1
            before = self.objects.pop(path)
            gone = {**before, "metadata": {**before["metadata"], "resourceVersion": str(self.version)}}
        self.emit(path.rpartition("/")[0], {"type": "DELETED", "object": gone})

    def fail(self, path_prefix: str, fault: Fault, times: int = 1) -> None:
        """The next so many requests of paths that begin with this end in the fault."""
        with self._turn:
            self._faults.append((path_prefix, fault, times))

    def mend(self) -> None:
        """No more faults."""
        with self._turn:
            self._faults.clear()

    def emit(self, path: str, event: Object) -> None:
        """Send an event to the watches of a path, and of paths above and below it."""
        with self._turn:
            for watched, events in self._watches:
                if _is_seen(watched, path):
                    events.put(event)

    def cut_watches(self) -> None:
        """End all open watches."""
        with self._turn:
            for _, events in self._watches:
                events.put(None)
            self._watches.clear()

    def watches(self) -> int:
        """How many are open."""
        with self._turn:
            return len(self._watches)

    def asked(self, method: str, path_prefix: str = "") -> list[Asked]:
        """The requests of a method so far, of paths that begin with this."""
        return [each for each in list(self.requests) if each.method == method and each.path.startswith(path_prefix)]

    def fault_for(self, asked: Asked) -> Fault | None:
        with self._turn:
            for place, (prefix, fault, times) in enumerate(self._faults):
                if asked.path.startswith(prefix):
                    if times > 1:
                        self._faults[place] = (prefix, fault, times - 1)
                    else:
                        del self._faults[place]
                    return fault
        return self.watch_fault if asked.watches else None

    def watched(self, path: str) -> Iterator[Object]:
        events: queue.Queue[Object | None] = queue.Queue()
        with self._turn:
            self._watches.append((path, events))
        while (event := events.get()) is not None:
            yield event

    def read(self, path: str) -> tuple[int, Object]:
        with self._turn:
            if path in self.objects:
                return 200, self.objects[path]
            items = [self.objects[each] for each in sorted(self.objects) if _is_in_list(path, each)]
            if not items and path.rpartition("/")[2] not in _PLURALS:
                return _status(404, "NotFound", f"{path} not found")
            return 200, {"kind": "List", "apiVersion": "v1", "metadata": {"resourceVersion": str(self.version)}, "items": items}

    def write(self, method: str, path: str, body: Any, content_type: str) -> tuple[int, Object]:
        if method == "POST":
            return self._create(f"{path}/{body['metadata']['name']}", body)
        before = self.objects.get(path)
        if before is None:
            return _status(404, "NotFound", f"{path} not found")
        if method == "DELETE":
            self.remove(path)
            return 200, before
        try:
            after = patched(before, body, content_type) if method == "PATCH" else body
        except (KeyError, IndexError, AssertionError) as error:
            return _status(422, "Invalid", f"the patch does not apply: {error}")
        version = after.get("metadata", {}).get("resourceVersion")
        if version is not None and version != before["metadata"]["resourceVersion"]:
            return _status(409, "Conflict", "the object has been modified; please apply your changes to the latest version and try again")
        return 200, self.store(path, after)

    def _create(self, path: str, obj: Object) -> tuple[int, Object]:
        if path in self.objects:
            return _status(409, "AlreadyExists", f"{path} already exists")
        return 201, self.store(path, obj)


_PLURALS = frozenset({"kubevirts", "virtualmachines", "virtualmachineinstances", "hyperconvergeds", "secrets", "leases"})


def _is_in_list(path: str, each: str) -> bool:
    """Whether a list at `path` holds the object: of its namespace, or of all."""
    if each.rpartition("/")[0] == path:
        return True
    before, _, plural = path.rpartition("/")
    return each.startswith(f"{before}/namespaces/") and each.split("/")[-2] == plural


def _is_seen(watched: str, path: str) -> bool:
    return watched == path or watched.startswith(path + "/") or _is_in_list(watched, path + "/any")


def _status(code: int, reason: str, message: str) -> tuple[int, Object]:
    return code, {"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": reason, "message": message, "code": code}


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    api: FakeApi


class _Handler(BaseHTTPRequestHandler):
    """One connection."""

    server: "_Server"
    disable_nagle_algorithm = True  # an answer in two parts would wait for 40 ms
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Silence."""

    def date_time_string(self, timestamp: float | None = None) -> str:
        return super().date_time_string(timestamp) if self.server.api.date is None else self.server.api.date

    def handle(self) -> None:
        try:
            super().handle()
        except OSError:
            self.close_connection = True  # the client has gone away, which is its right

    def answer(self) -> None:
        api = self.server.api
        url = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        asked = Asked(self.command, url.path, dict(parse_qsl(url.query, keep_blank_values=True)), dict(self.headers), body)
        api.requests.append(asked)
        fault = api.fault_for(asked)
        if fault is not None:
            self._fail(fault)
        elif asked.watches:
            self._stream(asked.path)
        else:
            told = api.answer(asked)
            self._send(*(told or self._done(asked, json.loads(body or b"null"))))

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer  # noqa: N815 - http.server looks for these names

    def _done(self, asked: Asked, body: Any) -> tuple[int, Object]:
        if asked.method == "GET":
            return self.server.api.read(asked.path)
        return self.server.api.write(asked.method, asked.path, body, self.headers.get("Content-Type", ""))

    def _fail(self, fault: Fault) -> None:
        if isinstance(fault, int):
            self._send(*_status(fault, "Fault", f"this fake was told to answer {fault}"))
        elif fault == "hang":
            self.server.api.over.wait()
            self.close_connection = True
        elif fault == "cut":
            self.close_connection = True
            self.connection.close()
        else:
            self._send_bytes(200, fault.encode())

    def _stream(self, path: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for event in self.server.api.watched(path):
            line = json.dumps(event, ensure_ascii=False).encode() + b"\n"
            self.wfile.write(b"%x\r\n%s\r\n" % (len(line), line))
        self.wfile.write(b"0\r\n\r\n")

    def _send(self, code: int, obj: Object) -> None:
        self._send_bytes(code, json.dumps(obj).encode())

    def _send_bytes(self, code: int, body: bytes) -> None:
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if code >= HTTPStatus.BAD_REQUEST and self.server.api.retry_after:
            self.send_header("Retry-After", self.server.api.retry_after)
        for warning in self.server.api.warnings:
            self.send_header("Warning", warning)
        self.end_headers()
        self.wfile.write(body)
