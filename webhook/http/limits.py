"""What one request and one connection may cost. Values only; who keeps to them is said beside each."""

import msgspec

MIB = 1024 * 1024


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Bounds of requests; `admit` and `body` keep them.

    Attributes:
        max_body_bytes: Largest request body; 413 above it. An object may have 3 MiB, and an UPDATE carries two.
        max_in_flight: Requests answered at one time; 429 above it.
        max_buffered_bytes: All bodies being received at one time; above it those that have taken longest are refused with 429. No less
            than one largest body.
        default_deadline_seconds: Time to answer in where the caller names none; 504 after it.
    """

    max_body_bytes: int = 7 * MIB
    max_in_flight: int = 512
    max_buffered_bytes: int = 64 * MIB
    default_deadline_seconds: float = 10.0


class ConnectionLimits(msgspec.Struct, frozen=True, kw_only=True):
    """Bounds of connections; `protocol`, `pool` and `acceptor` keep them.

    Attributes:
        head_seconds: Longest wait for a request head (408), that of the first request included.
        body_seconds: Longest wait for the body after it (408).
        max_head_bytes: Largest request head (431), and as much again for chunk sizes and trailers beside a body (400).
        keep_alive_seconds: How long an idle connection is kept after an answer, once it has brought a valid review. Longer than the 90 s
            of the API server's client, so that the client closes it: a request never meets a connection that is being closed.
        untrusted_keep_alive_seconds: The same for a connection that has brought none.
        write_seconds: Longest wait for a client that does not read its answers.
        handshake_seconds: Longest TLS handshake.
        max_handshakes: TLS handshakes under way; above it the oldest of the client with the most is closed.
        max_connections: Open connections; above it the one that has waited longest is closed.
        max_per_client: Open connections of one client address; above it its own that has waited longest is closed.
        max_pipelined: Requests that may wait behind an unanswered one on one connection.
    """

    head_seconds: float = 5.0
    body_seconds: float = 5.0
    max_head_bytes: int = 16 * 1024
    keep_alive_seconds: int = 120
    untrusted_keep_alive_seconds: int = 5
    write_seconds: float = 10.0
    handshake_seconds: float = 5.0
    max_handshakes: int = 256
    max_connections: int = 2048
    max_per_client: int = 1024
    max_pipelined: int = 32


OPERATIONS = ConnectionLimits(max_head_bytes=8 * 1024, keep_alive_seconds=5, max_connections=64, max_per_client=16)
"""Bounds of the operations port: a few clients, which ask seldom, and none of which is trusted more than another."""
