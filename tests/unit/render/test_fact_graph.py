"""The graph of facts as a file and as a picture."""

from io import BytesIO
from xml.etree import ElementTree

import networkx as nx
import pytest

from longagent.graphs.graph_reader.fact_graph import Fact, FactGraph
from longagent.render.fact_graph import draw, to_graphml

HOSTILE = FactGraph(
    [
        Fact('The <b>"harbour"</b> & co\x00\x1b[31m cost\ud800 much.', ("<b>harbour</b>", "co & co", "]]>"), 0),
        Fact("The harbour is old.", ("<b>harbour</b>", "a" * 70), 3),
    ]
)


def test_graphml_holds_facts_chunks_and_weights() -> None:
    read = nx.read_graphml(BytesIO(to_graphml(HOSTILE).encode()))
    assert set(read) == set(HOSTILE.names)
    (harbour,) = (data for name, data in read.nodes(data=True) if "harbour" in name)
    assert harbour["chunks"] == "0 3"
    assert harbour["facts"] == 'The <b>"harbour"</b> & co [31m cost much.\nThe harbour is old.'
    assert {data["weight"] for *_, data in read.edges(data=True)} == {1}


@pytest.mark.parametrize("graph", [HOSTILE, FactGraph([]), FactGraph([Fact("Alone.", ("alone",), 0)])])
def test_a_picture_is_sound_xml_that_runs_nothing(graph: FactGraph) -> None:
    drawn = ElementTree.fromstring(draw(graph))
    tags = {element.tag.rpartition("}")[2] for element in drawn.iter()}
    assert tags <= {"svg", "style", "rect", "line", "circle", "text", "title"}
    assert "\x1b" not in draw(graph)


def test_the_nodes_with_most_facts_are_drawn_alike_each_time() -> None:
    facts = [Fact(f"{n}", ("hub", f"spoke {n % 30}", f"rim {n}"), n) for n in range(90)]
    graph = FactGraph(facts)
    drawn = draw(graph, most=20)
    assert drawn == draw(FactGraph(facts), most=20)
    assert drawn.count("<circle") == 20
    assert "hub: 90 facts" in drawn
    assert "90 facts, 121 key elements, of which the 20 with most facts are drawn" in drawn


def test_edges_are_drawn_for_what_shares_facts_and_for_nothing_else() -> None:
    graph = FactGraph([Fact("One.", ("a harbour", "a crown"), 0), Fact("Two.", ("gull",), 1)])
    assert draw(graph).count("<line") == 1
