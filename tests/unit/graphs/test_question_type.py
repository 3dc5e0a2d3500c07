"""Kinds of questions, told from their words: questions of our own, several for each cue."""

import time

import pytest

from longagent.graphs.auto import question_type

LOOK_UPS = [
    "What is the registered office of the seller?",
    "Who signed the inspection report?",
    "When does the licence expire?",
    "How many employees does the company have?",
    "How much did the bridge cost?",
    "What was the total equity at the end of June?",
    "Which two segments does the group report?",
    "What is the name of the harbour master?",
    "Who is the man who keeps the keys?",
    "How do I reset the pump?",
    "How is the bonus paid?",
    "What percentage of the shares does the family hold?",
    "Does the lease allow pets?",
    "What is the interest rate of the second loan?",
    "No later than which day must the notice be given?",
    "What is the highest mountain of the island?",
    "Where is the reading room?",
    "Which page has the index?",
    "Who is the director of the museum?",
    "What does the summary of accounting policies say about leases?",
    "Which unit is used to compute the fee?",
    "FOLIO test set size",
    "Wer hat den Bericht unterschrieben, und warum?",
    "¿Por qué subieron los ingresos?",
    "为什么收入增加了？",
    "Сколько всего договоров подписано?",
]

SUMMARIES = [
    "Summarize the report.",
    "Please summarise chapter three in two paragraphs.",
    "Read this and then summarize it for a child",
    "TL;DR?",
    "Give me a short overview of the contract.",
    "Write an executive summary.",
    "A brief summary of the minutes",
    "What is this document about?",
    "What's the novel about?",
    "What are the main findings?",
    "List the key takeaways.",
    "What happens in the story?",
]

CALCULATIONS = [
    "Calculate the rent for the whole term.",
    "By what percentage did sales grow in 2021?",
    "What was the percentage change in net income?",
    "How many days passed between the order and the delivery?",
    "How old was Marta when she left the village?",
    "How long after the flood was the dam repaired?",
    "How many more tons were shipped in May than in April?",
    "How much did the debt decrease from 2019 to 2020?",
    "What is the ratio of debt to equity?",
    "How much would the tenant owe if he left in March?",
]

AGGREGATES = [
    "List the suppliers.",
    "Find all clauses that mention arbitration.",
    "What are all the fees a customer may be charged?",
    "How many times does the narrator mention the sea?",
    "How often is the lighthouse mentioned?",
    "How many different ships appear?",
    "How many people were injured in total?",
    "What is the sum of all payments to the contractor?",
    "What is the budget of each department?",
    "Which region had the highest turnover?",
    "Which of the ships was lost first? And which ship carried the largest crew, or: which ship was the largest?",
    "Who scored the most goals?",
    "Name the top five customers.",
    "Which subsidiaries were sold?",
    "Across all chapters, who speaks about the war?",
]

COMPARISONS = [
    "Compare the two offers.",
    "How does the old valve compare with the new one?",
    "What is the difference between a lessee and a licensee?",
    "How do the two witnesses differ?",
    "What distinguishes the captain from his brother?",
    "How did revenue change from 2019 to 2020?",
    "How have inventory levels changed over time?",
    "Is the northern road longer than the southern one?",
    "Which opened earlier, the theatre or the library?",
    "Are Anna and Berta both physicians?",
    "Gas versus electric heating: what does the report say?",
    "What do the two treaties have in common?",
    "Are there trends in the number of complaints?",
]

PATHS = [
    "When was the wife of the founder of the mill born?",
    "Who is the mother of the director of the film Grey Water?",
    "Where did the man who bought the mill grow up?",
    "Which company followed the company that built the bridge?",
    "What nationality is the author's husband?",
    "Who hired the auditor who signed the report?",
    "The mill was sold to a man born in what year?",
    "When did the predecessor of the chairman resign?",
    "What is the capital of the country where the composer of the anthem died?",
]

EXPLANATIONS = [
    "Why did the committee resign?",
    "Who resigned, and why?",
    "How did the strike affect deliveries?",
    "What were the reasons for the delay?",
    "What consequences does late payment have?",
    "What lesson does the boy learn?",
    "What does his letter tell us about his plans?",
    "What led to the collapse?",
    "Explain the second objection.",
    "What are the disadvantages of the new valve?",
    "How does the captain grow throughout the novel?",
    "What might happen to the deposit?",
]


@pytest.mark.parametrize(
    ("kind", "questions"),
    [
        ("look-up", LOOK_UPS),
        ("summary", SUMMARIES),
        ("calculation", CALCULATIONS),
        ("aggregate", AGGREGATES),
        ("comparison", COMPARISONS),
        ("multi-hop", PATHS),
        ("explanation", EXPLANATIONS),
    ],
)
def test_kinds_of_questions(kind: str, questions: list[str]) -> None:
    assert [(question, question_type(question).kind) for question in questions] == [
        (question, kind) for question in questions
    ]


def test_the_words_that_decide_are_told() -> None:
    told = question_type("How many  people were\ninjured IN TOTAL?")
    assert told.cue == "how many people were injured in total"
    assert told.cue in "how many people were injured in total?"
    assert question_type("Who signed?").cue == ""


def test_capitals_quotes_and_line_breaks_do_not_matter() -> None:
    assert question_type("WHAT’S THIS\nDOCUMENT ABOUT").kind == "summary"
    assert question_type("  why   DID it rain?  ").kind == "explanation"


@pytest.mark.parametrize("question", ["", "   ", "?", "…!"])
def test_a_question_without_a_word_is_unclear(question: str) -> None:
    assert question_type(question).kind == "unclear"


@pytest.mark.parametrize("filler", ["change from ", "the person who ", "which is more ", "x" * 50 + " ", "how much "])
def test_a_very_long_question_takes_no_time_and_is_told_by_its_ends(filler: str) -> None:
    started = time.monotonic()
    question_type(filler * 20_000)
    assert time.monotonic() - started < 1
    assert question_type("word " * 20_000 + "Summarize this.").kind == "look-up"
    assert question_type("word. " * 20_000 + "Summarize this.").kind == "summary"
    assert question_type("Summarize this: " + "word " * 20_000).kind == "summary"
