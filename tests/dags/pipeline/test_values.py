"""What staging holds is what the source holds, to the byte."""

from __future__ import annotations

import pytest

HOSTILE = {
    "empty": "",
    "the word NA": "NA",
    "the word NULL": "NULL",
    "backslash N": r"\N",
    "end of data": "\\.",
    "end of data on its own line": "a\n\\.\nb",
    "backslashes": r"adventure-works\ken0 \t \\ \'",
    "quotes": "\"double\" 'single' “typographic”",
    "one quote": '"',
    "comma": "Bell, brass, 3",
    "carriage return": "a\rb",
    "line feed": "a\nb",
    "both": "a\r\nb\r\n",
    "tab": "a\tb",
    "spaces around": "  a  ",
    "space alone": " ",
    "emoji": "🚲👩‍👩‍👧",
    "combining": "e\u0301 \u00e9",
    "right to left": "\u202eabc",
    "byte order mark": "\ufeffa",
    "formula": "=1+1",
    "semicolon": "a; DROP TABLE x; --",
    "percent": "%s %(x)s %%",
    "brace": "{0} {{ x }}",
    "number": "007",
    "float": "1e5",
    "date": "2024-09-01",
    "nul escape": "\\x00",
    "long": "ü" * 5000,
}


@pytest.fixture
def hostile(small_source):
    """Every text in two short columns, and the first text in a column without a limit."""
    for number, text in enumerate(HOSTILE.values(), start=1000):
        small_source.in_source(
            "INSERT INTO sales.salesreason (salesreasonid, name, reasontype, modifieddate) VALUES (%s, %s, %s, now())",
            (number, text[:50], text[:50]),
        )
        small_source.in_source(
            "INSERT INTO humanresources.employee (businessentityid, nationalidnumber, loginid, jobtitle, birthdate,"
            " maritalstatus, gender, hiredate, organizationnode, modifieddate)"
            " SELECT 1, '1', 'x', 'y', '1980-01-01', 'M', 'F', '2010-01-01', %s, now() WHERE %s = 1000"
            " ON CONFLICT DO NOTHING",
            (text, number),
        )
    small_source.in_source("UPDATE sales.salesterritory SET name = 'x'")
    return small_source


def test_hostile_texts_arrive_unchanged(hostile):
    hostile.run()
    assert hostile.staging_rows("salesreason") == hostile.source_rows("salesreason")
    assert len(hostile.staging_rows("salesreason")) == len(HOSTILE)


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_in_an_unbounded_column(small_source, text):
    small_source.in_source("UPDATE sales.salesorderheader SET comment = %s", (text[:128],))
    small_source.run("salesorderheader")
    assert small_source.staging_rows("salesorderheader") == small_source.source_rows("salesorderheader")


def test_null_and_empty_stay_apart(small_source):
    small_source.in_source("UPDATE person.person SET title = '' WHERE businessentityid = 1")
    small_source.run("person")
    titles = {row[0]: row[3] for row in small_source.staging_rows("person")}
    assert titles == {"1": "", "2": "\\N"}


@pytest.mark.parametrize(
    "assignment",
    [
        "listprice = 12345678901234567890.123456789",
        "listprice = 0.10",
        "listprice = 'NaN'",
        "weight = 0.01",
        "size = '  L '",
        "sizeunitmeasurecode = 'CM'",
        "\"class\" = 'M', \"style\" = 'U', productline = 'R'",
        "sellstartdate = '2024-01-01 00:00:00.123456'",
        "sellstartdate = '-infinity', sellenddate = 'infinity'",
        "sellstartdate = '0044-03-15 12:00 BC'",
        "makeflag = false, finishedgoodsflag = true",
        "productsubcategoryid = NULL",
        "productsubcategoryid = 2147483647",
    ],
)
def test_numbers_dates_flags_and_padding(small_source, assignment):
    small_source.in_source(f"UPDATE production.product SET {assignment}")
    small_source.run("product")
    assert small_source.staging_rows("product") == small_source.source_rows("product")


@pytest.mark.parametrize(
    "xml",
    [
        '<?xml version="1.0"?><a/>',
        "<a xmlns='urn:x'><b c=\"1,2\">é &amp; &lt; 🚲</b>\n<!-- ', \" --></a>",
        '<a><![CDATA[ x < y && "z" ]]></a>',
        "just text",
    ],
)
def test_xml(small_source, xml):
    small_source.in_source("UPDATE person.person SET demographics = %s", (xml,))
    small_source.run("person")
    assert small_source.staging_rows("person") == small_source.source_rows("person")


@pytest.mark.parametrize("setting", ["datestyle = 'German'", "timezone = 'Asia/Tokyo'", "intervalstyle = 'iso_8601'"])
def test_settings_of_the_source_do_not_matter(small_source, setting):
    small_source.in_source(f"ALTER DATABASE test_source SET {setting}")
    small_source.run()
    assert small_source.staging_rows("salesorderdetail") == small_source.source_rows("salesorderdetail")
    assert small_source.staging_rows("product") == small_source.source_rows("product")
