"""JSON on standard output, valid whatever the locale."""

import json
import sys
from typing import Any

import typer


def print_json(record: Any) -> None:
    """Print a record as one line of JSON; with escapes only where the terminal's encoding cannot say it otherwise."""
    text = json.dumps(record, ensure_ascii=False)
    try:
        text.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        text = json.dumps(record)
    typer.echo(text)
