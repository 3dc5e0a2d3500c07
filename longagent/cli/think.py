"""`longagent think`: a question without documents, the conclusion on stdout, everything else on stderr."""

from typing import Annotated

import typer

from longagent.cli.guard import guard
from longagent.cli.options import (
    BaseUrl,
    CacheOnly,
    DryRun,
    Json,
    MaxCalls,
    MaxCost,
    MaxTotalTokens,
    ModelName,
    NoCache,
    Offline,
    Quiet,
    RoleModel,
    Seed,
    Setting,
    Timeout,
    Trace,
    Tracing,
    Verbose,
    Window,
    pairs,
)


def think(
    question: Annotated[str, typer.Argument(metavar="QUESTION", help="With all that is needed to answer it.")],
    setting: Setting = None,
    model: ModelName = None,
    role_model: RoleModel = None,
    base_url: BaseUrl = None,
    window: Window = None,
    seed: Seed = None,
    dry_run: DryRun = False,
    max_cost: MaxCost = None,
    max_total_tokens: MaxTotalTokens = None,
    max_calls: MaxCalls = None,
    timeout: Timeout = None,
    no_cache: NoCache = False,
    cache_only: CacheOnly = False,
    offline: Offline = False,
    trace: Trace = None,
    tracing: Tracing = None,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = 0,
) -> None:
    """Answer a question without documents, in rounds of bounded reasoning (infty-think). Nothing is cited or checked.

    A run that was interrupted goes on where it stopped when the same is asked again.

    Exit codes: 0 concluded, 1 failed, 2 wrong usage, 3 cut short by a limit, 4 no conclusion, 130 interrupted.
    """
    with guard(verbose=verbose):
        from longagent.cli.asking import Asked
        from longagent.session import REASONING

        asked = Asked(
            sources=None,
            question=question,
            settings=pairs("-S", setting or [], form="KEY=VALUE"),
            options={
                "strategy": REASONING,
                "model": model,
                "role_model": pairs("--role-model", role_model or [], form="ROLE=MODEL") or None,
                "base_url": base_url or None,
                "window": window,
                "seed": seed,
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
