"""The fast path: a request that arrives whole is answered inside the parser's callback, where the application can do that.

ASGI takes a task, events and messages for each request. Together they cost more than checking a VMI does: a review on the fast path costs
the server a third less (docs/performance.md). Only ordinary requests take it. All others go to ASGI, and so does a request of which a part
has not arrived yet.

The rule of the fast path: it is synchronous, and has no effect outside before it has the answer. A request that must wait, is refused or
fails goes to ASGI with what has been found (`BEGUN` in the state of its scope), so that nothing is done, counted or logged twice.
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
"""The key in the state of an ASGI scope for what the fast path has found."""

_MAX_URLS = 64
_HEAD = STATUS_LINE[200] + b"content-type: application/json\r\ncontent-length: %d\r\n\r\n"


@runtime_checkable
class FastPathApp(Protocol):
    """An ASGI application that can answer some requests without waiting for anything."""

    def fast_path(self, path: str) -> FastPath | None:
        """What answers requests to a path, if something can."""


class FastPathProtocol(HttpToolsProtocol):
    """uvicorn's protocol with a fast path."""

    def __init__(self, config: Config, state: ServerState, fast_paths: dict[bytes, FastPath]) -> None:
        """`fast_paths` are those that are known, by URL, in common with other connections; a URL is learned from its first request."""
        super().__init__(config=config, server_state=state, app_state={})
        self._fast_path_app = self.app if isinstance(self.app, FastPathApp) else None
        self._fast_paths = fast_paths
        self._fast_path: FastPath | None = None
        self._body: list[bytes] = []
        self._is_first_of_read = False

    def data_received(self, data: bytes) -> None:
        """Take bytes; a request that is not whole after them goes to ASGI."""
        self._is_first_of_read = True
        super().data_received(data)
        self.leave_fast_path()

    def on_message_begin(self) -> None:
        """A request begins. Its ASGI scope is made when it turns out to need one."""
        self.url, self.headers, self.expect_100_continue = b"", [], False

    def on_headers_complete(self) -> None:
        """Choose the fast path for an ordinary request, if it is the first in the bytes that were read: other connections wait too."""
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
        """A request is whole: answer it, if it is on the fast path."""
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
        """Hand what there is of a request to ASGI."""
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
        """Do what uvicorn does with a complete head; `begun` is put into the scope."""
        url, headers, expects = self.url, self.headers, self.expect_100_continue
        super().on_message_begin()
        self.url, self.expect_100_continue = url, expects
        self.headers += headers  # the scope has this list
        if begun is not None:
            self.scope["state"][BEGUN] = begun
        super().on_headers_complete()

    def _learn(self) -> None:
        """Remember the fast path of a URL that uvicorn could parse."""
        if self._fast_path_app is None or self.url in self._fast_paths:
            return
        fast_path = self._fast_path_app.fast_path(self.scope["path"])
        if fast_path is not None:
            if len(self._fast_paths) >= _MAX_URLS:
                self._fast_paths.clear()
            self._fast_paths[self.url] = fast_path
