"""Folders and several documents by command: what is read, found, shown and cited."""

from pathlib import Path

import pytest
from support.command import EXAMPLE, environment, longagent

from longagent.testing import SimulatedServer, closest_sentence

COST = "The harbour of {} was rebuilt in 1907 at a cost of {} crowns."


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    return environment(tmp_path / "home")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two reports of the same name, one that is broken, and what programs leave behind."""
    folder = tmp_path / "reports"
    for place, name, cost in (("north", "Skagen", "482,000"), ("south", "Gedser", "913,000")):
        (folder / place).mkdir(parents=True)
        text = f"# Weather\n\nThere was wind.\n\n# Harbour of {name}\n\n{COST.format(name, cost)}\n"
        (folder / place / "report.md").write_text(text)
    (folder / "notes.txt").write_text("Notes\n\nThe gulls were many.\n")
    (folder / "torn.pdf").write_bytes(b"%PDF-1.7 torn")
    (folder / "~$report.docx").write_text("lock")
    (folder / "photo.jpg").write_bytes(b"\xff\xd8\xff")
    return folder


def test_citations_tell_files_of_the_same_name_apart(env: dict[str, str], folder: Path) -> None:
    with SimulatedServer(closest_sentence, window=4096) as server:
        question = "What was the cost of the harbour of Gedser?"
        ask = ("ask", "reports", str(EXAMPLE), question, "--base-url", server.base_url)
        done = longagent(*ask, "-s", "rag", env=env, cwd=folder.parent)
        assert done.code == 0, done.err
        assert "section 2 “Harbour of Gedser”  reports/south/report.md" in done.out
        assert "warning: skipped in reports: torn.pdf (is " in done.err
        assert "1 file of another kind" in done.err
        assert "~$" not in done.err
        (citation,) = longagent(*ask, "-s", "rag", "--json", env=env, cwd=folder.parent).json["citations"]
        assert citation["document"] == "reports/south/report.md"
        assert (citation["page"], citation["where"]) == (2, "section 2 “Harbour of Gedser”")

        strict = longagent(*ask, "--strict", "--json", env=env, cwd=folder.parent)
        assert (strict.code, strict.out) == (2, "")
        assert strict.err.splitlines()[-1].startswith("longagent: reports/torn.pdf: is ")


def test_find_ranks_sentences_without_a_model(env: dict[str, str], folder: Path) -> None:
    find = ("find", "reports", str(EXAMPLE), "cost of the harbour of Skagen", "-n", "2")
    done = longagent(*find, env=env, cwd=folder.parent)
    assert done.code == 0, done.err
    assert done.out.splitlines()[0].startswith("  [1] section 2 “Harbour of Skagen”  reports/north/report.md  ")
    assert done.out.splitlines()[1] == f"  {COST.format('Skagen', '482,000')}"
    assert "torn.pdf" in done.err

    record = longagent(*find, "-C", "1", "--json", env=env, cwd=folder.parent).json
    assert list(record) == ["query", "found", "warnings"]
    assert list(record["found"][0]) == [
        *("document", "document_id", "page", "page_end", "where", "start", "end", "text", "score"),
        *("headings", "before", "after"),
    ]
    assert record["found"][0]["headings"] == ["Harbour of Skagen"]
    assert record["found"][0]["before"].startswith("There was wind.")
    assert any("torn.pdf" in warning for warning in record["warnings"])
    shown = longagent("show", "reports/north/report.md", "--json", env=env, cwd=folder.parent).json
    for each in record["found"]:
        if each["document_id"] == shown["document_id"]:
            assert shown["text"][each["start"] : each["end"]] == each["text"]

    nothing = longagent("find", "reports", "zeppelin", "-q", env=env, cwd=folder.parent)
    assert (nothing.code, nothing.out, nothing.err) == (4, "Nothing was found.\n", "")
    wrong = longagent("find", "harbour", env=env)
    assert (wrong.code, wrong.out) == (2, "")
    assert "A source and a query are needed" in wrong.err


def test_show_lists_several_documents(env: dict[str, str], folder: Path) -> None:
    done = longagent("show", "reports", str(EXAMPLE), env=env, cwd=folder.parent)
    lines = [line.split() for line in done.out.splitlines()]
    assert lines[0] == ["document", "format", "characters"]
    assert lines[2][:4] == ["reports/north/report.md", "markdown", "2", "sections"]
    assert lines[4][1:4] == ["pdf", "19", "pages"]
    record = longagent("show", "reports", "--json", env=env, cwd=folder.parent).json
    assert [each["document"] for each in record["documents"]] == [
        *("reports/notes.txt", "reports/north/report.md", "reports/south/report.md")
    ]
    assert len(record["warnings"]) == 1
    refused = longagent("show", "reports", "--page", "2", env=env, cwd=folder.parent)
    assert (refused.code, refused.out) == (2, "")
    assert "There are 3 documents" in refused.err


def test_show_tells_how_a_document_is_cut(env: dict[str, str]) -> None:
    done = longagent("show", str(EXAMPLE), "--page", "6", "--chunks", env=env)
    assert done.code == 0
    assert "── chunk " in done.out
    assert " · p. 6 (printed 3811) · " in done.out
    assert "204 examples" in done.out
    record = longagent("show", str(EXAMPLE), "--tokens", "100", "--json", env=env).json
    chunks = record["chunks"]
    assert [each["chunk"] for each in chunks] == list(range(1, len(chunks) + 1))
    for each in chunks:
        assert each["text"] == record["text"][each["start"] : each["end"]]
        assert each["tokens"] <= 100
        assert each["page"] <= each["page_end"]
