import time

import pytest

from longagent.documents.formats import html
from longagent.documents.parsed import Heading, Parsed, UnreadableError


def text_of(source: str | bytes) -> str:
    return "\n\n".join(part.text for part in read(source).parts)


def read(source: str | bytes) -> Parsed:
    return html.read(source.encode() if isinstance(source, str) else source)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("<p>one\n  two<p>three", "one two\n\nthree"),
        ("<div><div>a</div></div><div>b<br>c<br><br>d</div>", "a\n\nb\nc\n\nd"),
        ("<b>a</b><i>b</i> <u>c</u>", "ab c"),
        ("<p>a&nbsp;b &amp; &#8364;5 so&shy;ft", "a b & €5 soft"),
        ("<ul><li>a<li><p>b<ol start=3><li>c</li><li>d</ol></ul>e", "- a\n- b\n\n  3. c\n  4. d\n\ne"),
        ("<pre>\n a  b\n  c</pre>", " a  b\n  c"),
        ("<p>He said <q>no</q>, 10<sup>6</sup> times<sup>th</sup>", "He said “no”, 10^6 timesth"),
        ("<ruby>東<rp>(</rp><rt>とう</rt><rp>)</rp></ruby>京", "東京"),
        ("<p>a <img src=x.png alt='A map of Rome'> b <img alt='p.png'><img alt=''>", "a [Image: A map of Rome] b"),
        ("<p><img alt='T'>he end", "The end"),
        ("a\x00b<p>c&#1;d&#xD800;", "ab\n\ncd\ufffd"),
        ("<dl><dt>Rate<dd>5 %</dl>", "Rate\n5 %"),
    ],
)
def test_text_reads_as_a_browser_shows_it(source: str, expected: str) -> None:
    assert text_of(source) == expected


@pytest.mark.parametrize(
    "hidden",
    [
        "<script>var secret</script>",
        "<style>.secret{}</style>",
        "<noscript>secret</noscript>",
        "<template><p>secret</template>",
        "<nav><a>secret</a></nav>",
        "<div role=navigation>secret</div>",
        "<p hidden>secret",
        "<p style='color:red; DISPLAY: none'>secret",
        "<style>/* x */ .h, p{display:none}</style><p class='a h'>secret",
        "<!-- secret -->",
        "<svg><text>secret</text></svg>",
        "<select><option>secret</select>",
        "<div style='display:none'><ix:header>secret</ix:header></div>",
    ],
)
def test_what_is_not_to_be_read_is_left_out(hidden: str) -> None:
    assert text_of(f"<html><body><div>before</div>{hidden}</div></p><div>after</div>") == "before\n\nafter"


@pytest.mark.parametrize(
    "shown",
    [
        "<style>.tab{display:none} .tab.active{display:block}</style><p class=tab>kept",
        "<style>@media print{.tab{display:none}}</style><p class=tab>kept",
        "<footer><p>kept</footer>",
        "<aside>kept</aside>",
        "<button>kept</button>",
        "<div aria-hidden=true>kept</div>",
        "<p hidden=until-found>kept",
    ],
)
def test_what_may_be_shown_is_kept(shown: str) -> None:
    assert "kept" in text_of(f"<p>x</p>{shown}")


def test_a_page_that_scripts_uncover_is_read_with_a_warning() -> None:
    parsed = read("<div style='display:none'><p>The fee is 5.</div>")
    assert [part.text for part in parsed.parts] == ["The fee is 5."]
    assert parsed.warnings == ("all of its text is hidden until a script shows it",)
    assert text_of("<body style='display:none'><p>a") == "a"


@pytest.mark.parametrize("source", ["<html></html>", "<script>render()</script><div id=app></div>", "<img src=a>"])
def test_a_page_without_text_is_refused(source: str) -> None:
    with pytest.raises(UnreadableError, match="no text in it"):
        read(source)


def test_sections_begin_at_headings() -> None:
    parsed = read("<title>T</title>intro<h1>One <b>two</b></h1><p>a</p><ul><li><h3>Deep</h3>b</ul><h2> </h2>c")
    assert [(part.title, part.text) for part in parsed.parts] == [
        ("T", "intro"),
        ("One two", "One two\n\na"),
        ("Deep", "- Deep\n\nb\n\nc"),
    ]
    assert parsed.parts[2].headings == (Heading(2, 3, "Deep"),)


@pytest.mark.parametrize("inner", ["<div><h2>Two</h2></div>", "<table><tr><td><h2>Two</h2></table>"])
def test_a_heading_within_another_ends_it(inner: str) -> None:
    parsed = read(f"<h1>One {inner} after</h1><p>text")
    assert [part.text for part in parsed.parts] == ["One", "Two\n\nafter\n\ntext"]
    assert [part.headings for part in parsed.parts] == [(Heading(0, 1, "One"),), (Heading(0, 2, "Two"),)]


def test_tables_are_rows() -> None:
    source = "<table><caption>Sales</caption><tr><th>Place<th>2023<th>Note<tr><td>North<td>5<td><tr><td>South<td>7<td>*"
    assert text_of(source) == "Sales\n\nPlace | 2023 | Note\nNorth | 5\nSouth | 7 | *"
    named = "<table><tr><th>Region<th>Sales<tr><td>North<td>5<tr><td>South<td>7</table>"
    assert text_of(named) == "Region | Sales\nRegion: North | Sales: 5\nRegion: South | Sales: 7"


def test_cells_of_financial_tables_are_put_together() -> None:
    row = "<tr><td>{}<td>&nbsp;<td>$<td>{}<td>)<td>&nbsp;<td>{}<td>%"
    source = f"<table><tr><td><td colspan=4>Loss<td colspan=3>Share{row.format('A', '(5', 3)}{row.format('B', '(7', 4)}"
    assert text_of(source) == "Loss | Share\nA | Loss: $(5) | Share: 3%\nB | Loss: $(7) | Share: 4%"


def test_tables_for_the_layout_are_blocks() -> None:
    assert text_of("<table><tr><td>a<td><table><tr><td>x<td>y</table><td><h2>T</h2>b</table>") == "a\n\nx | y\n\nT\n\nb"


def test_cells_that_reach_over_rows_keep_the_columns() -> None:
    source = "<table><tr><th>City<th>Year<th>Size<tr><td rowspan=2>Rome<td>1900<td>1<tr><td>2000<td>3</table>"
    assert text_of(source).splitlines()[2] == "Year: 2000 | Size: 3"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"<meta charset=windows-1251>" + "Привет".encode("cp1251"), "Привет"),
        (b"<meta http-equiv=x content='text/html; charset=iso-8859-1'>5 \x80", "5 €"),
        (b"<?xml version='1.0' encoding='shift_jis'?><p>" + "東京".encode("cp932"), "東京"),
        (b"<meta charset=iso-8859-1>" + "für".encode(), "für"),
        (b"<meta charset=unicode_escape>\\u0041", "\\u0041"),
        ("<meta charset=utf-8>für".encode("utf-16"), "für"),
        ("\ufeff<p>für".encode(), "für"),
    ],
)
def test_encodings_are_those_the_page_names_unless_its_bytes_say_otherwise(data: bytes, expected: str) -> None:
    assert text_of(data) == expected


def test_xhtml_closes_elements_at_once_and_its_dtd_is_not_obeyed() -> None:
    source = '<?xml version="1.0"?><!DOCTYPE html [<!ENTITY x SYSTEM "file:///etc/passwd">]><title/><script/><p>a &x; b'
    assert text_of(source) == "a &x; b"


@pytest.mark.parametrize(
    "source",
    [
        "<div>" * 60_000 + "needle" + "</div>" * 60_000,
        "<ul><li>" * 30_000 + "needle",
        "<b>" * 60_000 + "needle",
        "<table><tr><td>" * 20_000 + "needle",
        "<p><font size=1>" * 5_000 + "needle",
        "<!--" * 100_000 + "--><p>needle",
        "<a" * 100_000 + "><p>needle",
        "<style>" + "a" * 200_000 + "</style>needle",
        "<?xml version='1.0'?><html>" + "<!DOCTYPE[" * 100_000 + "<p>needle",
        "<style>" + "a," * 20_000 + "b{" + " " * 20_000 + "}</style>needle",
        "<table><tr><td colspan=1000 rowspan=60000>needle<td>b<tr><td>c" + "<tr><td>x" * 300 + "</table>",
    ],
)
def test_hostile_nesting_takes_little_time(source: str) -> None:
    start = time.perf_counter()
    assert "needle" in text_of(source)
    assert time.perf_counter() - start < 20


def test_tables_below_many_open_tags_stay_tables() -> None:
    source = "<font size=2>" * 600 + "<svg><path/></svg>" * 600 + "<table><tr><td>a<td>b<tr><td>c<td>d</table>"
    assert text_of(source) == "a | b\nc | d"
