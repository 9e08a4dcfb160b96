"""What one request and one connection may cost. Values only; who keeps to them is said beside each."""

import msgspec

MIB = 1024 * 1024


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Bounds of requests; `admit` and `body` keep them.

    Attributes:
        max_body_bytes: Largest request body; 413 above it. An object may have 3 MiB, and an UPDATE carries two.
        max_in_flight: Requests answered at one time; 429 above it.
        max_buffered_bytes: All bodies being read at one time; 429 above it. No less than one largest body.
        default_deadline_seconds: Time to answer in where the caller names none; 504 after it.
    """

    max_body_bytes: int = 7 * MIB
    max_in_flight: int = 512
    max_buffered_bytes: int = 64 * MIB
    default_deadline_seconds: float = 10.0


class ConnectionLimits(msgspec.Struct, frozen=True, kw_only=True):
    """Bounds of connections; `protocol` and `listener` keep them.

    Attributes:
        head_seconds: Longest wait for a request head (408), that of the first request included.
        body_seconds: Longest wait for the body after it (408).
        max_head_bytes: Largest request head (431), and as much again for chunk sizes and trailers beside a body (400).
        keep_alive_seconds: How long an idle connection is kept after an answer. Longer than the 90 s of the API server's client, so that
            it is the client who closes: a request never meets a connection that is being closed.
        write_seconds: Longest wait for a client that does not read its answers.
        handshake_seconds: Longest TLS handshake.
        max_connections: Open connections; any further one is closed at once.
        max_pipelined: Requests that may wait behind an unanswered one on one connection.
    """

    head_seconds: float = 5.0
    body_seconds: float = 5.0
    max_head_bytes: int = 64 * 1024
    keep_alive_seconds: int = 120
    write_seconds: float = 10.0
    handshake_seconds: float = 5.0
    max_connections: int = 2048
    max_pipelined: int = 32
