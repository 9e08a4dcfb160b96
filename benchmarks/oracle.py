"""`python -m benchmarks oracle`: verdicts beside those of KubeVirt's own admission code, recorded for each release, as a table.

`tests/rules/test_oracle.py` holds them together and says why each difference is there. The records lie beside the checkout.
"""

from collections import Counter

from tests.rules.oracle import DIRECTORY, FILES, Record, records


def main() -> None:
    """Count, release by release."""
    if not FILES:
        raise SystemExit(f"no records in {DIRECTORY}: they are not part of the repository")
    counts = Counter((record.version, _verdict(record)) for record in records())
    print("| KubeVirt | objects | same verdict | denied, KubeVirt accepts | let pass, KubeVirt refuses |\n| --- | --- | --- | --- | --- |")
    for version in sorted({version for version, _ in counts}):
        same, beyond, missed = (counts[version, verdict] for verdict in ("same", "beyond", "missed"))
        print(f"| {version} | {same + beyond + missed} | {same} | {beyond} | {missed} |")


def _verdict(record: Record) -> str:
    if bool(record.denied) is bool(record.causes):
        return "same"
    return "beyond" if record.denied else "missed"
