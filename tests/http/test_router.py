"""The door as an ASGI application: what other servers than ours may ask of it."""

import asyncio
from collections.abc import Iterable

from starlette.types import Message

from tests.http.serving import front
from webhook.http.metrics import Metrics


def sent_to(scope: str, *received: str) -> list[Message]:
    """What the front door sends in a scope in which it receives these."""
    waiting: Iterable[Message] = iter([{"type": each} for each in received])
    sent: list[Message] = []

    async def receive() -> Message:
        return next(iter(waiting))

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(front(Metrics("0"))({"type": scope}, receive, send))
    return sent


def test_a_websocket_is_closed_before_it_opens() -> None:
    assert sent_to("websocket", "websocket.connect") == [{"type": "websocket.close", "code": 1000}]


def test_a_server_may_speak_of_its_lifespan() -> None:
    told = sent_to("lifespan", "lifespan.startup", "lifespan.shutdown")
    assert told == [{"type": "lifespan.startup.complete"}, {"type": "lifespan.shutdown.complete"}]
