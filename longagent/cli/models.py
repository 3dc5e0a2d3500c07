"""`longagent models`: what can answer here, and model files: fetched, found, removed."""

import os
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from longagent.cli.guard import guard
from longagent.cli.options import Json, Offline, Quiet, Tracebacks
from longagent.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from longagent.events import Emit
    from longagent.llm.model_files.folder import ModelFile
    from longagent.settings import Settings

models = typer.Typer(
    name="models",
    help="What can answer here, and model files (GGUF) for -m local/NAME.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

_Name = Annotated[
    str | None, typer.Argument(metavar="[NAME]", help="As after local/. Default: the small one.", show_default=False)
]


@models.command("list")
def list_models(as_json: Json = False, verbose: Tracebacks = 0) -> None:
    """Print what can answer here now: model files, workers, keys (never what they are). Nothing is opened or asked."""
    with guard(verbose=verbose):
        from longagent.cli.output import print_json
        from longagent.llm.inventory import inventory
        from longagent.render.models import inventory_lines
        from longagent.settings import Settings

        found = inventory(Settings.resolve())
        if as_json:
            print_json(found.to_dict())
            return
        for line in inventory_lines(found):
            typer.echo(line)


@models.command()
def pull(
    source: Annotated[
        str | None,
        typer.Argument(
            metavar="[SOURCE]",
            help="OWNER/REPO/FILE.gguf of a hub (HF_ENDPOINT, else huggingface.co), or a path. Default: the small one.",
            show_default=False,
        ),
    ] = None,
    name: Annotated[
        str | None, typer.Option("--name", metavar="NAME", help="Of the file here. Default: as there.")
    ] = None,
    sha256: Annotated[
        str | None, typer.Option("--sha256", metavar="HEX", help="That it must have. Default: as the hub says.")
    ] = None,
    offline: Offline = False,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Tracebacks = 0,
) -> None:
    """Fetch a model file, or take one over, and print where it is. What was interrupted goes on where it stopped."""
    with guard(verbose=verbose):
        from longagent import background
        from longagent.cli.output import print_json
        from longagent.cli.progress import Progress
        from longagent.settings import Settings

        wanted = None if sha256 is None else sha256.strip().lower()
        if wanted is not None and not re.fullmatch("[0-9a-f]{64}", wanted):
            raise UsageError("a sha256 has 64 hexadecimal digits.")
        settings = Settings.resolve(offline=offline or None)
        with Progress(-1 if quiet else verbose, first="Looking …") as progress:
            try:
                file = background.run(lambda: _pull(source, settings, name=name, sha256=wanted, emit=progress))
            except KeyboardInterrupt:
                raise KeyboardInterrupt("What has come of a file of a hub is kept: the same command goes on.") from None
        known = f"sha256 {file.sha256}" if file.sha256 else "its checksum is not known"
        called = "local" if source is None else f"local/{file.name}"
        progress.say(f"{file.size / 1e6:,.0f} MB, {known}; ask it with -m {called}")
        if as_json:
            told = {"source": file.source, "sha256": file.sha256, "licence": file.licence}
            print_json({"model": called, "path": str(file.path), "bytes": file.size, **told})
        else:
            typer.echo(file.path)


@models.command()
def path(name: _Name = None, verbose: Tracebacks = 0) -> None:
    """Print where a model file is, and nothing else; fail if it is not there."""
    with guard(verbose=verbose):
        from longagent.settings import Settings

        typer.echo(_path(name or "local", Settings.resolve()))


@models.command()
def remove(
    name: Annotated[str, typer.Argument(metavar="NAME", help="As after local/.")], verbose: Tracebacks = 0
) -> None:
    """Remove a model file, or what was fetched of it."""
    with guard(verbose=verbose):
        from longagent.llm.embedded import SMOLLM2
        from longagent.llm.model_files import folder
        from longagent.settings import Settings

        # `local` alone is the small one, as everywhere.
        short = SMOLLM2.filename if name == "local" else name.removeprefix("local/")
        if not folder.remove(folder.models_folder(Settings.resolve().data_dir), short):
            raise UsageError(f"there is no model file {short!r}.", hint="See: longagent models list")
        typer.echo(f"longagent: {short} is removed.", err=True)


async def _pull(
    given: str | None, settings: "Settings", *, name: str | None, sha256: str | None, emit: "Emit"
) -> "ModelFile":
    from pathlib import Path

    from longagent.llm.base_url import is_loopback
    from longagent.llm.embedded import SMOLLM2, ensure_weights
    from longagent.llm.model_files.folder import file_name, model_file_at, models_folder
    from longagent.llm.model_files.hub import Hub
    from longagent.llm.model_files.own import take_over
    from longagent.llm.model_files.pull import pull
    from longagent.llm.model_files.source import hub_endpoint, hub_token, parse_source

    folder = models_folder(settings.data_dir)
    if given in {None, "local", SMOLLM2.filename}:
        own = model_file_at(await ensure_weights(settings.data_dir, offline=settings.offline, emit=emit))
        # It was compared just now, even if an earlier version fetched it, which kept no record.
        return replace(own, sha256=SMOLLM2.sha256)
    endpoint = hub_endpoint(os.environ)
    source = parse_source(given or "", endpoint=endpoint)
    if file_name(name or source.name) == SMOLLM2.filename:
        # Nothing else may go by its name; brought by hand, it is as good as fetched.
        sha256 = SMOLLM2.sha256
    if isinstance(source, Path):
        return await take_over(source, folder=folder, emit=emit, name=name, sha256=sha256)
    if settings.offline and not is_loopback(endpoint):
        raise UsageError(f"offline, so nothing is fetched from {endpoint}.", hint="Drop --offline, or give a path.")
    hub = Hub(endpoint, token=hub_token(endpoint, os.environ, config_dir=settings.config_dir))
    try:
        return await pull(source, hub=hub, folder=folder, emit=emit, name=name, sha256=sha256)
    finally:
        await hub.aclose()


def _path(name: str, settings: "Settings") -> "Path":
    from longagent.llm.embedded import SMOLLM2
    from longagent.llm.embedded.gguf import model_file
    from longagent.llm.model_files.folder import models_folder
    from longagent.llm.open import embedded_file

    given = name if name == "local" or name.startswith("local/") else f"local/{name}"
    found = embedded_file(given, data_dir=settings.data_dir)
    if found is not None:
        return model_file(found)
    own = models_folder(settings.data_dir) / SMOLLM2.filename
    if not SMOLLM2.match(own):
        raise UsageError("the small model is not here yet, or damaged.", hint="Fetch it: longagent models pull")
    return own
