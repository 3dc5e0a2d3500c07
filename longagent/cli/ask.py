"""`longagent ask`: a question to documents, the answer on stdout, everything else on stderr."""

from collections.abc import Mapping, Sequence
from typing import Annotated

import typer

from longagent.cli.guard import guard
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
        str | None, typer.Option("-m", "--model", metavar="MODEL", help="local (the default), openai/NAME, vllm/NAME.")
    ] = None,
    base_url: Annotated[
        list[str] | None, typer.Option("--base-url", metavar="URL", help="OpenAI-compatible server. Repeatable.")
    ] = None,
    window: Annotated[
        int | None, typer.Option("--window", metavar="TOKENS", min=1, help="Tokens of prompt and reply together.")
    ] = None,
    concurrency: Annotated[
        int | None, typer.Option("--concurrency", metavar="N", min=1, help="Calls in flight.")
    ] = None,
    seed: Annotated[int | None, typer.Option("--seed", metavar="N", help="Seed of sampling.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="No progress, no warnings.")] = False,
    verbose: Annotated[
        int, typer.Option("-v", "--verbose", count=True, help="More on stderr; -vv also tracebacks.")
    ] = 0,
    offline: Annotated[
        bool | None, typer.Option("--offline", help="Refuse every connection that leaves this machine.")
    ] = None,
    no_cache: Annotated[  # noqa: ARG001 - holds as long as there is no cache
        bool, typer.Option("--no-cache", help="Answer every call anew.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Not yet: print what it would cost.")] = False,
    max_cost: Annotated[
        float | None, typer.Option("--max-cost", metavar="USD", help="Not yet: stop at this cost.")
    ] = None,
    max_total_tokens: Annotated[
        int | None, typer.Option("--max-total-tokens", metavar="N", help="Not yet: stop at this many tokens.")
    ] = None,
    timeout: Annotated[
        float | None, typer.Option("--timeout", metavar="S", help="Not yet: stop after this many seconds.")
    ] = None,
) -> None:
    """Answer a question from documents, with page citations that were checked.

    Exit codes: 0 answered, 1 failed, 2 wrong usage or unreadable source, 3 partial, 4 not found, 130 interrupted.
    """
    with guard(verbose=verbose):
        _refuse_what_is_not_built(
            {
                "--dry-run": dry_run,
                "--max-cost": max_cost is not None,
                "--max-total-tokens": max_total_tokens is not None,
                "--timeout": timeout is not None,
            }
        )
        if len(words) < 2:
            raise UsageError("A source and a question are needed.", hint='Example: longagent ask report.pdf "What …?"')
        *sources, question = words
        code = _run(
            sources,
            question,
            settings=_settings(setting or []),
            session={
                "strategy": strategy,
                "model": model,
                "base_url": base_url or None,
                "window": window,
                "concurrency": concurrency,
                "seed": seed,
                "offline": offline or None,
            },
            as_json=as_json,
            level=-1 if quiet else verbose,
        )
    raise typer.Exit(code)


def _run(
    sources: Sequence[str],
    question: str,
    *,
    settings: dict[str, str],
    session: dict[str, object],
    as_json: bool,
    level: int,
) -> int:
    from rich.console import Console

    from longagent.cli.output import print_json
    from longagent.cli.progress import Progress
    from longagent.render.terminal import footer, print_answer
    from longagent.session import Session

    with Progress(level) as progress, Session(settings=settings, **session) as opened:  # type: ignore[arg-type]
        answer = opened.ask(sources, question, on_event=progress)
    progress.gap()
    if as_json:
        print_json(answer.to_dict())
    else:
        print_answer(answer, Console(highlight=False))
    progress.gap()
    progress.say(footer(answer))
    return answer.exit_code


def _settings(pairs: Sequence[str]) -> dict[str, str]:
    settings: dict[str, str] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not key:
            raise UsageError(f"-S {pair!r} is not KEY=VALUE.")
        settings[key.strip().replace("-", "_")] = value.strip()
    return settings


def _refuse_what_is_not_built(flags: Mapping[str, bool]) -> None:
    for flag, given in flags.items():
        if given:
            raise UsageError(f"{flag} is not implemented yet.", hint="Leave it out for now.")
