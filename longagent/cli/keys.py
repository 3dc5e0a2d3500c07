"""`longagent keys`: API keys of model providers, kept out of command lines, shell histories and configuration files."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from longagent.cli.guard import guard
from longagent.errors import UsageError

keys = typer.Typer(
    name="keys",
    help="Remember API keys of model providers. A variable in the environment, such as ANTHROPIC_API_KEY, wins.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

_Provider = Annotated[
    str, typer.Argument(metavar="PROVIDER", help="As before the slash in --model: anthropic, gemini, openai, ….")
]
_Verbose = Annotated[int, typer.Option("-v", "--verbose", count=True, help="-vv shows tracebacks.")]


@keys.command("set")
def set_key(provider: _Provider, verbose: _Verbose = 0) -> None:
    """Remember a key: asked for without showing it, or read from standard input."""
    with guard(verbose=verbose):
        from longagent.llm.api_keys import write_key

        _say(f"The key for {provider} is in {write_key(provider, _ask(provider), config_dir=_config_dir())}.")


@keys.command("list")
def list_keys(verbose: _Verbose = 0) -> None:
    """Print which providers have a key, and where it is; never the key."""
    with guard(verbose=verbose):
        from longagent.llm import api_keys

        found = api_keys.list_keys(config_dir=_config_dir())
        if not found:
            _say("There are no keys.")
        for provider, source in found.items():
            typer.echo(f"{provider}\t{source}")


@keys.command("remove")
def remove_key(provider: _Provider, verbose: _Verbose = 0) -> None:
    """Forget a stored key."""
    with guard(verbose=verbose):
        from longagent.llm import api_keys

        if not api_keys.remove_key(provider, config_dir=_config_dir()):
            raise UsageError(f"no key is stored for {provider!r}.", hint="See: longagent keys list")
        _say(f"The key for {provider} is forgotten.")


def _config_dir() -> Path:
    from longagent.settings import Settings

    return Settings.resolve().config_dir


def _ask(provider: str) -> str:
    # Closed by the caller: there is no line to be read.
    if sys.stdin is None:
        return ""
    if not sys.stdin.isatty():
        return sys.stdin.readline()
    from getpass import getpass

    try:
        return getpass(f"API key for {provider}: ")
    except EOFError:
        return ""


def _say(message: str) -> None:
    typer.echo(f"longagent: {message}", err=True)
