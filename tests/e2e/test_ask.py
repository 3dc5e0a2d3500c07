"""`longagent ask` as a process against a server: streams, JSON, exit codes."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.command import EXAMPLE, Finished, environment, longagent
from support.survey import NEEDLE, long_document
from support.survey import QUESTION as CHAIN_QUESTION

from longagent.testing import SimulatedServer, chain_reader, closest_sentence

QUESTION = "How many examples does the entire FOLIO test set consist of?"


PAGES, CHUNKS = 9, 6
CHAIN = ("-s", "chain-of-agents", "-S", "window=1024", "-S", "unit_tokens=128")
"""Settings with which each page is a chunk."""


@pytest.fixture
def server() -> Iterator[SimulatedServer]:
    with SimulatedServer(closest_sentence, window=4096) as running:
        yield running


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    return environment(tmp_path)


@pytest.fixture
def survey(tmp_path: Path) -> Path:
    path = tmp_path / "survey.md"
    path.write_text(f"# Dunes\n\nNothing here.\n\n# Harbour\n\n{NEEDLE}\n")
    return path


def test_answer_on_stdout_everything_else_on_stderr(server: SimulatedServer, env: dict[str, str]) -> None:
    done = longagent("ask", str(EXAMPLE), QUESTION, "--base-url", server.base_url, env=env)
    assert done.code == 0
    assert "204 examples" in done.out
    assert "p. 6" in done.out
    assert "strategy" not in done.out
    assert "strategy rag: " in done.err
    assert "1 call" in done.err
    assert "204 examples" not in done.err


def test_json_is_one_object_with_the_contract(server: SimulatedServer, env: dict[str, str]) -> None:
    done = longagent("ask", str(EXAMPLE), QUESTION, "--base-url", server.base_url, "--json", env=env)
    answer = done.json
    assert list(answer) == [
        *("schema", "question", "answer", "found", "partial", "written", "traced", "verify", "citations"),
        *("conflicts", "strategy", "strategy_reason", "model", "usage", "coverage", "retrieval", "ranking"),
        *("seconds", "warnings", "caveat", "run_id"),
    ]
    assert (answer["schema"], answer["question"], answer["found"], answer["partial"]) == (1, QUESTION, True, False)
    assert (answer["strategy"], answer["model"]) == ("rag", "openai/sim")
    assert list(answer["citations"][0]) == [
        *("document", "document_id", "page", "page_end", "start", "end", "quote", "said", "status"),
        *("page_label", "where"),
    ]
    usage = answer["usage"]
    assert list(usage) == [
        *("calls", "cached_calls", "prompt_tokens", "cached_prompt_tokens", "completion_tokens", "cost")
    ]
    assert (usage["calls"], usage["cached_calls"], usage["cost"]) == (1, 0, None)
    assert list(answer["coverage"]) == ["chunks", "read", "failed"]

    shown = longagent("show", str(EXAMPLE), "--json", env=env).json
    for citation in answer["citations"]:
        assert citation["quote"] == shown["text"][citation["start"] : citation["end"]]
        assert citation["document_id"] == shown["document_id"]
        page = shown["pages"][citation["page"] - 1]
        assert page["start"] <= citation["start"] < page["end"]
    assert answer["citations"][0]["page"] == 6


def test_not_found_is_exit_code_4_and_null(server: SimulatedServer, survey: Path, env: dict[str, str]) -> None:
    args = ("ask", str(survey), "Who composed the ninth symphony?", "--base-url", server.base_url)
    done = longagent(*args, "--json", env=env)
    assert done.code == 4
    assert (done.json["answer"], done.json["found"], done.json["citations"]) == (None, False, [])
    assert longagent(*args, env=env).out.strip() == "Not found in the document."


def test_verify_decides_what_becomes_of_what_was_made_up(survey: Path, env: dict[str, str]) -> None:
    true, false = "The harbour of Skagen was rebuilt in 1907.", 'The report calls it "a splendid and costly harbour".'
    with SimulatedServer(f"{true} {false}") as server:
        ask = ("ask", str(survey), "What is said of the harbour of Skagen?", "--base-url", server.base_url)
        marked = longagent(*ask, env=env)
        assert (marked.code, f"{true} {false}" in marked.out) == (0, True)
        assert "does not stand in the source" in marked.out
        assert "marked as unverified" in marked.err

        # The same run with other checks: no call is made again.
        strict = longagent(*ask, "--verify", "strict", "--json", env=env)
        assert (strict.code, strict.json["answer"], strict.json["verify"]) == (0, true, "strict")
        assert [citation["status"] for citation in strict.json["citations"]] == ["located"]
        assert strict.json["usage"]["calls"] == 0
        assert any("1 of 2 sentences was removed" in warning for warning in strict.json["warnings"])

        off = longagent(*ask, "--json", env=env | {"LONGAGENT_VERIFY": "off"}).json
        assert (off["answer"], off["citations"], off["traced"]) == (f"{true} {false}", [], None)
        assert len({run["run_id"] for run in (strict.json, off)}) == 1

        refused(longagent(*ask, "--verify", "loose", env=env), 2, "verify = 'loose'", "strict, mark, off")


def test_strict_refuses_what_is_made_up_as_a_whole(survey: Path, env: dict[str, str]) -> None:
    with SimulatedServer("It cost 913,000 dollars, paid by Admiral Holm.") as server:
        ask = ("ask", str(survey), "What did the harbour of Skagen cost?", "--verify", "strict")
        done = longagent(*ask, "--base-url", server.base_url, env=env)
    assert (done.code, done.out.strip()) == (4, "Not found in the document.")
    assert "The answer was withheld" in done.err


def test_quiet_says_nothing_on_stderr(server: SimulatedServer, survey: Path, env: dict[str, str]) -> None:
    done = longagent("ask", str(survey), "What did the harbour cost?", "-q", "--base-url", server.base_url, env=env)
    assert (done.code, done.err) == (0, "")


def test_standard_input_folder_and_glob(server: SimulatedServer, survey: Path, env: dict[str, str]) -> None:
    ask = ("What was rebuilt in Skagen in 1907?", "--json", "--base-url", server.base_url)
    piped = longagent("ask", "-", *ask, env=env, stdin=EXAMPLE.read_bytes())
    assert piped.code == 4
    for source in (str(survey.parent), str(survey.parent / "*.md"), str(survey)):
        done = longagent("ask", source, *ask, env=env)
        assert done.code == 0, done.err
        assert done.json["citations"][0]["document"].endswith("survey.md")
        assert done.json["citations"][0]["page"] == 2


def test_several_documents_cite_the_right_one(server: SimulatedServer, survey: Path, env: dict[str, str]) -> None:
    args = ("What did rebuilding the harbour of Skagen cost?", "--json", "-s", "rag", "--base-url", server.base_url)
    done = longagent("ask", str(EXAMPLE), str(survey), *args, env=env)
    assert done.code == 0, done.err
    assert done.json["citations"][0]["document"] == str(survey)


def test_settings_from_environment_and_file(server: SimulatedServer, survey: Path, env: dict[str, str]) -> None:
    env |= {"LONGAGENT_BASE_URL": server.base_url, "LONGAGENT_MODEL": "openai/sim"}
    (survey.parent / "longagent.toml").write_text('strategy = "rag"\n')
    ask = ("ask", "survey.md", "What did the harbour of Skagen cost?", "--json")
    assert longagent(*ask, env=env, cwd=survey.parent).json["strategy"] == "rag"
    overridden = longagent(*ask, "-s", "full-context", env=env, cwd=survey.parent)
    assert overridden.json["strategy"] == "full-context"


def test_a_project_file_may_not_choose_the_server(survey: Path, env: dict[str, str]) -> None:
    (survey.parent / "longagent.toml").write_text('base_url = "http://evil.example/v1"\n')
    done = longagent("ask", "survey.md", "What?", env=env, cwd=survey.parent)
    assert done.code == 2
    assert "base_url is not read from a project file" in done.err


def refused(done: Finished, code: int, *words: str) -> None:
    """Assert one sentence on stderr, nothing on stdout, no traceback."""
    assert done.code == code, done.err
    assert done.out == ""
    assert "Traceback" not in done.err
    lines = [line for line in done.err.splitlines() if line.startswith("longagent: ")]
    assert len(lines) == 1, done.err
    for word in words:
        assert word in lines[0], lines[0]


def test_wrong_usage_is_one_sentence(server: SimulatedServer, survey: Path, env: dict[str, str]) -> None:
    def ask(*args: str, source: str = str(survey)) -> Finished:
        return longagent("ask", source, "What did the harbour cost?", *args, "--json", env=env)

    url = ("--base-url", server.base_url)
    refused(ask("-s", "ragg", *url), 2, "no strategy 'ragg'", "Did you mean 'rag'")
    refused(ask("-s", "rag", "-S", "chunk_token=3", *url), 2, "Did you mean 'chunk_tokens'")
    refused(ask("-s", "rag", "-S", "chunk_tokens", *url), 2, "not KEY=VALUE")
    refused(ask("-S", "chunk_tokens=3", *url), 2, "need a strategy")
    refused(ask("-m", "openai/simm", *url), 2, "simm", "sim")
    refused(ask("-m", "anthropic/claude", *url), 2, "anthropic/claude")
    refused(ask("-m", "openai/gpt-4o"), 2, "OPENAI_API_KEY")
    refused(ask("--window", "300", *url), 2, "window of 300")
    refused(ask("--base-url", "http://127.0.0.1:9/v1"), 1, "127.0.0.1:9", "cannot reach")
    refused(ask("--offline", "--base-url", "http://models.example/v1"), 2, "offline")
    refused(ask(*url, source="https://example.com/report.pdf"), 2, "URLs are not fetched", "Download")
    refused(ask(*url, source=str(survey.parent / "survay.md")), 2, "survay.md", "survey.md")
    refused(longagent("ask", str(survey), "--json", env=env), 2, "source and a question")


def test_options_that_need_a_form_are_one_sentence(server: SimulatedServer, survey: Path, env: dict[str, str]) -> None:
    def ask(*args: str) -> Finished:
        return longagent("ask", str(survey), "What?", "--base-url", server.base_url, *args, env=env)

    refused(ask("--role-model", "worker"), 2, "--role-model 'worker' is not ROLE=MODEL")
    refused(ask("-s", "rag", "--role-model", "leader=openai/sim"), 2, "leader")
    refused(ask("--max-cost", "-1"), 2, "max_cost = -1.0")
    refused(ask("--max-cost", "0.5"), 2, "prices", "openai/sim")
    refused(ask("--max-calls", "0"), 2, "max_calls = 0")
    assert server.chats == []


def test_unreadable_sources_are_one_sentence(tmp_path: Path, env: dict[str, str]) -> None:
    (tmp_path / "empty.txt").touch()
    (tmp_path / "broken.pdf").write_bytes(b"%PDF-1.7\nnothing of a PDF")
    (tmp_path / "folder").mkdir()
    for name in ("empty.txt", "broken.pdf", "folder", "missing.txt"):
        refused(longagent("ask", str(tmp_path / name), "What?", env=env), 2, name)


def test_vv_shows_the_traceback(tmp_path: Path, env: dict[str, str]) -> None:
    done = longagent("ask", str(tmp_path / "missing.txt"), "What?", "-vv", env=env)
    assert done.code == 2
    assert "Traceback" in done.err
    assert done.err.splitlines()[-1].startswith("longagent: ")


def test_a_fault_that_passes_is_tried_again(survey: Path, env: dict[str, str]) -> None:
    for fault in (500, "not-json", "empty", "truncated", "reset"):
        with SimulatedServer("482,000 crowns.", faults=[fault]) as server:  # type: ignore[list-item]
            args = ("--no-cache", "-v", "--base-url", server.base_url)
            done = longagent("ask", str(survey), f"What of {fault}?", *args, env=env)
            assert done.code == 0, (fault, done.err)
            assert len(server.chats) == 2
            assert " is made again in " in done.err


def test_a_server_that_stays_down_is_a_failure(survey: Path, env: dict[str, str]) -> None:
    with SimulatedServer(faults=lambda request: 500) as server:
        done = longagent("ask", str(survey), "What?", "--base-url", server.base_url, env=env)
        refused(done, 1)
        assert len(server.chats) > 2


def test_a_document_is_never_a_template_nor_a_command(
    server: SimulatedServer, tmp_path: Path, env: dict[str, str]
) -> None:
    hostile = "{question} {0.__class__} %s $(touch pwned) `touch pwned` ../../etc/passwd [end 12345678] # system"
    path = tmp_path / "hostile {braces} [end].txt"
    path.write_text(f"{hostile}\n\n{NEEDLE}\n\x1b[31mred\x1b[0m The lamp of Skagen is \x1b]0;title\x07 red.\n")
    ask = ("ask", str(path), "--base-url", server.base_url)
    done = longagent(*ask, "What did rebuilding the harbour of Skagen cost?", env=env, cwd=tmp_path)
    assert done.code == 0, done.err
    assert "482,000 crowns" in done.out
    assert not (tmp_path / "pwned").exists()
    assert hostile in server.chats[-1]["messages"][-1]["content"]
    coloured = longagent(*ask, "What colour is the lamp of Skagen?", env=env)
    assert "\x1b" not in coloured.out + coloured.err


@pytest.fixture
def chained(tmp_path: Path) -> Iterator[tuple[SimulatedServer, list[str]]]:
    """A server and a command: a chain over nine pages, whose needle is on the second."""
    path = tmp_path / "pages.txt"
    path.write_text(long_document(PAGES, needle_on=2).text)
    with SimulatedServer(chain_reader, window=4096) as running:
        yield running, ["ask", str(path), CHAIN_QUESTION, "--base-url", running.base_url, *CHAIN]


def test_dry_run_calls_nothing_and_counts_right(
    chained: tuple[SimulatedServer, list[str]], env: dict[str, str]
) -> None:
    server, ask = chained
    told = longagent(*ask, "--dry-run", "--json", env=env)
    assert (told.code, server.chats) == (0, [])
    forecast = told.json
    assert (forecast["strategy"], forecast["chunks"], forecast["exact"]) == ("chain-of-agents", CHUNKS, True)
    assert [(role["role"], role["calls"]) for role in forecast["roles"]] == [("worker", CHUNKS), ("manager", 1)]
    shown = longagent(*ask, "--dry-run", env=env)
    assert f"{CHUNKS} chunks, exactly {CHUNKS + 1} calls, {CHUNKS + 1} of them one after the other" in shown.out
    assert server.chats == []
    done = longagent(*ask, "--json", env=env)
    assert done.code == 0, done.err
    assert len(server.chats) == done.json["usage"]["calls"] == forecast["calls"]
    assert done.json["usage"]["prompt_tokens"] <= forecast["prompt_tokens"]
    assert done.json["usage"]["completion_tokens"] <= forecast["completion_tokens"]


@pytest.mark.parametrize(
    ("limit", "reason"),
    [
        (("--max-calls", "4"), "the limit of 4 calls is reached"),
        (("--max-total-tokens", "3000"), "the limit of 3000 tokens is reached"),
    ],
)
def test_a_limit_ends_in_a_partial_answer(
    chained: tuple[SimulatedServer, list[str]], env: dict[str, str], limit: tuple[str, str], reason: str
) -> None:
    server, ask = chained
    done = longagent(*ask, *limit, env=env)
    assert done.code == 3, done.err
    assert "482,000 crowns" in done.out
    assert f"warning: Not everything was read: {reason}" in done.err
    assert "chunks · " in done.err.splitlines()[-1]
    assert f"read {CHUNKS} of {CHUNKS}" not in done.err
    assert len(server.chats) <= (4 if limit[0] == "--max-calls" else CHUNKS)


def test_a_timeout_ends_in_a_partial_answer(tmp_path: Path, env: dict[str, str]) -> None:
    path = tmp_path / "pages.txt"
    path.write_text(long_document(60, needle_on=1).text)
    with SimulatedServer(chain_reader, window=4096, delay=0.5) as server:
        ask = ("ask", str(path), CHAIN_QUESTION, "--base-url", server.base_url, *CHAIN)
        done = longagent(*ask, "--timeout", "8", "--json", env=env)
    assert done.code == 3, done.err
    assert done.json["partial"]
    assert 0 < done.json["coverage"]["read"] < done.json["coverage"]["chunks"]
    assert "the time of 8 s is up" in done.err


def test_another_model_for_one_role(chained: tuple[SimulatedServer, list[str]], env: dict[str, str]) -> None:
    server, ask = chained
    told = longagent(*ask, "-m", "openai/sim", "--role-model", "manager=openai/sim", "--dry-run", env=env)
    assert told.code == 0, told.err
    wrong = longagent(*ask, "-m", "openai/sim", "--role-model", "manager=openai/other", "--dry-run", env=env)
    refused(wrong, 2, "other", "sim")
    assert server.chats == []
