"""Files of central banks as tables of rates: NBU (JSON, XML), CBR (XML), NBP (JSON); read in the limited child."""

import json
from collections.abc import Iterator
from typing import Any, BinaryIO, TextIO

from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException

from app.core.errors import N_, Refused
from app.imports.limits import Limits

HEADER = ["Base", "Quote", "Nominal", "Rate", "Day", "Source"]
UNKNOWN = N_(
    "This is not a list of rates of NBU, CBR or NBP. Save the table as CSV or XLSX with currency, rate and date, "
    "and upload that."
)
Line = list[str]


def read_rates(stream: BinaryIO, limits: Limits, out: TextIO) -> dict[str, Any]:
    """Write the rates of a bank's file into `out` as lines of a table."""
    content = stream.read()
    lines = list(_lines(content))
    if not lines or len(lines) > limits.rows:
        raise Refused(UNKNOWN)
    numbered = [[number, *line] for number, line in enumerate(lines, 2)]
    out.write(json.dumps(numbered, ensure_ascii=False) + "\n")
    shape = {"header": HEADER, "header_line": 1, "count": len(lines)}
    return {**shape, "format": "csv", "encoding": "utf-8", "delimiter": ";"}


def _lines(content: bytes) -> Iterator[Line]:
    try:
        if content.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<"):
            yield from _xml(ElementTree.fromstring(content.removeprefix(b"\xef\xbb\xbf").strip()))
            return
        said = json.loads(content.decode("utf-8-sig"), parse_float=str, parse_int=str)
        for item in said if isinstance(said, list) else [said]:
            yield from _json(item)
    except (ElementTree.ParseError, DefusedXmlException, ValueError, KeyError, TypeError, AttributeError) as error:
        raise Refused(UNKNOWN) from error


def _xml(root: Any) -> Iterator[Line]:
    if root.tag == "ValCurs":
        for one in root.iter("Valute"):
            rate = one.findtext("Value").replace(",", ".")
            yield [one.findtext("CharCode"), "RUB", one.findtext("Nominal"), rate, _iso(root.get("Date")), "CBR"]
    elif root.tag == "exchange":
        for one in root.iter("currency"):
            if one.findtext("cc"):
                yield [one.findtext("cc"), "UAH", "1", one.findtext("rate"), _iso(one.findtext("exchangedate")), "NBU"]
    else:
        raise ValueError


def _json(item: dict[str, Any]) -> Iterator[Line]:
    if "exchangedate" in item:
        yield [item["cc"], "UAH", "1", item["rate"], _iso(item["exchangedate"]), "NBU"]
    elif "CurrencyCodeL" in item:
        yield [item["CurrencyCodeL"], "UAH", item["Units"], item["Amount"], _iso(item["StartDate"]), "NBU"]
    else:
        for one in item["rates"]:  # NBP: a table of a day, or a currency with its days
            day = one.get("effectiveDate") or item["effectiveDate"]
            yield [one.get("code") or item["code"], "PLN", "1", one["mid"], day, "NBP"]


def _iso(day: str) -> str:
    """21.11.2026 or 21/11/2026 → 2026-11-21."""
    first, second, third = day.replace("/", ".").split(".")
    return f"{third}-{second:0>2}-{first:0>2}"
