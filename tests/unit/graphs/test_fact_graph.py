"""Which key elements are one, and the graph of facts."""

import time

import pytest

from longagent.graphs.graph_reader.elements import clean, element_key, elements_of
from longagent.graphs.graph_reader.fact_graph import Fact, FactGraph

SAME = [
    ("test sets", "Test Set"),
    ("“Logic-LM”", "logic-LM"),
    ("the Harbour of Skagen", "harbour of Skagen."),
    ("companies", "company"),
    ("acquired", "Acquires"),
    ("acquiring", "acquire"),
    ("planned", "plan"),
    ("1,234", "1234"),
    ("Müller", "Muller"),
    ("[Skagen]", "SKAGEN"),
]
DIFFERENT = [
    ("C", "C++"),
    ("5", "5%"),
    ("US", "economy"),
    ("US economy", "economy"),
    ("Manning", "man"),
    ("string", "str"),
    ("Newfield", "Sam Newfield"),
    ("1907", "1908"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_variants_are_one_element(one: str, other: str) -> None:
    assert element_key(clean(one)) == element_key(clean(other)) != ""


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_others_are_not(one: str, other: str) -> None:
    assert element_key(clean(one)) != element_key(clean(other))


@pytest.mark.parametrize("nothing", ["it", "They", "the", "", " - ", "who", "x" * 81])
def test_pronouns_and_statements_are_none(nothing: str) -> None:
    assert element_key(clean(nothing)) == ""


@pytest.mark.parametrize("name", ["US", "IT", "The Who", "北京大学", "Россия", "القاهرة", "猫"])
def test_names_of_all_kinds_are(name: str) -> None:
    assert element_key(clean(name))


def test_control_characters_and_lone_surrogates_are_left_out() -> None:
    assert clean("a\x00\x1b[31mb\ud800\u202ec") == "a [31mb c"


def test_code_takes_names_numbers_and_content_words_in_their_order() -> None:
    sentences = [
        "Sam Newfield (born Samuel Neufeld, December 6, 1899) was an American director.",
        "The University of Texas bought the Heinkel HD 23 for 1,234 crowns, or 5 of them.",
        "It is so.",
    ]
    assert elements_of(sentences) == [
        ("Sam Newfield", "born", "Samuel Neufeld", "December 6", "1899", "American", "director"),
        ("University of Texas", "bought", "Heinkel HD 23", "1,234", "crowns"),
        (),
    ]


def test_of_many_elements_code_takes_names_and_the_rarest() -> None:
    common = "alpha beta gamma delta epsilon zeta theta iota kappa lambda"
    first, *_ = elements_of([f"{common} omicron upsilon rebuilt near Skagen", *[f"{common}"] * 5])
    assert len(first) == 12
    assert {"omicron", "upsilon", "rebuilt", "near", "Skagen"} <= set(first)


def graph() -> FactGraph:
    return FactGraph(
        [
            Fact("The fee was paid in crowns.", ("fee", "Crowns"), 2),
            Fact("The harbour cost crowns.", ("Harbour", "cost", "crowns"), 0),
            Fact("Harbours cost crowns.", ("harbours", "costs", "crowns", "harbour"), 1),
            Fact("It rained.", ("it",), 1),
        ]
    )


def test_a_node_is_an_element_in_all_its_variants_with_its_facts_in_the_order_of_chunks() -> None:
    made = graph()
    assert made.names == ("crowns", "Harbour", "cost", "fee")
    assert [fact.chunk for fact in made.facts_of("crowns")] == [0, 1, 2]
    assert [fact.chunk for fact in made.facts] == [0, 1, 1, 2]
    assert all(set(fact.elements) <= set(made.names) for fact in made.facts)
    assert made.facts_of("nobody") == ()
    assert made.facts[2].elements == ()


def test_neighbours_are_those_that_share_most_facts_then_by_name_and_hubs_are_capped() -> None:
    made = graph()
    assert made.neighbours("crowns", 9) == ("Harbour", "cost", "fee")
    assert made.neighbours("crowns", 2) == ("Harbour", "cost")
    assert made.neighbours("fee", 9) == ("crowns",)
    assert made.neighbours("nobody", 9) == ()
    hub = FactGraph(Fact(f"{n}", ("hub", f"spoke {n:03}"), n) for n in range(500))
    assert hub.neighbours("hub", 3) == ("spoke 000", "spoke 001", "spoke 002")


@pytest.mark.parametrize("name", ["crowns", "Crowns", ' "CROWN" ', "3. crowns", "- [crown]", "**crowns**", "`crowns`."])
def test_a_name_is_known_however_a_model_writes_it(name: str) -> None:
    assert graph().known(name) == "crowns"


@pytest.mark.parametrize("name", ["", "it", "kroner", "crowns and fees", "\x00"])
def test_a_name_that_is_no_nodes_is_not(name: str) -> None:
    assert graph().known(name) is None


def test_the_order_of_facts_does_not_matter() -> None:
    one = graph()
    other = FactGraph(reversed(one.facts))
    assert (one.names, one.neighbours("crowns", 9)) == (other.names, other.neighbours("crowns", 9))


def test_no_facts_are_an_empty_graph() -> None:
    made = FactGraph([])
    assert (made.names, made.facts, made.known("x"), made.neighbours("x", 3)) == ((), (), None, ())


def test_ten_thousand_facts_are_a_graph_in_a_moment() -> None:
    facts = [
        Fact(f"Fact {n}", ("hub", f"person {n % 1000}", f"place {n % 333}", f"year {n % 77}", f"thing {n}"), n // 20)
        for n in range(10_000)
    ]
    began = time.monotonic()
    made = FactGraph(facts)
    assert len(made.facts_of("hub")) == 10_000
    assert len(made.neighbours("hub", 40)) == 40
    # Half a second on an idle machine; a slow way, with all pairs of nodes, would take minutes.
    assert time.monotonic() - began < 20
