import pytest
from hypothesis import HealthCheck, given, settings

from webhook.manifests.block_reader import read_block

from .builders import composed
from .strategies import plain_texts, texts

VM = """\
# a virtual machine
---
apiVersion: kubevirt.io/v1
kind: VirtualMachine
metadata:
  name: web  # the front end
  labels: {}
spec:
  template:
    spec:
      domain:
        devices:
          interfaces:
          - name: default
            masquerade: {}
            macAddress: 52:54:00:12:34:56
            ports:
              - port: 80
              - port: 0x1bb
          -   name: "blue"
              binding:
                name: 'passt'
      networks: []
      volumes:
        - cloudInitNoCloud:
            userData: |
              #cloud-config
              runcmd:

                - [nginx]
            networkData: |-
              version: 2
  running: yes
"""


def test_a_virtual_machine_is_read_without_the_composer() -> None:
    assert read_block(VM.encode()) == composed(VM)


@pytest.mark.parametrize(
    "text",
    [
        "a: &x 1\n",
        "a: *x\n",
        "a: !!str 1\n",
        "<<: {}\n",
        "a: 'it''s'\n",
        'a: "\\n"\n',
        "a: >\n  x\n",
        "a: |+\n  x\n\n",
        "a: |2\n   x\n",
        "a: [1]\n",
        "a: {b: 1}\n",
        "? a\n: b\n",
        "a: x\n  y\n",
        "- x\n  y\n",
        "a: 1\na: 2\n",
        "a: 1\n b: 2\n",
        "a: .inf\n",
        "yes: 1\n",
        "a:\tb\n",
        "a: é\n",
        "a: 1\r\n",
        "- - 1\n",
        "-\n  a: 1\n",
        "a: |\n  x",
        "a: |\n x\n\ty\n",
        "x\n",
        "",
        "# only\n",
        "a: b: c\n",
        "a:\n  x\n",
        "%YAML 1.1\n---\na: 1\n",
        "a: 1\n---\nb: 2\n",
        "- |\n  x\n",
    ],
)
def test_whatever_is_not_plain_is_left_to_the_composer(text: str) -> None:
    assert read_block(text.encode()) is None


def test_nesting_and_size_are_bounded() -> None:
    nested = "".join(" " * column + "a:\n" for column in range(102))
    assert read_block(nested.encode()) is None
    assert read_block(b"a: " + b"x" * 300_000) is None


@settings(max_examples=400, suppress_health_check=list(HealthCheck))
@given(texts() | plain_texts())
def test_what_is_read_fast_is_what_the_composer_reads(text: str) -> None:
    fast = read_block(text.encode())
    if fast is not None:
        assert repr(fast) == repr(composed(text))
