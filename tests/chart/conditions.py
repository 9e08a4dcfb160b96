"""matchConditions, evaluated as the API server does."""

import functools
from collections.abc import Mapping
from typing import Any

from cel_expr_python import cel  # type: ignore[import-untyped] # it ships no marker

_ENVIRONMENT = cel.NewEnv(variables=dict.fromkeys(("object", "oldObject", "request"), cel.Type.DYN))


def evaluated(expression: str, variables: Mapping[str, Any]) -> object:
    """The value of a CEL expression; an error is a value that is no bool."""
    return _compiled(expression).eval(data=variables).plain_value()


@functools.cache
def _compiled(expression: str) -> Any:
    return _ENVIRONMENT.compile(expression)
