"""`python -m benchmarks oracle`: verdicts beside those of KubeVirt's own admission code, recorded for each release, as a table.

`tests/rules/test_oracle.py` holds them together and says why each difference is there. The records lie beside the checkout.
"""

import gzip
import json
from collections import Counter
from pathlib import Path

from webhook.admission.evaluation import evaluate_object
from webhook.plugins.sources import registry_from
from webhook.rules import RULES
from webhook.rules.base import Action
from webhook.rules.plan import plan

_RECORDS = Path(__file__).parents[2] / "shared/oracle"


def main() -> None:
    """Count, release by release."""
    configurations = json.loads((_RECORDS / "configurations.json").read_text())
    counts: Counter[tuple[str, str]] = Counter()
    for file in sorted(_RECORDS.glob("*.jsonl.gz")):
        for line in gzip.decompress(file.read_bytes()).decode().splitlines():
            if line:
                record = json.loads(line)
                cr = {
                    "apiVersion": "kubevirt.io/v1",
                    "kind": "KubeVirt",
                    "metadata": {"name": "kubevirt", "namespace": "kubevirt"},
                    "spec": {"configuration": configurations[record["id"]]},
                    "status": {"observedKubeVirtVersion": record["version"], "phase": "Deployed"},
                }
                chosen = plan(RULES, registry_from(cr, source="the record").registry, {}, upstream_answers=False)
                denied = any(finding.severity is Action.DENY for finding in evaluate_object(record["vmi"], chosen) or [])
                counts[record["version"], _verdict(denied=denied, refused=bool(record["causes"]))] += 1
    print("| KubeVirt | objects | same verdict | denied, KubeVirt accepts | let pass, KubeVirt refuses |\n| --- | --- | --- | --- | --- |")
    for version in sorted({version for version, _ in counts}):
        same, beyond, missed = (counts[version, verdict] for verdict in ("same", "beyond", "missed"))
        print(f"| {version} | {same + beyond + missed} | {same} | {beyond} | {missed} |")


def _verdict(*, denied: bool, refused: bool) -> str:
    if denied is refused:
        return "same"
    return "beyond" if denied else "missed"
