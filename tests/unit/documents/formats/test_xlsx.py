"""Excel workbooks: sheets with their rows, and the values as they are shown."""

from datetime import date, datetime, time
from io import BytesIO

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.chart import BarChart, Reference
from openpyxl.comments import Comment
from openpyxl.styles import Font
from support.office import RELATIONS, package, relations, with_member

from longagent.documents import Document
from longagent.documents.formats import xlsx
from longagent.documents.formats.xlsx import read
from longagent.documents.parsed import UnreadableError

SHEET = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'


def saved(workbook: openpyxl.Workbook) -> bytes:
    data = BytesIO()
    workbook.save(data)
    return data.getvalue()


def sheet(rows: str, **others: str) -> bytes:
    """Write a workbook of one sheet by hand."""
    parts = {
        "xl/workbook.xml": f'<workbook {SHEET} xmlns:r="{RELATIONS}"><sheets>'
        '<sheet name="S" r:id="worksheet"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": relations(worksheet="sheet.xml", **{kind: f"{kind}.xml" for kind in others}),
        "xl/sheet.xml": f"<worksheet {SHEET}><sheetData>{rows}</sheetData></worksheet>",
    }
    return package("xl/workbook.xml", parts | {f"xl/{kind}.xml": content for kind, content in others.items()})


def test_values_are_shown_as_in_excel_and_rows_say_their_columns() -> None:
    workbook = openpyxl.Workbook()
    page = workbook.active
    page.title = "Sales"
    page.append(["Sales by region"])
    page.append([])
    page.append(["Region", "From", "At", "Share", "Revenue", "Done"])
    page.append(["North", date(2024, 3, 5), datetime(2024, 3, 5, 14, 30), 0.125, 1234.5, True])
    page.append(["South", date(2024, 3, 6), time(9, 15), 1, -0.1 - 0.2, False])
    for row in (4, 5):
        page.cell(row, 4).number_format = "0.0%"
        page.cell(row, 5).number_format = "#,##0.00 [$€-407]"
    (part,) = read(saved(workbook)).parts
    assert (part.title, part.label) == ("Sales", "rows 1-5")
    assert part.text == (
        "Sales\n\nSales by region\n\nRegion | From | At | Share | Revenue | Done\n"
        "Region: North | From: 2024-03-05 | At: 2024-03-05 14:30:00 | Share: 12.5% | Revenue: 1,234.50 € | Done: TRUE\n"
        "Region: South | From: 2024-03-06 | At: 9:15:00 | Share: 100.0% | Revenue: -0.30 € | Done: FALSE"
    )


def test_long_sheets_make_several_parts_under_one_heading() -> None:
    workbook = openpyxl.Workbook()
    workbook.active.title = "Log"
    for number in range(450):
        workbook.active.append([number, f"event {number}", "note"])
    workbook.create_sheet("Nothing")
    workbook.create_sheet("Plan")["C7"] = "secret"
    workbook["Plan"].sheet_state = "veryHidden"
    parsed = read(saved(workbook))
    assert [part.title for part in parsed.parts] == ["Log", "Log", "Log", "Plan (hidden sheet)"]
    assert [part.label for part in parsed.parts] == ["rows 1-200", "rows 201-400", "rows 401-450", "row 7"]
    whole = Document.from_parsed(parsed, id="0", name="log.xlsx")
    assert whole.path_at(whole.text.index("event 449")) == ("Log",)
    assert whole.path_at(whole.text.index("secret")) == ("Plan (hidden sheet)",)


def test_merged_cells_stand_in_each_of_their_rows() -> None:
    workbook = openpyxl.Workbook()
    for row in [["Team", "Name", "Role"], ["Legal", "Anna", "Head"], ["", "Bob", "Clerk"], ["IT", "Cem", "Head"]]:
        workbook.active.append(row)
    workbook.active.merge_cells("A2:A3")
    assert "Team: Legal | Name: Bob | Role: Clerk\nTeam: IT" in read(saved(workbook)).parts[0].text


def test_a_header_of_two_columns_is_known_by_its_bold_type() -> None:
    workbook = openpyxl.Workbook()
    for row in [["Name", "City"], ["Anna", "Bonn"]]:
        workbook.active.append(row)
    plain = read(saved(workbook)).parts[0].text
    for cell in workbook.active[1]:
        cell.font = Font(bold=True)
    assert plain.endswith("Name | City\nAnna | Bonn")
    assert read(saved(workbook)).parts[0].text.endswith("Name | City\nName: Anna | City: Bonn")


def test_formulas_give_their_stored_results_and_say_so_if_there_are_none() -> None:
    rows = (
        '<row r="1"><c r="A1"><f>1+1</f><v>2</v></c><c r="B1" t="str"><f>"a"</f><v>a</v></c>'
        '<c r="C1"><f>B9</f></c><c r="D1" t="str"><f>""</f><v></v></c></row>'
    )
    parsed = read(sheet(rows))
    assert parsed.parts[0].text == "S\n\n2 | a | =B9"
    assert parsed.warnings[0].startswith("1 formula has no stored result")


def test_cells_of_every_kind() -> None:
    strings = (
        f"<sst {SHEET}><si><t>plain</t></si>"
        "<si><r><t>rich </t></r><r><t>text</t></r><rPh><t>reading aid</t></rPh></si></sst>"
    )
    rows = (
        '<row><c t="s"><v>0</v></c><c t="s"><v>1</v></c><c t="s"><v>7</v></c>'
        '<c t="inlineStr"><is><t>in line</t></is></c><c t="e"><v>#DIV/0!</v></c>'
        '<c t="d"><v>2024-03-05T00:00:00</v></c><c><v>0.30000000000000004</v></c></row>'
    )
    text = read(sheet(rows, sharedStrings=strings)).parts[0].text
    assert text == "S\n\nplain | rich text | in line | #DIV/0! | 2024-03-05 | 0.3"


def test_comments_and_charts_stand_after_the_rows() -> None:
    workbook = openpyxl.Workbook()
    page = workbook.active
    page.title = "S"
    for row in [["Year", "Sales"], [2023, 5], [2024, 6]]:
        page.append(row)
    page["B2"].comment = Comment("Check this", "Anna")
    chart = BarChart()
    chart.title = "Sales by year"
    chart.add_data(Reference(page, min_col=2, min_row=1, max_row=3), titles_from_data=True)
    page.add_chart(chart)
    text = read(saved(workbook)).parts[0].text
    assert text.endswith("Year: 2024 | Sales: 6\n\nComment on B2: Check this\n\nChart: Sales by year")


def test_what_is_too_much_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx, "CHARACTERS", 3000)
    workbook = openpyxl.Workbook()
    for number in range(1000):
        workbook.active.append([f"event {number}"])
    workbook.create_sheet("More")
    parsed = read(saved(workbook))
    assert [part.label for part in parsed.parts] == ["rows 1-200", "rows 201-400"]
    assert parsed.warnings == (
        "it is too large to be read whole: what follows Sheet, rows 201-400 was not read, nor 1 more sheet",
    )


def test_a_damaged_sheet_costs_only_itself() -> None:
    workbook = openpyxl.Workbook()
    workbook.active["A1"] = "lost"
    workbook.create_sheet("Good")["A1"] = "kept"
    parsed = read(with_member(saved(workbook), "xl/worksheets/sheet1.xml"))
    assert [part.text for part in parsed.parts] == ["Good\n\nkept"]
    assert parsed.warnings[0].startswith("not all of the sheet Sheet could be read: the file is damaged")


def test_a_column_that_no_sheet_has_is_damage() -> None:
    rows = f'<row r="1"><c r="A1"><v>a</v></c><c r="{"Z" * 30}1"><v>b</v></c></row><row r="2"><c><v>1</v></c></row>'
    with pytest.raises(UnreadableError, match="is damaged"):
        read(sheet(rows))


def test_a_workbook_without_sheets_is_broken() -> None:
    with pytest.raises(UnreadableError, match="sheets are missing"):
        read(package("xl/workbook.xml", {"xl/workbook.xml": f"<workbook {SHEET}/>"}))


CELLS = (
    st.none()
    | st.integers(-(10**9), 10**9)
    | st.text("aé字1 |:=", min_size=1, max_size=6).filter(lambda t: t[0] != "=")
)


@settings(max_examples=40)
@given(st.lists(st.lists(CELLS, max_size=5), max_size=8))
def test_no_cell_is_lost(rows: list[list[int | str | None]]) -> None:
    workbook = openpyxl.Workbook()
    for row in rows:
        workbook.active.append(row)
    text = "\n".join(part.text for part in read(saved(workbook)).parts)
    for row in rows:
        shown = [" ".join(str(cell).split()) for cell in row if cell is not None and str(cell).strip()]
        assert not shown or any(_holds(line, shown) for line in text.split("\n"))


def _holds(line: str, cells: list[str]) -> bool:
    """Whether a line has the cells in order."""
    place = 0
    for cell in cells:
        place = line.find(cell, place)
        if place < 0:
            return False
        place += len(cell)
    return True
