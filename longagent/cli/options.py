"""Options that several commands share."""

from collections.abc import Sequence
from typing import Annotated, TypeAlias

import typer

from longagent.errors import UsageError

Json: TypeAlias = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]
Quiet: TypeAlias = Annotated[bool, typer.Option("-q", "--quiet", help="No progress, no warnings.")]
Verbose: TypeAlias = Annotated[
    int, typer.Option("-v", "--verbose", count=True, help="Every call on stderr; -vv also tracebacks.")
]
Tracebacks: TypeAlias = Annotated[int, typer.Option("-v", "--verbose", count=True, help="-vv shows tracebacks.")]
MaxCost: TypeAlias = Annotated[
    float | None,
    typer.Option("--max-cost", metavar="USD", help="Stop reading at this cost, and answer from what was read."),
]
MaxTotalTokens: TypeAlias = Annotated[
    int | None,
    typer.Option("--max-total-tokens", metavar="N", help="Likewise, at so many tokens of prompts and replies."),
]
MaxCalls: TypeAlias = Annotated[
    int | None, typer.Option("--max-calls", metavar="N", help="Likewise, at so many model calls.")
]
Timeout: TypeAlias = Annotated[
    float | None, typer.Option("--timeout", metavar="S", help="Likewise, after so many seconds.")
]


def pairs(option: str, given: Sequence[str], *, form: str) -> dict[str, str]:
    """Read the `KEY=VALUE` of a repeatable option; the last of a key counts.

    Raises:
        UsageError: one of them has another form.
    """
    read: dict[str, str] = {}
    for pair in given:
        key, equals, value = pair.partition("=")
        if not equals or not key.strip() or not value.strip():
            raise UsageError(f"{option} {pair!r} is not {form}.")
        read[key.strip().replace("-", "_")] = value.strip()
    return read
