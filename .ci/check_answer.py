"""Check what the README's question was answered with: the right number, cited on its page."""

import sys
from pathlib import Path

printed = Path(sys.argv[1]).read_text(encoding="utf-8")
for expected in ("204", "[1] p. 6", "FOLIO test set"):
    if expected not in printed:
        sys.exit(f"The README's question was not answered as promised: {expected!r} is missing.")
print("answer checked: 204, page 6")  # noqa: T201
