"""Where a model file is to come from, as a person names it: a hub, or a path on this machine."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from longagent.errors import UsageError
from longagent.llm.api_keys import read_key
from longagent.llm.model_files.folder import SUFFIX
from longagent.llm.openai_server import clean_key

HUB = "https://huggingface.co"
_PART = r"[A-Za-z0-9][A-Za-z0-9._-]*"
_NAMED = re.compile(rf"(?P<repo>{_PART}/{_PART})/(?P<file>[^?#\\]+)", re.ASCII)
_IN_URL = re.compile(rf"(?P<repo>{_PART}/{_PART})/(?:resolve|blob)/(?P<revision>[^/?#]+)/(?P<file>[^?#\\]+)", re.ASCII)
_SPLIT = re.compile(r"-\d{5}-of-\d{5}\.gguf$")
_FORMS = "Write OWNER/REPO/FILE.gguf, its address on the hub, or the path of a file."


@dataclass(frozen=True, slots=True, kw_only=True)
class HubFile:
    """A file of a repository on a hub."""

    repo: str
    file: str
    """Its path in the repository."""
    revision: str = "main"

    @property
    def name(self) -> str:
        """Name of the file alone."""
        return self.file.rpartition("/")[2]

    def __str__(self) -> str:
        at = "" if self.revision == "main" else f"@{self.revision}"
        return f"hf:{self.repo}/{self.file}{at}"

    def url(self, endpoint: str) -> str:
        """Return its address on a hub."""
        return f"{endpoint}/{self.repo}/resolve/{quote(self.revision, safe='')}/{quote(self.file)}"


def hub_endpoint(environ: Mapping[str, str]) -> str:
    """Return the address of the hub: `HF_ENDPOINT`, else huggingface.co.

    Raises:
        UsageError: the environment names one that is no address.
    """
    given = environ.get("HF_ENDPOINT", "").strip().rstrip("/") or HUB
    try:
        parts = urlsplit(given)
        usable = parts.scheme in {"http", "https"} and parts.hostname and not (parts.query or parts.fragment)
        _ = parts.port
    except ValueError:
        usable = False
    if not usable or "@" in parts.netloc or not given.isascii() or not given.isprintable() or " " in given:
        raise UsageError("HF_ENDPOINT is not an address.", hint=f"Write it like {HUB}, without user name or password.")
    return given


def hub_token(endpoint: str, environ: Mapping[str, str], *, config_dir: Path) -> str | None:
    """Return the token for a hub: `HF_TOKEN`; for huggingface.co also the stored key `huggingface`.

    Raises:
        UsageError: the file of keys cannot be read, or others can read it too.
    """
    # What was stored was stored for huggingface.co; a mirror gets what stands beside its address.
    given = clean_key(environ.get("HF_TOKEN"))
    if given is not None or endpoint != HUB:
        return given
    stored = read_key("huggingface", config_dir=config_dir, environ={})
    return None if stored is None else stored.value


def parse_source(given: str, *, endpoint: str) -> HubFile | Path:
    """Return what a person means by a source: a path of this machine if it is one, else a file on the hub.

    Raises:
        UsageError: it is neither.
    """
    path = Path(given).expanduser()
    if path.is_file() or given.startswith((".", "/", "~")) or "\\" in given:
        return path
    if "://" in given:
        found = _of_url(given, endpoint)
    else:
        text, _, revision = given.removeprefix("hf:").partition("@")
        match = _NAMED.fullmatch(text)
        found = HubFile(repo=match["repo"], file=match["file"], revision=revision or "main") if match else None
    if found is None:
        raise UsageError(f"{given!r} is no model file.", hint=_FORMS)
    _check(found)
    return found


def _of_url(given: str, endpoint: str) -> HubFile | None:
    for hub in (endpoint, HUB):
        # An address of the hub itself stands for the same file on a mirror.
        if given.startswith(f"{hub}/"):
            match = _IN_URL.fullmatch(given.removeprefix(f"{hub}/").partition("?")[0])
            if match:
                return HubFile(repo=match["repo"], file=unquote(match["file"]), revision=unquote(match["revision"]))
            return None
    # Not repeated: it may hold a password.
    raise UsageError(
        f"files are fetched from {endpoint} only.",
        hint="Set HF_ENDPOINT to another hub, or download the file yourself and give its path.",
    )


def _check(found: HubFile) -> None:
    """Raise an error for what cannot be a model file in one piece."""
    parts = found.file.split("/")
    if not all(parts) or {".", ".."} & {*parts} or not found.file.isprintable() or not found.revision.isprintable():
        raise UsageError(f"{found.file!r} is no path in a repository.", hint=_FORMS)
    if not found.file.lower().endswith(SUFFIX):
        raise UsageError(f"{found.name!r} is not a GGUF file.", hint="The embedded runtime takes GGUF files only.")
    if _SPLIT.search(found.file):
        raise UsageError(
            f"{found.name} is one of several parts of a model.", hint="Take a file that is whole, or with fewer bits."
        )
