"""`longagent ask`: a question to documents, the answer on stdout, everything else on stderr."""

from typing import Annotated

import typer

from longagent.cli.guard import guard
from longagent.cli.options import (
    BaseUrl,
    CacheOnly,
    DryRun,
    EmbedderName,
    Json,
    MaxCalls,
    MaxCost,
    MaxTotalTokens,
    ModelName,
    NoCache,
    NoOcr,
    Offline,
    Password,
    Quiet,
    RetrieverName,
    RoleModel,
    Seed,
    Setting,
    Strict,
    Timeout,
    Trace,
    Tracing,
    Verbose,
    Window,
    pairs,
)
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
            help="How to read; see `longagent strategies`. Default: auto, which tells its choice and why.",
        ),
    ] = None,
    setting: Setting = None,
    model: ModelName = None,
    role_model: RoleModel = None,
    base_url: BaseUrl = None,
    window: Window = None,
    concurrency: Annotated[
        int | None,
        typer.Option("--concurrency", metavar="N", min=1, help="Calls in flight. Default: what the server bears."),
    ] = None,
    retriever: RetrieverName = None,
    embedder: EmbedderName = None,
    seed: Seed = None,
    verify: Annotated[
        str | None,
        typer.Option(
            "--verify",
            metavar="strict|mark|off",
            help="What cannot be verified is removed, marked (the default), or not looked for.",
        ),
    ] = None,
    strict: Strict = False,
    dry_run: DryRun = False,
    max_cost: MaxCost = None,
    max_total_tokens: MaxTotalTokens = None,
    max_calls: MaxCalls = None,
    timeout: Timeout = None,
    no_cache: NoCache = False,
    cache_only: CacheOnly = False,
    offline: Offline = False,
    password: Password = None,
    no_ocr: NoOcr = False,
    trace: Trace = None,
    tracing: Tracing = None,
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
                "retriever": retriever,
                "embedder": embedder,
                "seed": seed,
                "verify": verify,
                "strict_sources": strict or None,
                "max_cost": max_cost,
                "max_total_tokens": max_total_tokens,
                "max_calls": max_calls,
                "timeout": timeout,
                "cache": False if no_cache else None,
                "cache_only": cache_only or None,
                "offline": offline or None,
                "password": password,
                "ocr": False if no_ocr else None,
                "trace": trace,
                "tracing": tracing or None,
            },
        )
        level = -1 if quiet else verbose
        code = asked.forecast(as_json=as_json, level=level) if dry_run else asked.answer(as_json=as_json, level=level)
    raise typer.Exit(code)
