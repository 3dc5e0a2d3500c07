"""Options that several commands share."""

from collections.abc import Sequence
from pathlib import Path
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

Setting: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("-S", "--set", metavar="KEY=VALUE", help="A setting of the strategy. Repeatable."),
]
ModelName: TypeAlias = Annotated[
    str | None, typer.Option("-m", "--model", metavar="MODEL", help="local (the default), openai/NAME, vllm/NAME, ….")
]
RoleModel: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--role-model", metavar="ROLE=MODEL", help="Another model for one role. Repeatable."),
]
BaseUrl: TypeAlias = Annotated[
    list[str] | None, typer.Option("--base-url", metavar="URL", help="OpenAI-compatible server. Repeatable.")
]
Window: TypeAlias = Annotated[
    int | None, typer.Option("--window", metavar="TOKENS", min=1, help="Tokens of prompt and reply together.")
]
RetrieverName: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--retriever",
        metavar="auto|bm25|dense|hybrid",
        help="By words, by meaning, or both; auto, the default: both where that helps.",
    ),
]
EmbedderName: TypeAlias = Annotated[
    str | None, typer.Option("--embedder", metavar="NAME", help="static (the default), minilm, openai/NAME, ….")
]
Seed: TypeAlias = Annotated[int | None, typer.Option("--seed", metavar="N", help="Seed of sampling.")]
DryRun: TypeAlias = Annotated[
    bool, typer.Option("--dry-run", help="Print calls, tokens and cost; call no model, answer nothing.")
]
NoCache: TypeAlias = Annotated[
    bool, typer.Option("--no-cache", help="Make every call anew, and remember no reply for others.")
]
CacheOnly: TypeAlias = Annotated[
    bool, typer.Option("--cache-only", help="Make no call; fail if a reply is not remembered.")
]
Offline: TypeAlias = Annotated[
    bool, typer.Option("--offline", help="Refuse every connection that leaves this machine.")
]
Password: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--password",
        metavar="TEXT",
        help="Opens encrypted documents. LONGAGENT_PASSWORD, or the prompt, keep it from the list of processes.",
    ),
]
NoOcr: TypeAlias = Annotated[
    bool, typer.Option("--no-ocr", help="Leave pages without text unread, though OCR is installed.")
]
Strict: TypeAlias = Annotated[
    bool, typer.Option("--strict", help="Stop at the first source that cannot be read, instead of skipping it.")
]
Trace: TypeAlias = Annotated[
    Path | None, typer.Option("--trace", metavar="FILE", help="Write every event to this file, one JSON a line.")
]
Tracing: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--tracing", metavar="NAME", help="Send spans: otel, langsmith, langfuse. Repeatable."),
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
