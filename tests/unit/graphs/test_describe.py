"""What `longagent strategies show` tells: from a strategy's code alone, and sensibly where that says nothing."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from io import StringIO
from typing import Any, Literal

import pytest
from rich.console import Console
from support.toy import toy

from longagent.graphs import registry
from longagent.graphs.describe import describe, mermaid
from longagent.graphs.strategy import Strategy
from longagent.render.strategies import print_strategy


@pytest.mark.parametrize("name", registry.names())
def test_every_strategy_of_ours_says_what_it_is(name: str) -> None:
    told = describe(registry.get(name))
    assert told.cost
    assert told.reuses
    assert all(setting.meaning for setting in told.settings), f"{name}: a setting without a docstring"
    assert told.departures or told.paper is None, f"{name}: a paper, but no paragraph of departures"
    assert told.roles


def test_settings_come_with_defaults_choices_and_the_texts_below_their_fields() -> None:
    settings = {setting.name: setting for setting in describe(registry.get("chain-of-agents")).settings}
    choose = settings["choose"]
    assert (choose.default, choose.choices) == (None, ("vote", "judge"))
    assert choose.meaning.startswith(
        "How several chains come to one answer: what most of their answers say, or one more"
    )
    assert "\n" not in choose.meaning
    assert (settings["paths"].default, settings["paths"].choices) == (1, ())


def test_departures_are_the_paragraph_of_the_docstring_that_says_so() -> None:
    departures = describe(registry.get("read-agent")).departures
    assert departures
    assert departures.startswith("pages end where the document's own pages")
    assert departures.endswith("our own words.")
    assert describe(registry.get("full-context")).departures is None


@dataclass(frozen=True)
class Base:
    kept: int = 1
    """From below the base's field."""


@dataclass(frozen=True)
class Mixed(Base):
    form: Literal["a", "b"] | None = None
    bare: str = "x"
    said: int = field(default=2, metadata={"doc": "From the metadata."})
    many: list[int] = field(default_factory=lambda: [1])
    """From
    two lines."""


def made_in_a_shell() -> type[Any]:
    space: dict[str, Any] = {}
    source = (
        "from dataclasses import dataclass\n@dataclass(frozen=True)\nclass Shell:\n    n: int = 1\n    '''Lost.'''\n"
    )
    exec(source, space)
    return space["Shell"]


def printed(strategy: Strategy) -> str:
    out = StringIO()
    print_strategy(describe(strategy), Console(file=out, highlight=False))
    return out.getvalue()


def test_another_packages_settings_are_told_as_far_as_it_tells_them() -> None:
    settings = {one.name: one for one in describe(replace(toy(), config=Mixed)).settings}
    assert {name: one.meaning for name, one in settings.items()} == {
        "kept": "From below the base's field.",
        "form": None,
        "bare": None,
        "said": "From the metadata.",
        "many": "From two lines.",
    }
    assert settings["form"].choices == ("a", "b")
    assert settings["many"].default == [1]
    (lost,) = describe(replace(toy(), config=made_in_a_shell())).settings
    assert (lost.name, lost.default, lost.meaning) == ("n", 1, None)


def test_what_a_strategy_does_not_say_is_printed_as_such() -> None:
    text = printed(replace(toy(), config=made_in_a_shell()))
    assert re.search(r"^paper +none$", text, re.MULTILINE)
    assert re.search(r"^cost +not stated; ask with --dry-run$", text, re.MULTILINE)
    assert re.search(r"^reuses +not stated$", text, re.MULTILINE)
    assert "Departures\n  none stated\n" in text
    assert "  -S n=1\n      (not described)\n" in text
    assert "Settings\n  none\n" in printed(toy())


def test_what_other_packages_say_reaches_no_terminal_as_control_codes() -> None:
    hostile = replace(toy(), summary="\x1b[31mred", cost="a\nb", reuses="\x07")
    text = printed(hostile)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", text)
    assert "\\x1b[31mred" in text


GRAPHS: list[tuple[str, list[str]]] = [
    ("rag", ["prepare --> strategy_retrieve", "strategy_retrieve --> strategy_answer", "strategy_answer --> cite"]),
    ("chain-of-agents", ["subgraph chain", "strategy_chain_read_chunk(read_chunk)", "cite --> finish"]),
    (
        "graph-reader",
        ["subgraph explore", "strategy_plan --> strategy_choose_start", "strategy_explore_hand_over(hand_over)"],
    ),
    ("read-agent", ["strategy_write_gist --> strategy_next_wave", "strategy_look_up -.-> strategy_answer"]),
]


@pytest.mark.parametrize(("name", "lines"), GRAPHS)
def test_the_graph_is_drawn_as_it_is_run_with_the_frame_around_it(name: str, lines: list[str]) -> None:
    drawn = mermaid(registry.get(name))
    assert drawn.startswith("graph TD\n  __start__([start])\n")
    stripped = [line.strip() for line in drawn.splitlines()]
    assert [line for line in lines if line not in stripped] == []
    assert stripped.count("end") == sum(line.startswith("subgraph") for line in stripped)
    for noise in ("classDef", ":::", "<p>", "\\3a", ";", "---\n"):
        assert noise not in drawn


@pytest.mark.parametrize("build", [lambda: registry.get("rag").build(), registry.get("rag").build])
def test_a_build_function_may_be_anything_that_is_called(build: Callable[[], Any]) -> None:
    assert describe(replace(toy(), build=build)).graph
