"""The product's own code, one request at a time: what it asks for next, given what it remembers and what it was answered so far.

A look of the real keeper or follower is a coroutine. It is run from its beginning with the answers that it has had, up to the next
request; so any point between two requests can be reached again, and a state is a plain value. The same question is asked once.
"""

import base64
import functools
import importlib.util
import json
import types
from collections.abc import Callable, Coroutine, Generator, Mapping
from datetime import timedelta
from typing import Any, NamedTuple

from cryptography import x509

from tests.cluster.named_objects import SECRET, VALIDATING
from tests.tls.builders import NAME, NOW
from webhook.cluster.api import ApiServer
from webhook.cluster.api_error import ApiError
from webhook.cluster.clock import Clock
from webhook.cluster.secrets import NamedSecret
from webhook.cluster.webhook_configurations import WebhookConfigurations
from webhook.tls.managed import RENEW, SETTLE_SECONDS
from webhook.tls.pair import PairFiles
from webhook.tls.secret_contents import CA, CA_KEY, CERT, KEY
from webhook.tls.selfsigned import Issued

TICK_SECONDS = SETTLE_SECONDS / 2
"""Time goes on in steps of this length. Two of them are the time that a new CA settles."""
SETTLED = 2
KEYS = (CERT, KEY, CA, CA_KEY)
_NOW = 1_000_000.0

PemPair = tuple[bytes, bytes]


class Stored(NamedTuple):
    """A Secret as it is answered: its data in the order of `KEYS`."""

    data: tuple[bytes, ...] = (b"",) * len(KEYS)
    wish: str = ""
    version: int = 1
    kind: None = None

    def value(self, key: str) -> bytes:
        return self.data[KEYS.index(key)]


class Configured(NamedTuple):
    """A webhook configuration, with one webhook, as it is answered. Where generations are counted, they are the same as versions here."""

    kind: int
    counted: bool
    bundle: bytes = b""
    version: int = 0


class Refused(NamedTuple):
    """An error in place of an answer."""

    status: int


Answer = Stored | Configured | Refused | None
"""`None` is an answer that nobody reads."""


class Request(NamedTuple):
    """What is asked of the API server. `body` is a merge patch, a JSON patch, or `None` for a read; `{}` makes an empty object."""

    path: str
    body: Any = None


class Memory(NamedTuple):
    """What a keeper remembers from one look to the next.

    Attributes:
        seen: What it has seen in all caBundles, with the configurations' generations.
        ticks: For how many ticks, at most `SETTLED`.
        unclaimed: The version of a Secret that it has seen without a certificate; 0 for none.
        unclaimed_ticks: For how many ticks, at most one, which is longer than it waits for somebody to put it back.
    """

    seen: tuple[bytes, tuple[int, ...]] | None = None
    ticks: int = 0
    unclaimed: int = 0
    unclaimed_ticks: int = 0


class Served(NamedTuple):
    """What a follower remembers: the pair that it read last, and the one that handshakes get."""

    read: PemPair | None = None
    shown: PemPair | None = None


class Product:
    """The modules of the product, as they are or with a line of them changed on purpose."""

    def __init__(self, changes: Mapping[str, tuple[str, str]] | None = None) -> None:
        """`changes` are, by module, a piece of its source and what stands in its place."""
        changes = changes or {}
        self._managed = _loaded("webhook.tls.managed", changes)
        self._controller = _loaded("webhook.runtime.certificate.controller", changes)
        self._followed = _loaded("webhook.runtime.certificate.secret_watcher", changes)
        for name in set(vars(self._managed)) & set(vars(self._controller)) - {
            name for name in vars(self._controller) if name.startswith("__")
        }:
            setattr(self._controller, name, getattr(self._managed, name))
        self._made: dict[object, Issued] = {}
        self._fresh = 0
        self._make("make_ca", lambda _: ())
        self._make("make_leaf", lambda arguments: arguments[0].certificate)
        self.keep = functools.cache(self._keep)
        self.follow = functools.cache(self._follow)

    def _make(self, name: str, of: Callable[[Any], object]) -> None:
        """Have the product make its certificates, but each only once: the same number gives the same key."""
        make = getattr(self._managed, name)

        def made(*arguments: Any, **options: Any) -> Issued:
            key = (name, of(arguments), self._fresh, options["now"])
            if key not in self._made:
                self._made[key] = make(*arguments, **options)
            return self._made[key]

        setattr(self._managed, name, made)

    def _keep(self, begins: bool, memory: Memory, answers: tuple[Answer, ...], fresh: int, day: int) -> Request | Memory:  # noqa: FBT001 - cached by place
        """The next request of a leader's look, or what it remembers after it. `fresh` numbers the certificates that it makes."""
        self._fresh = fresh
        server = _Script()
        controller = self._controller.CertificateController(
            NamedSecret(server, namespace="ns", name="bindguard-tls"),
            WebhookConfigurations(server, "bindguard"),
            names=(NAME,),
            clock=_clock(day),
        )
        controller._settled = (memory.seen, _NOW - memory.ticks * TICK_SECONDS)
        controller._unclaimed = (str(memory.unclaimed), _NOW - memory.unclaimed_ticks * TICK_SECONDS)
        request = _run(controller.work() if begins else controller.look(), answers)
        if request is not None:
            return request
        (seen, at), (version, since) = controller._settled, controller._unclaimed
        ticks = min(SETTLED, round((_NOW - at) / TICK_SECONDS)) if seen is not None else 0
        return Memory(seen, ticks, int(version), min(1, round((_NOW - since) / TICK_SECONDS)) if int(version) else 0)

    def _follow(self, served: Served, answers: tuple[Answer, ...], day: int) -> Request | Served:
        """The next request of a follower's look, or what it remembers after it, and after the poll that follows."""
        follower = self._follower(served, day)
        request = _run(follower.look(), answers)
        if request is not None:
            return request
        if served.shown is None:
            return Served(follower._pair, None if follower.source is None else follower._pair)
        return Served(follower._pair, follower._pair if follower.source.poll_once() else served.shown)

    def _follower(self, served: Served, day: int) -> Any:
        follower = self._followed.SecretWatcher(
            NamedSecret(_Script(), namespace="ns", name="bindguard-tls"),
            PairFiles(cert="", key=""),
            leader=lambda: "",
            clock=Clock(now=lambda: _NOW, sleep=_sleep, wall=lambda: moment.timestamp()),  # noqa: PLW0108 - the moment of then
        )
        if served.shown is not None:  # it began with this pair when it was new
            moment = x509.load_pem_x509_certificate(served.shown[0]).not_valid_before_utc
            follower._pair = served.shown
            follower._load()
        moment = at(day)
        follower._pair = served.read
        return follower


def at(day: int) -> Any:
    """The date of a day."""
    return NOW + timedelta(days=day)


def _clock(day: int) -> Clock:
    return Clock(now=lambda: _NOW, sleep=_sleep, chance=lambda: 0.5, wall=lambda: at(day).timestamp())


def _loaded(name: str, changes: Mapping[str, tuple[str, str]]) -> Any:
    """A module of its own, with its source changed if that is wanted."""
    spec = importlib.util.find_spec(name)
    assert spec is not None
    assert spec.origin is not None
    with open(spec.origin) as file:  # noqa: PTH123 - a module's own source
        source = file.read()
    if name in changes:
        old, new = changes[name]
        assert source.count(old) == 1, f"{name} has no longer, or more than once: {old}"
        source = source.replace(old, new)
    module = types.ModuleType(name)
    module.__file__ = spec.origin
    exec(compile(source, spec.origin, "exec"), vars(module))  # noqa: S102 - our own source
    return module


class _Slept(NamedTuple):
    """A wait in place of a request: the look is over."""


@types.coroutine
def _yielded(what: object) -> Generator[object, Any, Any]:
    return (yield what)


async def _sleep(_seconds: float) -> None:
    await _yielded(_Slept())


class _Script(ApiServer):
    """In place of a connection: each request stops the coroutine, until somebody has the answer."""

    def __init__(self) -> None:
        """No credentials, no connection."""

    async def get(self, path: str, *_: Any, **__: Any) -> bytes:
        return _encoded(await _answered(Request(path)), path)

    async def patch(self, path: str, obj: object, **_: Any) -> bytes:
        await _answered(Request(path, obj))
        return b"{}"

    async def apply(self, path: str, *_: Any, **__: Any) -> bytes:
        await _answered(Request(path, {}))
        return b"{}"


async def _answered(request: Request) -> Answer:
    answer: Answer = await _yielded(request)
    if isinstance(answer, Refused):
        reasons: dict[int, Any] = {404: "not-found", 409: "conflict", 422: "invalid"}
        raise ApiError("refused", status=answer.status, reason=reasons.get(answer.status, "unavailable"))
    return answer


def _run(look: Coroutine[object, Any, float], answers: tuple[Answer, ...]) -> Request | None:
    """The request that comes after these answers; `None` when the look is over."""
    try:
        asked: Any = look.send(None)
        for answer in answers:
            asked = look.send(answer)
    except StopIteration:
        return None
    finally:
        look.close()
    return asked if isinstance(asked, Request) else None


@functools.cache
def _encoded(answer: Answer, path: str) -> bytes:
    match answer:
        case Stored(data=data, wish=wish, version=version):
            encoded = {key: base64.b64encode(value).decode() for key, value in zip(KEYS, data, strict=True)}
            metadata = {"resourceVersion": str(version), "annotations": {RENEW: wish} if wish else {}}
            return json.dumps({"metadata": metadata, "data": encoded}).encode()
        case Configured(bundle=bundle, version=version, counted=counted):
            webhook = {"clientConfig": {"caBundle": base64.b64encode(bundle).decode()} if bundle else {}}
            return json.dumps(
                {"metadata": {"resourceVersion": str(version), "generation": version * counted}, "webhooks": [webhook]}
            ).encode()
        case _:
            raise AssertionError(f"no answer to a read of {path}")


PATHS = (VALIDATING, VALIDATING.replace("validating", "mutating"), SECRET)
