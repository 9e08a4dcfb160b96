"""The proxy for calls to an API server: from the environment, validated, and shown without its password."""

import importlib.util
import re
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

import httpx

from webhook.errors import UsageError
from webhook.kube.text import quoted

_SERVERS = ("http", "https")
_WITH_SOCKSIO = ("socks5", "socks5h")
_USER = re.compile(r"^(\w+://)?.*@", re.DOTALL)
"""User and password in an address; greedy, since a password may contain an `@`."""


class Proxy(NamedTuple):
    """A proxy, and the variable that names it."""

    variable: str
    proxy: str


def from_environment(server: str, environ: Mapping[str, str]) -> Proxy | None:
    """The proxy for a server of this address; a variable in lower case wins, as in other programs. `NO_PROXY` is not read here."""
    scheme = urlsplit(server).scheme.lower()
    for name in (f"{scheme}_proxy", "all_proxy"):
        variable = name if name in environ else name.upper()
        if environ.get(variable):
            return Proxy(variable, environ[variable])
    return None


def usable_proxy(value: str, place: str) -> str:
    """The value, when it can be a proxy; else `UsageError` that names `place`."""
    socks = _WITH_SOCKSIO if importlib.util.find_spec("socksio") is not None else ()
    if _is_address(value, (*_SERVERS, *socks)):
        return value
    accepted = "http://HOST:PORT or https://HOST:PORT (socks5://HOST:PORT where the Python package socksio is installed)"
    raise UsageError(f"{place}: {quoted(without_user(value))} cannot be a proxy; give {accepted}")


def usable_server(value: str, place: str) -> str:
    """The value, when it can be the address of an API server; else `UsageError`."""
    if _is_address(value, _SERVERS):
        return value
    raise UsageError(f"{place}: {quoted(without_user(value))} cannot be the address of an API server; give https://HOST:PORT")


def without_user(address: str) -> str:
    """An address as messages show it, without user and password."""
    return _USER.sub(lambda found: f"{found[1] or ''}...@", address)


def _is_address(value: str, schemes: tuple[str, ...]) -> bool:
    try:
        url, port = httpx.URL(value), urlsplit(value).port
    except (httpx.InvalidURL, ValueError):
        return False
    return url.scheme in schemes and bool(url.host) and port != 0
