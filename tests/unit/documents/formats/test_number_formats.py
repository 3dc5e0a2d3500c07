"""What a cell shows."""

import pytest

from longagent.documents.formats.number_formats import BUILT_IN, formatter


@pytest.mark.parametrize(
    ("code", "number", "shown"),
    [
        ("General", 0.1 + 0.2, "0.3"),
        ("General", 1e6, "1000000"),
        ("0", 2.5, "3"),
        ("0.00", -0.004, "0.00"),
        ("0.00", 1.005, "1.01"),
        ("#,##0", 1234567.8, "1,234,568"),
        ("#,##0.0#", 1234.5, "1,234.5"),
        ("0%", 0.125, "13%"),
        ("0.0 %", 0.5, "50.0 %"),
        ('0.0"%"', 0.5, "0.5%"),
        ("#,##0.00 [$€-407]", 1234.5, "1,234.50 €"),
        ("[$£-809]#,##0", 1234, "£1,234"),
        ("$#,##0.00;[Red]($#,##0.00)", -1234.5, "($1,234.50)"),
        ('_(* #,##0.00_);_(* \\(#,##0.00\\);_(* "-"??_);_(@_)', -5, "(5.00)"),
        ('_(* #,##0.00_);_(* \\(#,##0.00\\);_(* "-"??_);_(@_)', 0, "-"),
        ("0.0,,\\M", 12_345_678, "12.3M"),
        ('[>=1000]#,##0,"k";0', 1234, "1k"),
        ('[>=1000]#,##0,"k";0', 7, "7"),
        ("(###) ###-####", 5551234567, "(555) 123-4567"),
        ("00000", 42, "00042"),
        ('0 "items"', 3, "3 items"),
        ("0.00E+00", 1234.5, "1.23E+03"),
        ("# ?/?", 1.5, "1 1/2"),
        ("# ??/??", -0.25, "-1/4"),
        ("yyyy-mm-dd", 45356, "2024-03-05"),
        ("dd.mm.yyyy hh:mm", 45356.5, "05.03.2024 12:00"),
        ("mmm-yy", 45356, "Mar-24"),
        ("dddd, d mmmm yyyy", 45356, "Tuesday, 5 March 2024"),
        ("h:mm AM/PM", 0.75, "6:00 PM"),
        ("[h]:mm:ss", 1.5, "36:00:00"),
        ("mm:ss.0", 0.0007, "01:00.5"),
        ("yyyy-mm-dd", 1, "1900-01-01"),
        ("yyyy-mm-dd", 61, "1900-03-01"),
        ("yyyy-mm-dd", -1, "-1"),
        ("yyyy-mm-dd", 1e12, "1000000000000"),
        (BUILT_IN[14], 45356, "2024-03-05"),
    ],
)
def test_numbers_are_shown_as_their_format_says(code: str, number: float, shown: str) -> None:
    assert formatter(code)(number) == shown


def test_days_may_be_counted_from_1904() -> None:
    assert formatter("yyyy-mm-dd", since_1904=True)(0) == "1904-01-01"


@pytest.mark.parametrize("code", ["", ";;;", '"', "[", "\\", "_", "0.0.0", "%%%", "[>x]0", "E+", "/", "[$]", "am/pm"])
def test_formats_that_make_no_sense_break_nothing(code: str) -> None:
    assert isinstance(formatter(code)(1234.5), str)
