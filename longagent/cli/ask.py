"""`longagent ask`: a question to documents, the answer on stdout, everything else on stderr."""

from pathlib import Path
from typing import Annotated

import typer

from longagent.cli.guard import guard
from longagent.cli.options import Json, MaxCalls, MaxCost, MaxTotalTokens, Quiet, Timeout, Verbose, pairs
from longagent.errors import UsageError


def ask(
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="SOURCE... QUESTION", help="Files, folders, globs, or - for standard input; then the question."
        ),
    ],
    strategy: Annotated[
        str | None,
        typer.Option(
            "-s",
            "--strategy",
            metavar="NAME",
            help="How to read; see `longagent strategies`. Default: chosen by length, with its reason.",
        ),
    ] = None,
    setting: Annotated[
        list[str] | None,
        typer.Option("-S", "--set", metavar="KEY=VALUE", help="A setting of the strategy. Repeatable."),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option("-m", "--model", metavar="MODEL", help="local (the default), openai/NAME, vllm/NAME, …."),
    ] = None,
    role_model: Annotated[
        list[str] | None,
        typer.Option("--role-model", metavar="ROLE=MODEL", help="Another model for one role. Repeatable."),
    ] = None,
    base_url: Annotated[
        list[str] | None, typer.Option("--base-url", metavar="URL", help="OpenAI-compatible server. Repeatable.")
    ] = None,
    window: Annotated[
        int | None, typer.Option("--window", metavar="TOKENS", min=1, help="Tokens of prompt and reply together.")
    ] = None,
    concurrency: Annotated[
        int | None,
        typer.Option("--concurrency", metavar="N", min=1, help="Calls in flight. Default: what the server bears."),
    ] = None,
    seed: Annotated[int | None, typer.Option("--seed", metavar="N", help="Seed of sampling.")] = None,
    verify: Annotated[
        str | None,
        typer.Option(
            "--verify",
            metavar="strict|mark|off",
            help="What cannot be verified is removed, marked (the default), or not looked for.",
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print calls, tokens and cost; call no model, answer nothing.")
    ] = False,
    max_cost: MaxCost = None,
    max_total_tokens: MaxTotalTokens = None,
    max_calls: MaxCalls = None,
    timeout: Timeout = None,
    no_cache: Annotated[
        bool, typer.Option("--no-cache", help="Make every call anew, and remember no reply for others.")
    ] = False,
    cache_only: Annotated[
        bool, typer.Option("--cache-only", help="Make no call; fail if a reply is not remembered.")
    ] = False,
    offline: Annotated[
        bool, typer.Option("--offline", help="Refuse every connection that leaves this machine.")
    ] = False,
    trace: Annotated[
        Path | None, typer.Option("--trace", metavar="FILE", help="Write every event to this file, one JSON a line.")
    ] = None,
    tracing: Annotated[
        list[str] | None,
        typer.Option("--tracing", metavar="NAME", help="Send spans: otel, langsmith, langfuse. Repeatable."),
    ] = None,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = 0,
) -> None:
    """Answer a question from documents, with page citations that were checked.

    A run that was interrupted goes on where it stopped when the same is asked again.

    Exit codes: 0 answered, 1 failed, 2 wrong usage or unreadable source, 3 partial, 4 not found, 130 interrupted.
    """
    with guard(verbose=verbose):
        from longagent.cli.asking import Asked

        if len(words) < 2:
            raise UsageError("A source and a question are needed.", hint='Example: longagent ask report.pdf "What …?"')
        asked = Asked(
            sources=words[:-1],
            question=words[-1],
            settings=pairs("-S", setting or [], form="KEY=VALUE"),
            options={
                "strategy": strategy,
                "model": model,
                "role_model": pairs("--role-model", role_model or [], form="ROLE=MODEL") or None,
                "base_url": base_url or None,
                "window": window,
                "concurrency": concurrency,
                "seed": seed,
                "verify": verify,
                "max_cost": max_cost,
                "max_total_tokens": max_total_tokens,
                "max_calls": max_calls,
                "timeout": timeout,
                "cache": False if no_cache else None,
                "cache_only": cache_only or None,
                "offline": offline or None,
                "trace": trace,
                "tracing": tracing or None,
            },
        )
        level = -1 if quiet else verbose
        code = asked.forecast(as_json=as_json, level=level) if dry_run else asked.answer(as_json=as_json, level=level)
    raise typer.Exit(code)
