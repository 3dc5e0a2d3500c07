"""Model files from a hub: real HTTP, a hub that redirects to its storage, and all that goes wrong on the way."""

import asyncio
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from support.gguf import llama, write_gguf
from support.hub import TOKEN, Hub

from longagent.errors import LongagentError, ModelRejectedError, ModelUnavailableError, UsageError
from longagent.events import Event, Warned, WeightsProgress
from longagent.llm.embedded.lock import exclusive
from longagent.llm.model_files import hub as hubs
from longagent.llm.model_files import pull as module
from longagent.llm.model_files.folder import ModelFile, model_file_at
from longagent.llm.model_files.own import take_over
from longagent.llm.model_files.source import parse_source

FILE = "hf:owner/repo/m.gguf"


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PAUSE_SECONDS", 0.0)


@pytest.fixture
def data(tmp_path: Path) -> bytes:
    return write_gguf(tmp_path / "original.gguf", rest=bytes(range(256)) * 20_000).read_bytes()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data" / "models"


def pull(hub: Hub, folder: Path, given: str = FILE, *, events: list[Event] | None = None, **how: Any) -> ModelFile:
    emit = [].append if events is None else events.append
    token = how.pop("token", TOKEN)

    async def main() -> ModelFile:
        source = parse_source(given, endpoint=hub.url)
        assert not isinstance(source, Path)
        opened = hubs.Hub(hub.url, token=token)
        try:
            return await module.pull(source, hub=opened, folder=folder, emit=emit, **how)
        finally:
            await opened.aclose()

    return asyncio.run(main())


def refused(hub: Hub, folder: Path, given: str = FILE, **how: Any) -> LongagentError:
    with pytest.raises(LongagentError) as caught:
        pull(hub, folder, given, **how)
    assert TOKEN not in str(caught.value)
    assert "Signature" not in str(caught.value)
    assert str(caught.value).isprintable()
    return caught.value


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("*") if not path.name.endswith(".lock"))


def test_a_file_comes_whole_with_what_is_known_about_it(data: bytes, folder: Path) -> None:
    events: list[Event] = []
    with Hub(data) as hub:
        file = pull(hub, folder, events=events)
        assert pull(hub, folder) == file  # which asks the hub whether it is still the same, and fetches nothing
        methods = [request.method for request in hub.seen]
    assert methods == ["HEAD", "GET", "HEAD"]
    assert file.path == folder / "m.gguf"
    assert file.path.read_bytes() == data
    assert json.loads((folder / "m.gguf.json").read_text()) == {
        "source": FILE,
        "sha256": hashlib.sha256(data).hexdigest(),
        "size": len(data),
        "licence": "apache-2.0",
    }
    assert left(folder) == ["m.gguf", "m.gguf.json"]
    done = [event.done for event in events if isinstance(event, WeightsProgress)]
    assert done[0] == 0
    assert done == sorted(done)
    assert done[-1] == len(data)


def test_the_token_goes_to_the_hub_and_not_to_where_it_redirects(data: bytes, folder: Path) -> None:
    with Hub(data) as hub:
        pull(hub, folder)
        assert [request.headers.get("authorization") for request in hub.seen] == [f"Bearer {TOKEN}"] * 2
        assert [request.headers.get("authorization") for request in hub.stored] == [None]
    assert TOKEN not in (folder / "m.gguf.json").read_text()


def test_a_repository_that_was_renamed_is_found(data: bytes, folder: Path) -> None:
    with Hub(data) as hub:
        assert pull(hub, folder, "old/repo/m.gguf").path.read_bytes() == data
        assert {request.headers.get("authorization") for request in hub.seen} == {f"Bearer {TOKEN}"}


def test_a_hub_that_says_little_is_believed_in_what_its_storage_says(data: bytes, folder: Path) -> None:
    with Hub(data, plain=True, etag='"' + "a" * 64 + '"', breaks=[1_000_000, *[0] * 5]) as hub:
        refused(hub, folder)
        hub.breaks = []
        assert pull(hub, folder).sha256 == hashlib.sha256(data).hexdigest()
        assert hub.stored[-1].headers["range"] == "bytes=1000000-"
        assert {request.headers.get("authorization") for request in hub.stored} == {None}


def test_a_connection_that_breaks_is_taken_up_where_it_broke(data: bytes, folder: Path) -> None:
    with Hub(data, breaks=[1_000_000, 2_500_000]) as hub:
        assert pull(hub, folder).path.read_bytes() == data
        asked = [(request.headers.get("range"), request.headers.get("if-range")) for request in hub.stored]
    assert asked == [(None, None), ("bytes=1000000-", '"v1"'), ("bytes=3500000-", '"v1"')]


def test_what_came_before_is_kept_for_the_next_time(data: bytes, folder: Path) -> None:
    with Hub(data, breaks=[1_000_000, *[0] * 5]) as hub:
        error = refused(hub, folder)
        assert isinstance(error, ModelUnavailableError)
        assert str(error) == (
            "m.gguf broke off at 1 of 5 MB: the connection broke off. What has come is kept: the same command goes on"
            " from there."
        )
        assert left(folder) == ["m.gguf.part", "m.gguf.part.json"]
        assert TOKEN not in (folder / "m.gguf.part.json").read_text()
        del hub.stored[:]
        assert pull(hub, folder).path.read_bytes() == data
        assert [request.headers.get("range") for request in hub.stored] == ["bytes=1000000-"]
    assert left(folder) == ["m.gguf", "m.gguf.json"]


def test_another_file_is_not_glued_to_what_came_of_the_first(data: bytes, folder: Path, tmp_path: Path) -> None:
    with Hub(data, breaks=[1_000_000, *[0] * 5]) as hub:
        refused(hub, folder)
        hub.data = data[:-1] + b"x"  # of the same length: the hub says another checksum
        hub.breaks, hub.stored = [], []
        assert pull(hub, folder).path.read_bytes() == hub.data
        assert [request.headers.get("range") for request in hub.stored] == [None]


@pytest.mark.parametrize("ranges", [True, False])
def test_a_storage_that_has_something_else_now_or_knows_no_ranges_sends_all(
    data: bytes, folder: Path, ranges: bool
) -> None:
    with Hub(data, breaks=[1_000_000, *[0] * 5]) as hub:
        refused(hub, folder)
        hub.breaks, hub.etag, hub.ranges = [], '"v2"', ranges
        assert pull(hub, folder).path.read_bytes() == data


def test_a_wrong_checksum_is_refused_and_nothing_kept(data: bytes, folder: Path) -> None:
    with Hub(data, sha256="0" * 64) as hub:
        error = refused(hub, folder)
        assert isinstance(error, ModelRejectedError)
        assert f"has the sha256 {hashlib.sha256(data).hexdigest()}, not {'0' * 64}; it was not kept." in str(error)
        assert left(folder) == []


def test_a_checksum_that_was_given_is_compared_before_anything_is_fetched(data: bytes, folder: Path) -> None:
    with Hub(data) as hub:
        error = refused(hub, folder, sha256="1" * 64)
        assert "the hub has m.gguf with the sha256" in str(error)
        assert hub.stored == []
        assert pull(hub, folder, sha256=hashlib.sha256(data).hexdigest()).path.exists()


def test_what_is_no_model_file_is_refused_at_its_first_bytes(folder: Path) -> None:
    with Hub(b"<html>please log in</html>" * 100_000) as hub:
        assert "what comes as m.gguf is not a GGUF file." in str(refused(hub, folder))
    assert left(folder) == []


def test_more_than_was_said_is_not_taken(data: bytes, folder: Path) -> None:
    with Hub(data, size=1_000_000) as hub:
        assert "is longer than the hub says" in str(refused(hub, folder))
    assert left(folder) == []


def test_a_model_that_is_damaged_or_in_parts_is_refused(folder: Path, tmp_path: Path) -> None:
    in_parts = write_gguf(tmp_path / "p.gguf", llama() | {"split.count": 3}).read_bytes()
    with Hub(in_parts) as hub:
        assert "is one of several parts of a model" in str(refused(hub, folder))
    with Hub(b"GGUF and then nonsense") as hub:
        assert "is not a whole GGUF file" in str(refused(hub, folder))
    assert left(folder) == []


@pytest.mark.parametrize(
    ("status", "code", "token", "said"),
    [
        (404, "EntryNotFound", TOKEN, "there is no m.gguf in {url}/owner/repo. Look at its files:"),
        (404, "RepoNotFound", TOKEN, "there is no {url}/owner/repo."),
        (404, "RevisionNotFound", TOKEN, "there is no revision main of {url}"),
        (401, "GatedRepo", None, "owner/repo is given to those only who accept its terms. Accept them on {url}/owner/"),
        (403, "GatedRepo", TOKEN, "owner/repo is given to those only who accept its terms."),
        (401, "RepoNotFound", None, "{url}/owner/repo does not exist, or the hub shows it to nobody unknown. Check"),
        (401, "", TOKEN, "{url}/owner/repo does not exist, or the hub refuses the token. Check the name; for what is"),
        (429, "", None, "{url} answered with status 429. Try again later."),
        (500, "", None, "{url} answered with status 500. Try again later."),
        (418, "", None, "{url} answered with status 418."),
    ],
)
def test_refusals_are_told_in_words(
    data: bytes, folder: Path, status: int, code: str, token: str | None, said: str
) -> None:
    with Hub(data, status=status, code=code) as hub:
        error = refused(hub, folder, token=token)
        assert str(error).startswith(said.format(url=hub.url))
        assert isinstance(error, ModelUnavailableError) is (status in {429, 500})
    assert not folder.exists()


def test_a_storage_that_refuses_for_a_while_is_asked_again(data: bytes, folder: Path) -> None:
    with Hub(data, breaks=[1_000_000], storage_status=[503]) as hub:
        assert pull(hub, folder).path.read_bytes() == data
    with Hub(data + b"x", storage_status=[403] * 9) as hub:
        assert "answered with status 403. Try again." in str(refused(hub, folder, name="other"))


def test_a_hub_that_is_not_there_is_one_sentence(folder: Path, data: bytes) -> None:
    with Hub(data) as hub:
        pass
    error = refused(hub, folder)
    assert str(error).startswith(f"{hub.url} cannot be reached: connection refused. Check the connection and HF_")
    assert "longagent models pull PATH" in error.hint


def test_a_full_disk_is_told_before_anything_is_fetched(
    data: bytes, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Hub(data, size=10**18) as hub:
        assert "1000000000.0 GB are needed in" in str(refused(hub, folder))
        assert hub.stored == []


def test_another_file_of_the_same_name_is_not_replaced(data: bytes, folder: Path, tmp_path: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "m.gguf").write_bytes(data[:-1] + b"x")
    with Hub(data) as hub:
        error = refused(hub, folder)
        assert isinstance(error, UsageError)
        assert "there is another m.gguf already, from elsewhere." in str(error)
        assert pull(hub, folder, name="second").path.name == "second.gguf"
        # The same, put there by hand, is taken as it is.
        (folder / "m.gguf").write_bytes(data)
        assert pull(hub, folder).sha256 is None


def test_who_comes_second_waits_and_finds_it_there(data: bytes, folder: Path) -> None:
    folder.mkdir(parents=True)
    events: list[Event] = []

    async def main(hub: Hub) -> ModelFile:
        source = parse_source(FILE, endpoint=hub.url)
        assert not isinstance(source, Path)
        opened = hubs.Hub(hub.url)
        waits = asyncio.Event()

        def emit(event: Event) -> None:
            events.append(event)
            waits.set()

        try:
            async with exclusive(folder / ".m.gguf.lock", waiting=pytest.fail):
                task = asyncio.create_task(module.pull(source, hub=opened, folder=folder, emit=emit))
                await waits.wait()
                (folder / "m.gguf").write_bytes(data)
            return await task
        finally:
            await opened.aclose()

    with Hub(data) as hub:
        assert asyncio.run(main(hub)).size == len(data)
        assert hub.stored == []
    assert events == [Warned(message="Another command is fetching m.gguf; waiting for it.")]


def test_a_file_of_this_machine_is_linked_and_recorded(data: bytes, folder: Path, tmp_path: Path) -> None:
    original = tmp_path / "original.gguf"

    def take(**how: Any) -> ModelFile:
        return asyncio.run(take_over(original, folder=folder, emit=[].append, **how))

    file = take()
    assert file.path.samefile(original)
    assert (file.source, file.sha256) == (str(original), hashlib.sha256(data).hexdigest())
    assert model_file_at(file.path) == file
    assert take() == file
    with pytest.raises(ModelRejectedError, match="has the sha256"):
        take(name="checked", sha256="0" * 64)
    assert original.read_bytes() == data
    assert left(folder) == ["original.gguf", "original.gguf.json"]


def test_a_file_that_cannot_be_linked_is_copied(
    data: bytes, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr("os.link", refuse)
    events: list[Event] = []
    original = tmp_path / "original.gguf"
    file = asyncio.run(take_over(original, folder=folder, emit=events.append))
    assert not file.path.samefile(original)
    assert file.path.read_bytes() == data
    assert events
    (folder / "original.gguf.json").unlink()
    assert asyncio.run(take_over(original, folder=folder, emit=[].append)).sha256 is None


def test_a_checksum_that_was_given_counts_for_a_file_that_is_there_too(tmp_path: Path, folder: Path) -> None:
    original = write_gguf(tmp_path / "m.gguf", llama())
    asyncio.run(take_over(original, folder=folder, emit=[].append))
    copy = tmp_path / "elsewhere" / "m.gguf"
    copy.parent.mkdir()
    copy.write_bytes(original.read_bytes())
    for given in (original, copy):
        with pytest.raises(ModelRejectedError, match=f"not {'0' * 64}"):
            asyncio.run(take_over(given, folder=folder, emit=[].append, sha256="0" * 64))


def test_nothing_is_fetched_into_a_file_of_ones_own(
    data: bytes, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = tmp_path / "m.gguf"
    original.write_bytes(data[:2_000_000])
    with Hub(data, breaks=[1_000_000, *[0] * 5]) as hub:
        refused(hub, folder)
        # As a run leaves it that is killed while it compares checksums: the part is the person's own file.
        monkeypatch.setattr("longagent.llm.model_files.own.kept", killed)
        with pytest.raises(KeyboardInterrupt):
            asyncio.run(take_over(original, folder=folder, emit=[].append))
        hub.breaks = []
        assert pull(hub, folder).path.read_bytes() == data
    assert original.read_bytes() == data[:2_000_000]


def killed(*_: object, **__: object) -> None:
    raise KeyboardInterrupt
