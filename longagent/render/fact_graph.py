"""A graph of facts for other programs, as GraphML, and for eyes, as a picture."""

from html import escape
from math import sqrt
from typing import Any

from longagent.graphs.graph_reader.elements import inert
from longagent.graphs.graph_reader.fact_graph import FactGraph

_WIDTH, _HEIGHT = 1400, 1000
_MARGIN_X, _MARGIN_Y = 110, 50
_EDGES = 3
"""Edges drawn for a node, besides those that others draw to it: its strongest."""
_LONGEST_LABEL = 28
_STYLE = (
    "text{font:13px system-ui,sans-serif;fill:#1f2430;text-anchor:middle;paint-order:stroke;stroke:#fff;"
    "stroke-width:3px;stroke-linejoin:round}line{stroke:#8a94a6}circle{fill:#3b6fb6;fill-opacity:.85}"
)


def to_graphml(graph: FactGraph) -> str:
    """Return the graph as GraphML.

    Nodes have `facts`, one to a line, and the indices of their `chunks`; edges their `weight`. Names and facts come
    from documents and models: what XML does not take, control characters above all, is left out.
    """
    import networkx as nx

    drawn = nx.Graph()
    for name in graph.names:
        facts = graph.facts_of(name)
        chunks = sorted({fact.chunk for fact in facts})
        text = "\n".join(inert(fact.text) for fact in facts)
        drawn.add_node(inert(name), facts=text, chunks=" ".join(map(str, chunks)))
    for one, other, weight in graph.network.edges(data="weight"):
        drawn.add_edge(inert(one), inert(other), weight=weight)
    return "\n".join(nx.generate_graphml(drawn)) + "\n"


def draw(graph: FactGraph, *, most: int = 60) -> str:
    """Return a picture of the graph as SVG: the nodes with most facts, at most `most`, and their strongest edges.

    The larger a node, the more facts it has; the thicker an edge, the more of them two nodes share.
    """
    import networkx as nx

    part = nx.Graph()
    part.add_nodes_from(graph.names[:most])
    for name in graph.names[:most]:
        shown = [other for other in graph.neighbours(name, len(graph.names)) if other in part][:_EDGES]
        part.add_edges_from((name, other, {"weight": graph.network[name][other]["weight"]}) for other in shown)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" '
        f'aria-label="Graph of {len(graph.facts)} facts">',
        f"<style>{_STYLE}</style>",
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#fff"/>',
        *_shapes(graph, part, _places(part)),
        f'<text x="{_WIDTH / 2}" y="{_HEIGHT - 12}">{_caption(graph, len(part))}</text>',
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _places(part: Any) -> dict[str, tuple[float, float]]:
    """Return where nodes stand: alike in every run, spread over the whole picture, no two labels in one place."""
    import networkx as nx

    if len(part) < 2:
        return dict.fromkeys(part, (_WIDTH / 2, _HEIGHT / 2))
    found = nx.spring_layout(part, seed=7, k=2.2 / sqrt(len(part)), iterations=200, weight=None)
    # By rank: a spring layout crowds the middle, and a few nodes without edges stretch it.
    across = {name: rank for rank, name in enumerate(sorted(part, key=lambda name: found[name][0]))}
    down = {name: rank for rank, name in enumerate(sorted(part, key=lambda name: found[name][1]))}
    last = len(part) - 1
    return {
        name: (
            _MARGIN_X + (_WIDTH - 2 * _MARGIN_X) * across[name] / last,
            _MARGIN_Y + (_HEIGHT - 2 * _MARGIN_Y - 30) * down[name] / last,
        )
        for name in part
    }


def _shapes(graph: FactGraph, part: Any, places: dict[str, tuple[float, float]]) -> list[str]:
    """Return edges, then nodes, then labels, so that labels lie on top."""
    heaviest = max((weight for *_, weight in part.edges(data="weight")), default=1)
    shapes = []
    for one, other, weight in part.edges(data="weight"):
        (x1, y1), (x2, y2), share = places[one], places[other], weight / heaviest
        ends = f'x1="{x1:.0f}" y1="{y1:.0f}" x2="{x2:.0f}" y2="{y2:.0f}"'
        shapes.append(f'<line {ends} stroke-width="{0.8 + 4 * share:.1f}" stroke-opacity="{0.25 + 0.5 * share:.2f}"/>')
    most = len(graph.facts_of(graph.names[0])) if graph.names else 1
    radii = {name: 4 + 16 * sqrt(len(graph.facts_of(name)) / most) for name in part}
    for name, (x, y) in places.items():
        count = len(graph.facts_of(name))
        title = f"<title>{escape(inert(name))}: {count} {'fact' if count == 1 else 'facts'}</title>"
        shapes.append(f'<circle cx="{x:.0f}" cy="{y:.0f}" r="{radii[name]:.1f}">{title}</circle>')
    for name, (x, y) in places.items():
        label = inert(name)
        label = label if len(label) <= _LONGEST_LABEL else f"{label[: _LONGEST_LABEL - 1]}…"
        shapes.append(f'<text x="{x:.0f}" y="{y - radii[name] - 5:.0f}">{escape(label)}</text>')
    return shapes


def _caption(graph: FactGraph, drawn: int) -> str:
    nodes, edges = len(graph.names), graph.network.number_of_edges()
    which = f", of which the {drawn} with most facts are drawn" if drawn < nodes else ""
    return f"{len(graph.facts):,} facts, {nodes:,} key elements{which}, {edges:,} pairs that share facts"
