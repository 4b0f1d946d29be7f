"""Every measurement, one after another: `make bench` at full sizes, `make bench-quick` at small ones.

Compare ratios; figures are CPU seconds of all processes. `docs/performance.md` says what is expected.
"""

import subprocess
import sys

QUICK = (
    ("billing", ("10000", "sqlite", "postgresql")),
    ("documents", ("invoices", "raw_canvas", "long_act", "canvas_lines", "long_reconciliation")),
    ("sheets", ("50000",)),
    ("pages", ("1000", "50000")),
    ("renaming", ("20000", "200000")),
    ("renaming", ("search", "10000", "100000")),
    ("invoices", ("5000", "20000")),
    ("rating", ("20000",)),
    ("details", ("100000",)),
    ("shop", ("6000", "20000")),
    ("checkouts", ("40",)),
    ("switching", ("2000",)),
)
FULL = (
    ("billing", ("100000", "sqlite", "postgresql")),
    ("documents", ()),
    ("sheets", ("100000",)),
    ("pages", ("10000", "1000000")),
    ("pages", ("10000", "1000000", "postgresql")),
    ("renaming", ("100000", "1000000")),
    ("renaming", ("search", "50000", "1000000")),
    ("invoices", ("50000", "200000")),
    ("rating", ("200000",)),
    ("details", ("1000000",)),
    ("details", ("--full",)),
    ("shop", ()),
    ("shop", ("6000", "100000", "postgresql")),
    ("checkouts", ()),
    ("switching", ("5000", "40000")),
)


def main(arguments: list[str]) -> int:
    """Each measurement in a process of its own; how many did not end well."""
    failed = 0
    for name, sizes in FULL if "--full" in arguments else QUICK:
        print(f"\n## {name} {' '.join(sizes)}\n", flush=True)
        failed += bool(subprocess.run([sys.executable, "-m", f"benchmarks.{name}", *sizes], check=False).returncode)
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
