"""What a person waits for: `--help`, `import longagent`, and a first answer about the example, in seconds.

    python benchmarks/startup.py

Each figure is the best and the median of five runs (one for the answer), with a bare `python -c pass` beside it in the
same run, since machines differ.
"""

import subprocess
import sys
from pathlib import Path
from statistics import median
from time import monotonic

ROOT = Path(__file__).parents[1]
EXAMPLE = ROOT / "examples" / "logic-lm.pdf"
QUESTION = "How many examples does the FOLIO test set consist of?"


def seconds(*args: str) -> float:
    """Return how long a Python process takes."""
    started = monotonic()
    subprocess.run([sys.executable, *args], check=True, capture_output=True)
    return monotonic() - started


def main() -> None:
    """Run and print a table."""
    print("| | best | median |\n|---|---|---|")
    cases = {
        "`python -c pass`": ["-c", "pass"],
        "`import longagent`": ["-c", "import longagent"],
        "`longagent --help`": ["-m", "longagent", "--help"],
    }
    for name, args in cases.items():
        times = [seconds(*args) for _ in range(5)]
        print(f"| {name} | {min(times):.2f} s | {median(times):.2f} s |")
    took = seconds("-m", "longagent", "ask", str(EXAMPLE), QUESTION)
    print(f"| `longagent ask examples/logic-lm.pdf …` (19 pages, embedded model) | {took:.1f} s | |")


if __name__ == "__main__":
    main()
