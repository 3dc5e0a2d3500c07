"""The embedded model as a `Model`: a server of our own on this machine, started on demand and revived once."""

import asyncio
import logging
import re
from contextlib import suppress
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

from longagent.errors import MissingExtraError, ModelUnavailableError, UsageError
from longagent.events import Emit, ModelStarting, Warned
from longagent.llm.embedded.child import Child, start_child
from longagent.llm.embedded.fit import fit
from longagent.llm.embedded.gguf import fingerprint, model_file, whole_size
from longagent.llm.embedded.header import Header, read_header
from longagent.llm.embedded.profile import profile_of
from longagent.llm.embedded.weights import SMOLLM2, ensure_weights
from longagent.llm.machine import free_memory
from longagent.llm.model import Message, Profile, Reply, Request
from longagent.llm.openai_server import OpenAIServer

DEFAULT_WINDOW = 4096
"""Tokens for the embedded model, which reads 300 of them in a second and little of them well."""
LARGEST_WINDOW = 8192
"""What it was trained for; also the default for a model file of the user's own, if it was trained for as much: a
larger model takes minutes to read that on a CPU, so more is for those who ask for it."""

_CALL_SECONDS = 900.0
"""A full window takes 30 s, and ten times that while other programs keep all cores busy."""

_PROBE_SECONDS = 60.0
"""It shares its cores with all other programs: a minute of silence is nothing yet."""

# Control tokens in a document would be read as such, and let it speak as system or user.
_CONTROL = re.compile(r"<(?=\|\w+\|>|(?:start|end)_of_turn>|/?s>)|\[(?=/?INST\])")


async def start_embedded(
    *,
    data_dir: Path,
    offline: bool,
    window: int | None,
    emit: Emit,
    gguf: Path | None = None,
    threads: int | None = None,
) -> "Embedded":
    """Return the embedded model, or a model file of the user's own, started and answering.

    Args:
        data_dir: where the embedded model's weights are kept.
        offline: fetch nothing.
        window: tokens of prompt and reply together; `None` for the default.
        emit: is told of fetching and starting.
        gguf: a model file to run instead.
        threads: to compute on; `None`: the cores this process may use.

    Raises:
        MissingExtraError: the extra `local` is not installed.
        UsageError: the window or the model file cannot be used.
        ModelUnavailableError: the weights cannot be had, the model does not fit into memory, or does not start.
    """
    # Before anything is fetched for it.
    if find_spec("xllamacpp") is None:
        raise MissingExtraError("The embedded model", "local")
    if gguf is None:
        if window is not None and window > LARGEST_WINDOW:
            raise UsageError(
                f"the embedded model has a window of at most {LARGEST_WINDOW} tokens, not {window}.",
                hint="Lower --window, or use another model with --model.",
            )
        file = await ensure_weights(data_dir, offline=offline, emit=emit)
        name, identity = "local", SMOLLM2.sha256
        header = await asyncio.to_thread(read_header, file)
        wanted = window or DEFAULT_WINDOW
        emit(ModelStarting(model=name))
    else:
        file = model_file(gguf)
        name = f"local/{file.name}"
        header = await asyncio.to_thread(_usable_header, file)
        identity = await asyncio.to_thread(fingerprint, file)
        emit(ModelStarting(model=name))
        wanted = _window(name, header, size=whole_size(file, header), given=window, emit=emit)
    child = await start_child(file, window=wanted, threads=threads)
    profile = profile_of(name, header, window=wanted, identity=identity)
    return Embedded(name, file, child, profile=profile, threads=threads)


def _usable_header(file: Path) -> Header:
    try:
        header = read_header(file)
    except OSError as error:
        raise UsageError(f"cannot read the model file {file}: {error.strerror or error}.") from error
    if not header.chat_template:
        raise UsageError(
            f"{file} has no chat template: it is a base model, or no language model at all.",
            hint="Take one that follows instructions; their names mostly say instruct, chat or it.",
        )
    return header


def _window(name: str, header: Header, *, size: int, given: int | None, emit: Emit) -> int:
    """Return how many tokens of context a model file gets, and say so where it is less than was asked for."""
    trained = header.trained_window
    wanted = min(given or LARGEST_WINDOW, trained or LARGEST_WINDOW)
    if given is not None and wanted < given:
        said = f"was trained for {wanted} tokens" if trained else "does not say what it was trained for"
        emit(Warned(message=f"{name} {said}; the window of {given} is cut to {'that' if trained else wanted}."))
    fitting = fit(name, header, size=size, window=wanted, memory=free_memory())
    if fitting.note:
        emit(Warned(message=fitting.note))
    return fitting.window


class Embedded:
    """A model in a process of its own, which is started anew, once, if it dies."""

    def __init__(self, name: str, file: Path, child: Child, *, profile: Profile, threads: int | None = None) -> None:
        """Take over a process that answers."""
        self._name = name
        self._file = file
        self._child = child
        self._profile = profile
        self._threads = threads
        self._server = self._connect(child)
        self._reviving = asyncio.Lock()
        self._revived = False
        self._closed = False

    def __repr__(self) -> str:
        return f"Embedded({self._name!r})"

    @property
    def name(self) -> str:
        """As the user names it."""
        return self._name

    @property
    def profile(self) -> Profile:
        """What is known about the model."""
        return self._profile

    async def complete(self, request: Request) -> Reply:
        """Make one call; calls wait for each other.

        Raises:
            ModelUnavailableError: the process died twice, or hangs.
            ModelRejectedError: the request is longer than the window.
        """
        request = replace(request, messages=tuple(map(_inert, request.messages)))
        while True:
            child, server = await self._alive()
            try:
                return await server.complete(request)
            except ModelUnavailableError:
                # The connection breaks a moment before the process is gone.
                if not await asyncio.to_thread(child.died, within=1.0):
                    raise

    async def count_tokens(self, text: str) -> int:
        """Return the length of a text in the model's own tokens."""
        _, server = await self._alive()
        return await server.count_tokens(text)

    async def aclose(self) -> None:
        """End the process. Safe to call twice, during a call, and from another event loop."""
        self.kill()
        with suppress(RuntimeError):  # the connections' event loop is closed; they went with it
            await self._server.aclose()

    def kill(self) -> None:
        """End the process without an event loop: for signal handlers and the end of the program."""
        self._closed = True
        self._child.kill()

    async def _alive(self) -> tuple[Child, OpenAIServer]:
        async with self._reviving:
            if not self._closed and self._child.died():
                await self._revive()
            if self._closed:
                self._child.kill()
                raise ModelUnavailableError("the embedded model was closed.")
            return self._child, self._server

    async def _revive(self) -> None:
        cause = self._child.epitaph()
        if self._revived:
            raise ModelUnavailableError(
                f"the embedded model's process died again: {cause}.", hint="Free some memory, or use another model."
            )
        # Not an event: the model outlives the run it was started for.
        logging.getLogger("longagent").warning("the embedded model's process died (%s); it is started anew", cause)
        await self._server.aclose()
        self._child.kill()
        self._child = await start_child(self._file, window=self._profile.window, threads=self._threads)
        self._server = self._connect(self._child)
        self._revived = True

    def _connect(self, child: Child) -> OpenAIServer:
        return OpenAIServer(
            name=self._name,
            served=self._name,
            base_urls=[child.base_url],
            profile=self._profile,
            engine="llamacpp",
            api_key=child.key,
            # The prompts share their beginnings: one at a time, each finds the state the last one left.
            concurrency=1,
            timeout=_CALL_SECONDS,
            probe_after=_PROBE_SECONDS,
            counter=child.count_tokens,
        )


def _inert(message: Message) -> Message:
    return {"role": message["role"], "content": _CONTROL.sub(lambda sign: f"{sign[0]} ", message["content"])}
