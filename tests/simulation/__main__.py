"""Simulations from the command line: `--seed N` replays one, `--count N` runs so many, without a seed from one that nobody chose."""

import argparse
import multiprocessing
import os
import secrets
import sys
from collections import Counter

from tests.simulation.story import ViolationError, simulate


def main() -> int:
    """Run them; 1 when something did not hold."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seed", type=int, help="the first seed; without, any")
    parser.add_argument("--count", type=int, default=1, help="how many seeds, counted up from the first")
    given = parser.parse_args()
    first = given.seed if given.seed is not None else secrets.randbelow(2**40)
    total, failures = Counter[str](), 0
    with multiprocessing.Pool(os.cpu_count() if given.count > 1 else 1) as pool:
        for outcome in pool.imap_unordered(_outcome, range(first, first + given.count), chunksize=5):
            if isinstance(outcome, str):
                failures += 1
                sys.stdout.write(outcome + "\n")
            else:
                total += outcome
    sys.stdout.write(f"{given.count} simulations from seed {first}: {failures} failed\n")
    sys.stdout.write("".join(f"  {count:>9,} {what}\n" for what, count in sorted(total.items())))
    return 1 if failures else 0


def _outcome(seed: int) -> Counter[str] | str:
    try:
        return simulate(seed)
    except ViolationError as violation:
        return str(violation)
    except Exception as error:  # noqa: BLE001 - told with its seed, whatever it is
        return f"{type(error).__name__}: {error} (replay: python -m tests.simulation --seed {seed})"


if __name__ == "__main__":
    sys.exit(main())
