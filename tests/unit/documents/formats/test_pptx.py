"""PowerPoint presentations: slides are pages."""

from io import BytesIO

import pytest
from pptx import Presentation
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Inches
from support.office import package, with_member

from longagent.documents.formats.pptx import read
from longagent.documents.parsed import UnreadableError

SIZE = (Inches(1), Inches(1), Inches(4), Inches(2))
PRESENTATION = 'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main"'


def saved(presentation: "Presentation") -> bytes:
    data = BytesIO()
    presentation.save(data)
    return data.getvalue()


def test_a_slide_has_its_title_points_notes_and_text_in_groups() -> None:
    deck = Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[1])
    slide.shapes.add_group_shape().shapes.add_textbox(*SIZE).text_frame.text = "In a group"
    slide.shapes.title.text = "Plan"
    slide.placeholders[1].text = "First\nSecond"
    slide.notes_slide.notes_text_frame.text = "Say it slowly."
    deck.slides.add_slide(deck.slide_layouts[5]).shapes.title.text = "End"
    parsed = read(saved(deck))
    assert parsed.paged
    assert [part.title for part in parsed.parts] == ["Plan", "End"]
    assert parsed.parts[0].text == "Plan\n\n• First\n• Second\n\nIn a group\n\nNotes: Say it slowly."
    assert parsed.parts[0].headings[0].title == "Plan"


def test_tables_and_charts_give_their_figures() -> None:
    deck = Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[6])
    table = slide.shapes.add_table(3, 2, *SIZE).table
    for row, texts in enumerate([("Region", "Sales"), ("North", "1,200"), ("South", "900")]):
        for column, text in enumerate(texts):
            table.cell(row, column).text = text
    data = CategoryChartData()
    data.categories = ["2023", "2024"]
    data.add_series("North", (1.5, 0.1 + 0.2))
    chart = slide.shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, *SIZE, data).chart
    chart.has_title, chart.chart_title.text_frame.text = True, "Growth"
    assert read(saved(deck)).parts[0].text == (
        "Region | Sales\nRegion: North | Sales: 1,200\nRegion: South | Sales: 900\n\n"
        "Chart: Growth\n2023 | North: 1.5\n2024 | North: 0.3"
    )


def test_hidden_slides_are_said_and_numbers_may_begin_elsewhere() -> None:
    deck = Presentation()
    for name in ("Shown", "Aside"):
        deck.slides.add_slide(deck.slide_layouts[5]).shapes.title.text = name
    deck.slides[1]._element.set("show", "0")
    deck.part._element.set("firstSlideNum", "10")
    parts = read(saved(deck)).parts
    assert [(part.title, part.label) for part in parts] == [("Shown", "10"), ("Aside (hidden slide)", "11")]


def test_slides_without_text_are_said() -> None:
    deck = Presentation()
    deck.slides.add_slide(deck.slide_layouts[6])
    with pytest.raises(UnreadableError, match="has no text: 1 slide"):
        read(saved(deck))
    deck.slides.add_slide(deck.slide_layouts[5]).shapes.title.text = "Text"
    parsed = read(saved(deck))
    assert [part.text for part in parsed.parts] == ["", "Text"]
    assert parsed.warnings == ("slide 1 has no text, only pictures perhaps",)


@pytest.mark.parametrize(
    ("xml", "problem"),
    [(f"<p:presentation {PRESENTATION}/>", "has no slides"), ("<a/>", "is no presentation")],
)
def test_broken_ones(xml: str, problem: str) -> None:
    with pytest.raises(UnreadableError, match=problem):
        read(package("ppt/presentation.xml", {"ppt/presentation.xml": xml}))


def test_a_damaged_slide_costs_only_itself() -> None:
    deck = Presentation()
    for name in ("One", "Two"):
        slide = deck.slides.add_slide(deck.slide_layouts[5])
        slide.shapes.title.text = name
        slide.notes_slide.notes_text_frame.text = f"Notes of {name}"
    data = with_member(with_member(saved(deck), "ppt/slides/slide1.xml"), "ppt/notesSlides/notesSlide2.xml")
    parsed = read(data)
    assert [part.text for part in parsed.parts] == ["", "Two"]
    assert parsed.warnings == (
        "slide 1 has damaged content and could not be read",
        "slide 2 has damaged notes or comments, which could not be read",
    )
    with pytest.raises(UnreadableError, match="nothing of its 2 slides"):
        read(with_member(data, "ppt/slides/slide2.xml"))
