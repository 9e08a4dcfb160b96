"""What asking is, whoever is asked: an endpoint and a body in, the body of the answer out."""

from collections.abc import Callable
from typing import TypeAlias

from webhook.errors import BindguardError

Ask: TypeAlias = Callable[[str, bytes], bytes]
"""Asks for the answer to the AdmissionReview in a body, at `VALIDATE` or `MUTATE`; `UnansweredError` when there is none."""


class UnansweredError(BindguardError):
    """A review that got no answer, or none that can be understood; others may get one (exit code 3)."""


class UnreachableError(BindguardError):
    """A server that cannot be asked anything (exit code 3)."""
