"""Whatever a ready replica serves verifies by whatever any API server trusts: in every state that can be reached, within the bounds below.

The steps are the product's own: keeper, follower and `next_step` run as they are, one request at a time. What is proved, and what is not,
is told in certs/README.md. Each proof prints how many states it has seen (`pytest -s`).
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import pytest
import structlog

from tests.runtime.certificate.rotation.explorer import Explored, explore
from tests.runtime.certificate.rotation.product import Product
from tests.runtime.certificate.rotation.world import Left, Rules, World, begun

CA_ONLY = Rules(wishes=("ca",), writes=("an old",))
UNCOUNTED = CA_ONLY._replace(generations=False, punctual=True)


class Bounds(NamedTuple):
    """How many replicas, whether they have begun, and how often each thing may happen."""

    replicas: int
    left: Left
    rules: Rules = Rules()
    begun: bool = True


PROOFS: Mapping[str, Bounds] = {
    "a first start of two, and another leads": Bounds(2, Left(elections=2), begun=False),
    "a first start of three": Bounds(3, Left(elections=1, faults=1), begun=False),
    "a wish, and a leader that dies or is not answered": Bounds(2, Left(elections=1, wishes=1, faults=1)),
    "a new CA for three": Bounds(3, Left(elections=1, wishes=1), CA_ONLY),
    "two new CAs": Bounds(2, Left(wishes=2), CA_ONLY),
    "a new CA, and somebody writes an old caBundle": Bounds(2, Left(elections=1, wishes=1, foreign=1), CA_ONLY),
    "the same where no generations are counted": Bounds(2, Left(elections=2, wishes=1, foreign=1), UNCOUNTED),
    "somebody writes any caBundle": Bounds(2, Left(elections=1, foreign=1, faults=1)),
    "a new CA, and both lead": Bounds(2, Left(elections=1, wishes=1), CA_ONLY._replace(alone=False)),
    "a Secret that is deleted or spoilt": Bounds(2, Left(elections=1, damage=1)),
    "a Secret that is deleted, and a fault": Bounds(2, Left(elections=1, damage=1, faults=1), Rules(spoils=())),
    "a Secret that is deleted, for three": Bounds(3, Left(damage=1), Rules(spoils=())),
    "four months with a new CA": Bounds(2, Left(wishes=1, seasons=2), CA_ONLY),
}


def explored(bounds: Bounds, product: Product) -> Explored:
    world = World(product, bounds.rules)
    start = begun(world, bounds.replicas, bounds.left) if bounds.begun else world.empty(bounds.replicas, bounds.left)
    return explore(world, start)


@pytest.fixture(scope="module")
def product() -> Product:
    return Product()


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    with structlog.testing.capture_logs():
        yield


@pytest.mark.parametrize("name", PROOFS)
def test_what_is_served_verifies_in_every_state(name: str, product: Product) -> None:
    found = explored(PROOFS[name], product)
    print(f"{name}: {found.states} states, {found.steps} steps")  # noqa: T201 - how much was looked at
    assert found.wrong is None, found
    assert found.states > 100


MANAGED, KEEPER, FOLLOWED = "webhook.tls.managed", "webhook.runtime.certificate.controller", "webhook.runtime.certificate.secret_watcher"
FAULTS: Mapping[str, tuple[str, str, str, Bounds]] = {
    "the Secret is read before the configurations": (
        KEEPER,
        "        configurations = await self._configurations.read()\n        secret = await self._secret.read()\n",
        "        secret = await self._secret.read()\n        configurations = await self._configurations.read()\n",
        PROOFS["a new CA, and both lead"],
    ),
    "what has settled is not waited for": (
        MANAGED,
        "    left = settle_seconds - state.settled_seconds",
        "    left = 0 * settle_seconds - state.settled_seconds",
        PROOFS["a wish, and a leader that dies or is not answered"],
    ),
    "half of the time is enough": (
        MANAGED,
        "    left = settle_seconds - state.settled_seconds",
        "    left = settle_seconds / 2 - state.settled_seconds",
        PROOFS["a wish, and a leader that dies or is not answered"],
    ),
    "generations do not count": (
        KEEPER,
        "tuple(each.generation for each in configurations)",
        "()",
        PROOFS["a new CA, and somebody writes an old caBundle"],
    ),
    "a caBundle that differs is not forgotten": (
        KEEPER,
        "            self._settled = (None, now)\n",
        "",
        PROOFS["the same where no generations are counted"],
    ),
    "a new leader goes by what it saw when it led before": (
        KEEPER,
        "        self._settled = (None, 0.0)\n        while",
        "        while",
        PROOFS["the same where no generations are counted"],
    ),
    "what has settled is another CA": (
        KEEPER,
        "        if self._settled[0] != seen:\n",
        "        if self._settled[0] is None:\n",
        Bounds(2, Left(elections=1, wishes=2), CA_ONLY),
    ),
    "a new CA takes the place of the old one": (
        MANAGED,
        "(ca.certificate, *first, *contents.trusted, *lost)",
        "(ca.certificate,)",
        PROOFS["a wish, and a leader that dies or is not answered"],
    ),
    "an old CA goes as soon as the new one has signed": (
        MANAGED,
        "if old_leaves_valid or each == contents.issuer",
        "if each == contents.issuer",
        PROOFS["a wish, and a leader that dies or is not answered"],
    ),
    "an old CA goes a month too early": (
        MANAGED,
        "not_valid_before_utc + _LEAF + _CLOCK_TOLERANCE",
        "not_valid_before_utc + _LEAF * 2 / 3",
        PROOFS["four months with a new CA"],
    ),
    "a lost certificate is not put back by who serves it": (
        FOLLOWED,
        "        await self._put_back(secret)\n",
        "",
        PROOFS["a Secret that is deleted or spoilt"],
    ),
    "a lost certificate is not waited for": (
        MANAGED,
        "UNCLAIMED_SECONDS - state.unclaimed_seconds",
        "0.0",
        PROOFS["a Secret that is deleted or spoilt"],
    ),
    "what a lost Secret trusted is lost": (
        MANAGED,
        "(ca.certificate, *first, *contents.trusted, *lost)",
        "(ca.certificate, *first, *contents.trusted)",
        PROOFS["a Secret that is deleted or spoilt"],
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_step_that_is_broken_on_purpose_is_found(name: str) -> None:
    module, old, new, bounds = FAULTS[name]
    found = explored(bounds, Product({module: (old, new)}))
    print(f"{name}: {found.wrong} after {len(found.way)} steps, {found.states} states")  # noqa: T201 - how soon it was found
    assert found.wrong is not None
    assert found.way
