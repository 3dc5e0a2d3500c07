"""What stays of an answer under `strict`: whole sentences that stand in what was read, and nothing reworded."""

import re

import pytest

from longagent.documents.document import Document, Span
from longagent.evidence import keep_verified
from longagent.evidence.strict import Kept

PAGES = (
    "Annual report of the Sever brewery. The brewery was founded in 1891 by Karel Havel. It is in the old town.",
    "Figures. In 2021 revenue was 455,000 crowns. In 2022 revenue rose to 482,000 crowns. Profit fell to 31,000.",
    "The brewery employs 42 people. The director is Jan Novák. He did not close the restaurant in 2022. "
    "The cellar, which pays no tax, was built in 1907. "
    "Three kinds of beer are brewed: a pale lager, a dark lager and a wheat beer.",
)
DOCUMENT = Document.from_pages(PAGES, id="d" * 64, name="report.pdf", paged=True)
SPANS = tuple(Span(DOCUMENT, page.start, page.end) for page in DOCUMENT.pages)
ABOUT = "What does the report say about the brewery?"


def keep(reply: str, question: str = ABOUT, *, overall: bool = False, fitting: bool = False) -> Kept:
    return keep_verified(question, reply, SPANS, overall=overall, fitting=fitting)


@pytest.mark.parametrize(
    "reply",
    [
        "The brewery was founded by Karel Havel in 1891. The director is Jan Novák.",
        "The brewery was founded by Karel Havel in 1891. It employs 42 people.",
        'According to the report, "the director is Jan Novák". The brewery employs 42 people.',
        "Sure! Here is what it says:\n\n- The brewery was founded by Karel Havel in 1891.\n- It employs 42 people.",
        "The cellar was built in 1907.",
        "He did not close the restaurant in 2022.",
    ],
)
def test_what_is_verified_stays_as_it_is(reply: str) -> None:
    kept = keep(reply)
    assert kept.text == reply
    assert (kept.removed, kept.reason) == (0, "")


@pytest.mark.parametrize(
    ("reply", "left", "reason"),
    [
        # A number, a name, an invention.
        (
            "The brewery was founded in 1891 by Karel Havel. Revenue in 2022 was 483,000 crowns.",
            "The brewery was founded in 1891 by Karel Havel.",
            "'483,000'",
        ),
        ("The director is Petr Novák. The brewery employs 42 people.", "The brewery employs 42 people.", "'Petr'"),
        (
            "The brewery employs 42 people. Imported hops ripen in oaken casks.",
            "The brewery employs 42 people.",
            "carr|words",
        ),
        # A quote, also where it runs over two sentences.
        (
            'The director is Jan Novák. The report says "the director was chosen by his wife".',
            "The director is Jan Novák.",
            "a quote",
        ),
        (
            "The brewery employs 42 people. He says: “The director is Jan Novák. He is chosen by lot.” So it is.",
            "The brewery employs 42 people.",
            "a quote",
        ),
        # A negation on one side only.
        (
            "The restaurant was closed in 2022. The brewery employs 42 people.",
            "The brewery employs 42 people.",
            "denies",
        ),
        (
            "The director is not Jan Novák. The brewery employs 42 people.",
            "The brewery employs 42 people.",
            "it denies",
        ),
        # What leans on a sentence that goes.
        (
            "The brewery employs 42 people. Petr Dvořák directs it since 1999. He was born in 1891.",
            "The brewery employs 42 people.",
            "carries",
        ),
        (
            "The brewery employs 42 people.\n\nIt never sold in Germany:\n- a pale lager\n- a wheat beer",
            "The brewery employs 42 people.",
            "",
        ),
        (
            "The brewery employs 42 people. Three kinds of beer are brewed:\n- a red ale\n- a stout",
            "The brewery employs 42 people.",
            "",
        ),
    ],
)
def test_what_is_not_verified_goes(reply: str, left: str, reason: str) -> None:
    kept = keep(reply)
    assert kept.text == left
    assert kept.removed >= 1
    assert re.search(reason, kept.reason), kept.reason


@pytest.mark.parametrize(
    ("question", "reply"),
    [
        ("What was revenue in 2022?", "483,000 crowns"),
        ("Who is the director?", 'The director is Jan Novák, "chosen by his wife in the spring".'),
        ("Was the restaurant closed in 2022?", "Yes. The restaurant was closed in 2022."),
        ("Did revenue rise in 2022?", "Yes. It rose by 99,000 crowns, as Petr says."),
        ("What is the name of the owner's dog?", "Jan Novák"),
        ("What was revenue in 2022?", "Here is what the report says:"),
        ("What was revenue in 2031?", "In 2022 revenue rose to 482,000 crowns."),
    ],
)
def test_nothing_of_substance_left_is_no_answer(question: str, reply: str) -> None:
    kept = keep(reply, question, fitting=True)
    assert kept.text is None
    assert kept.reason


@pytest.mark.parametrize(
    ("question", "reply"),
    [
        ("What was revenue in 2022?", "482,000 crowns"),
        ("What was revenue in 2022?", "Revenue in 2022 was 482,000 crowns."),
        ("Was the restaurant closed in 2022?", "No."),
        ("Was the restaurant closed in 2022?", "No, he did not close the restaurant in 2022."),
        ("Who is the director?", "Jan Novák"),
    ],
)
def test_a_short_answer_stays(question: str, reply: str) -> None:
    assert keep(reply, question).text == reply


def test_a_summary_is_held_to_its_quotes_numbers_and_names() -> None:
    summary = (
        'A small firm in good shape. Revenue grew to 482,000. Its owner is Petr Zeman. It has "a splendid old tower".'
    )
    kept = keep("An old house doing well. " + summary, "Summarize the report.", overall=True)
    assert kept.text == "An old house doing well. A small firm in good shape. Revenue grew to 482,000."
    assert kept.removed == 2


def test_nothing_is_reworded() -> None:
    reply = "The director is Jan Novák.  Revenue was 9,999 crowns.\n\n*The brewery employs 42 people.*"
    text = keep(reply).text
    assert text == "The director is Jan Novák.  *The brewery employs 42 people.*"


def test_nothing_read_carries_nothing() -> None:
    assert keep_verified("Who?", 'Jan. "The director of it all."', []).text is None
