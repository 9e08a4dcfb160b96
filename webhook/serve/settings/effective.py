"""The settings that count, with where each was written. Reads nothing and judges nothing."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from webhook.serve.settings.model import ServeSettings
from webhook.serve.settings.names import Written

Layer = Mapping[str, Written]
"""What one place says, by setting."""


class Effective(NamedTuple):
    """The settings that count, and the layers that they were made of, highest first."""

    settings: ServeSettings
    layers: Sequence[Layer]

    def origin(self, setting: str) -> str:
        """Where the value was written, or `default`."""
        return next((layer[setting].place for layer in self.layers if setting in layer), "default")
