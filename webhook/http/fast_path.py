"""Whole requests answered in the breath in which they arrive, where the application can: uvicorn's protocol with a lane for them.

ASGI takes a task, events and messages for each request, which together cost more than checking a VMI does: a review that is answered here
costs the server a third less (docs/performance.md). The lane takes what is ordinary in every respect. All else, and what the application
leaves, goes uvicorn's way, as if there were no lane; so does a request of which a part has not arrived yet.

The rule of the lane: what runs in it is synchronous and has no effect outside before it has the answer. A request that leaves it half-way,
since it has to wait, is refused or has failed, takes along what has been found (`BEGUN` in the state of its ASGI scope): nothing is done,
counted or logged twice.
"""

from collections.abc import Callable
from typing import Protocol, TypeAlias, runtime_checkable

from uvicorn import Config
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
from uvicorn.server import ServerState

from webhook.http.reply import Headers

FastPath: TypeAlias = Callable[[Headers, bytes], object]
"""Takes headers and body of a POST; gives the JSON to answer with HTTP 200, as bytes. Where ASGI is to answer, it gives what has been found
by then, or `None`. Never raises."""
BEGUN = "bindguard.begun"
"""Where the state of an ASGI scope has what the lane found."""

_MAX_URLS = 64
_HEAD = STATUS_LINE[200] + b"content-type: application/json\r\ncontent-length: %d\r\n\r\n"


@runtime_checkable
class FastPathApp(Protocol):
    """An ASGI application that can answer some requests without waiting for anything."""

    def fast_path(self, path: str) -> FastPath | None:
        """What answers requests to a path, if something can."""


class FastPathProtocol(HttpToolsProtocol):
    """uvicorn's protocol with a lane."""

    def __init__(self, config: Config, state: ServerState, fast_paths: dict[bytes, FastPath]) -> None:
        """`fast_paths` are those that are known, by URL, in common with other connections; a URL is learned from its first request."""
        super().__init__(config=config, server_state=state, app_state={})
        self._prompt = self.app if isinstance(self.app, FastPathApp) else None
        self._fast_paths = fast_paths
        self._fast_path: FastPath | None = None
        self._body: list[bytes] = []
        self._is_first_of_read = False

    def data_received(self, data: bytes) -> None:
        """Take bytes; a request that is not whole then leaves the lane."""
        self._is_first_of_read = True
        super().data_received(data)
        self.leave_fast_path()

    def on_message_begin(self) -> None:
        """A request begins. Its ASGI scope is made when it turns out to need one."""
        self.url, self.headers, self.expect_100_continue = b"", [], False

    def on_headers_complete(self) -> None:
        """Let a request into the lane if it is ordinary, and the first one in what was read: others wait too."""
        fast_path = self._fast_paths.get(self.url)
        if fast_path is not None and self._is_first_of_read and self._is_ordinary():
            self._fast_path = fast_path
        else:
            self._enter_asgi()
            self._learn()
        self._is_first_of_read = False

    def on_body(self, body: bytes) -> None:
        """A part of a body."""
        if self._fast_path is None:
            super().on_body(body)
        else:
            self._body.append(body)

    def on_message_complete(self) -> None:
        """A request is whole: answer it, if it is in the lane."""
        if self._fast_path is None:
            super().on_message_complete()
            return
        body = self._body[0] if len(self._body) == 1 else b"".join(self._body)
        answer = self._fast_path(self.headers, body)
        if not isinstance(answer, bytes):
            self.leave_fast_path(answer)
            super().on_message_complete()
            return
        self._fast_path = None
        self._body.clear()
        self.transport.write(_HEAD % len(answer) + answer)
        self.on_response_complete()

    def leave_fast_path(self, begun: object = None) -> None:
        """Go uvicorn's way with what there is of a request."""
        if self._fast_path is None:
            return
        self._fast_path = None
        self._enter_asgi(begun)
        for part in self._body:
            super().on_body(part)
        self._body.clear()

    def is_idle(self) -> bool:
        """Whether no request is being answered."""
        return self.cycle is None or self.cycle.response_complete  # type: ignore[redundant-expr] # it is None before the first request

    def _is_ordinary(self) -> bool:
        parser = self.parser
        return (
            parser.get_method() == b"POST"
            and parser.get_http_version() == "1.1"
            and parser.should_keep_alive()
            and not self.expect_100_continue
            and not self.server_state.default_headers
            and not self.flow.write_paused
            and not self.transport.is_closing()
            and self.is_idle()
        )

    def _enter_asgi(self, begun: object = None) -> None:
        """Do what uvicorn does with a whole head; `begun` goes along."""
        url, headers, expects = self.url, self.headers, self.expect_100_continue
        super().on_message_begin()
        self.url, self.expect_100_continue = url, expects
        self.headers += headers  # the scope has this list
        if begun is not None:
            self.scope["state"][BEGUN] = begun
        super().on_headers_complete()

    def _learn(self) -> None:
        """Remember the lane of a URL that uvicorn could read."""
        if self._prompt is None or self.url in self._fast_paths:
            return
        fast_path = self._prompt.fast_path(self.scope["path"])
        if fast_path is not None:
            if len(self._fast_paths) >= _MAX_URLS:
                self._fast_paths.clear()
            self._fast_paths[self.url] = fast_path
