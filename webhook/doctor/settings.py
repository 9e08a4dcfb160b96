"""What the installation's own configuration says, as far as a check must know it."""

import io

import msgspec

from webhook.doctor.objects.records import ConfigMap
from webhook.errors import UnreadableError
from webhook.manifests.documents import read_documents
from webhook.manifests.model import Document
from webhook.manifests.yaml import parse

_FILE = "bindguard.yaml"
"""As the chart calls it in its ConfigMap."""


class ServerSettings(msgspec.Struct, frozen=True):
    """Some of the settings of `serve`.

    Attributes:
        overhead: When launcher pods get the overhead of their plugins; YAML reads a bare `off` as false.
        managed: Whether the server looks after its certificate.
    """

    overhead: str | bool = "auto"
    managed: bool = False

    @property
    def adds_overhead(self) -> bool:
        """Whether launcher pods are changed at all."""
        return self.overhead not in ("off", False)


def settings_in(body: bytes) -> ServerSettings:
    """The settings in a ConfigMap, given as JSON; `ValueError` when there are none to be read."""
    text = (msgspec.json.decode(body, type=ConfigMap).data or {}).get(_FILE, "")
    documents = list(read_documents(io.BytesIO(text.encode()), _FILE))
    if len(documents) != 1 or not isinstance(documents[0], Document):
        raise ValueError(f"{_FILE} is not one YAML document")
    try:
        return msgspec.convert(parse(documents[0]), ServerSettings)
    except UnreadableError as error:
        raise ValueError(str(error)) from error
