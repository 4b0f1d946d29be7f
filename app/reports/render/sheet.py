"""XLSX written as it grows: rows become XML and go through zlib at once, so memory does not depend on their number.

One helper puts a value into a cell. A string is always an inline string, never a formula, and where it begins like one
it carries the quote prefix too; what XML forbids is dropped. The same calls give the same bytes: zip dates are fixed.
"""

import datetime as dt
import re
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import IO, Any, BinaryIO
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

LAST_ROW = 1_048_576
_LONGEST = 32_767  # characters of a cell
_MOMENT = (2020, 1, 1, 0, 0, 0)
_EPOCH = dt.date(1899, 12, 30).toordinal()
_SPECIAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|[&<>]|_x[0-9A-Fa-f]{4}_")
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ESCAPED = re.compile("_(?=x[0-9A-Fa-f]{4}_)")
_FORMULA_STARTS = frozenset("=+-@\t\r'")
_CHUNK = 512  # rows joined before they are compressed
_KNOWN = 2000  # texts of a column whose cells are remembered
_NAMESPACE = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'

# kind → number format; each kind is styled plain, bold, boxed and boxed bold
_FORMATS = {
    "text": "@",
    "general": "General",
    "int": "0",
    "money": "#,##0.00",
    "fine": "#,##0.0000",
    "price": "#,##0.00######",
    "quantity": "#,##0.######",
    "percent": '0.##"%"',
    "date": "dd\\.mm\\.yyyy",
    "datetime": "dd\\.mm\\.yyyy\\ hh:mm",
}
_FORMATS["decimal4"] = _FORMATS["fine"]
_KINDS = list(_FORMATS)
_LOOKS = ("plain", "bold", "boxed", "total")
_SPECIAL_STYLES = ("header", "title", "wrap", "quoted")


def style(kind: str, look: str = "plain") -> int:
    """The style number of a kind of value in a look: plain, bold, boxed, total; or header, title, wrap, quoted."""
    if kind in _SPECIAL_STYLES:
        return 1 + len(_KINDS) * len(_LOOKS) + _SPECIAL_STYLES.index(kind)
    return 1 + _KINDS.index(kind) * len(_LOOKS) + _LOOKS.index(look)


def column_letters(number: int) -> str:
    """«A» of 0, «AB» of 27."""
    letters = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def text_xml(text: str) -> str:
    """The inline string of `text`: legal XML, at most 32 767 characters."""
    if len(text) > _LONGEST:
        text = text[: _LONGEST - 1] + "…"
    if _SPECIAL.search(text):
        text = escape(_ESCAPED.sub("_x005F_", _FORBIDDEN.sub("", text)))
    text = text.replace("\r", "&#13;") if "\r" in text else text
    if text[:1].isspace() or text[-1:].isspace() or "\n" in text:
        return f'<is><t xml:space="preserve">{text}</t></is>'
    return f"<is><t>{text}</t></is>"


def text_cell(reference: str, text: str, number: int) -> str:
    """A cell that is a string whatever it looks like."""
    if text[:1] in _FORMULA_STARTS and text:
        number = style("quoted")
    return f'<c r="{reference}" s="{number}" t="inlineStr">{text_xml(text)}</c>'


def number_cell(reference: str, value: object, number: int) -> str:
    """A cell that is a number; dates become the spreadsheet's day numbers."""
    return f'<c r="{reference}" s="{number}"><v>{number_text(value)}</v></c>'


def formula_cell(reference: str, formula: str, value: object, number: int) -> str:
    """A formula (with its «=») and the figure it comes to."""
    return f'<c r="{reference}" s="{number}"><f>{escape(formula[1:])}</f><v>{number_text(value)}</v></c>'


def number_text(value: object) -> str:
    """A number as XML has it; a date as its day number, an instant with the fraction of its day."""
    if isinstance(value, dt.datetime):
        seconds = value.hour * 3600 + value.minute * 60 + value.second
        return f"{value.toordinal() - _EPOCH + seconds / 86400:.10f}".rstrip("0").rstrip(".")
    if isinstance(value, dt.date):
        return str(value.toordinal() - _EPOCH)
    if isinstance(value, Decimal):
        return f"{value:f}"
    return str(value)


def cell_writer(letters: str, kind: str, look: str = "plain") -> Callable[[Any, int], str]:
    """The function that puts a value of a column into its row: text where it is text, else a number of `kind`."""
    text_style = style("text" if kind == "text" else "general", look)
    empty = "" if look == "plain" else f'" s="{style("general", look)}"/>'
    days: dict[dt.date, int] = {}
    texts: dict[str, str] = {}
    numeric = "general" if kind == "text" else kind
    before, after = '" s="', f'" s="{style(numeric, look)}"><v>'
    dated = f'" s="{style("date" if kind == "text" else kind, look)}"><v>'

    def write(value: Any, row: int) -> str:
        if value is None or value == "":
            return empty and f'<c r="{letters}{row}{empty}'
        if type(value) is str:
            known = texts.get(value)
            if known is None:
                number = style("quoted") if value[0] in _FORMULA_STARTS else text_style
                known = f'{before}{number}" t="inlineStr">{text_xml(value)}</c>'
                if len(texts) < _KNOWN and len(value) < 100:  # columns repeat themselves: codes, names, currencies
                    texts[value] = known
            return f'<c r="{letters}{row}{known}'
        if type(value) is Decimal or type(value) is int:
            return f'<c r="{letters}{row}{after}{value}</v></c>'
        if type(value) is dt.date:
            day = days.get(value)
            if day is None:
                if len(days) > 10_000:
                    days.clear()
                day = days[value] = value.toordinal() - _EPOCH
            return f'<c r="{letters}{row}{dated}{day}</v></c>'
        if isinstance(value, bool) or not isinstance(value, (int, float, Decimal, dt.date)):
            return text_cell(f"{letters}{row}", str(value), text_style)
        return f'<c r="{letters}{row}{dated if isinstance(value, dt.date) else after}{number_text(value)}</v></c>'

    return write


class Book:
    """A workbook being written to `out`: sheets one after another, each row by row."""

    def __init__(self, out: BinaryIO, level: int = 1) -> None:
        self._zip = ZipFile(out, "w", ZIP_DEFLATED, compresslevel=level)
        self._level = level
        self.names: list[str] = []
        self._defined: list[str] = []

    def _entry(self, path: str) -> ZipInfo:
        entry = ZipInfo(path, _MOMENT)
        entry.compress_type = ZIP_DEFLATED
        entry.external_attr = 0o600 << 16
        entry._compresslevel = self._level  # type: ignore[attr-defined]  # the public name comes with Python 3.13
        return entry

    def _add(self, path: str, text: str) -> None:
        with self._zip.open(self._entry(path), "w") as part:
            part.write((_HEAD + text).encode())

    def sheet(self, name: str) -> "Sheet":
        """The next sheet; the one before must be closed."""
        unique = sheet_name(name, self.names)
        self.names.append(unique)
        return Sheet(self, self._zip.open(self._entry(f"xl/worksheets/sheet{len(self.names)}.xml"), "w"))

    def define(self, name: str, reference: str) -> None:
        """A defined name of the sheet written last: _xlnm.Print_Titles, _xlnm._FilterDatabase."""
        sheet = len(self.names) - 1
        quoted = self.names[-1].replace("'", "''")
        place = escape(f"'{quoted}'!{reference}")
        hidden = ' hidden="1"' if name.endswith("FilterDatabase") else ""
        self._defined.append(f'<definedName name="{name}" localSheetId="{sheet}"{hidden}>{place}</definedName>')

    def close(self) -> None:
        """Write what names the sheets, the styles and the relations; finish the file."""
        numbers = range(1, len(self.names) + 1)
        sheets = "".join(
            f'<sheet name="{escape(name, {chr(34): "&quot;"})}" sheetId="{n}" r:id="rId{n}"/>'
            for n, name in zip(numbers, self.names, strict=True)
        )
        defined = f"<definedNames>{''.join(self._defined)}</definedNames>" if self._defined else ""
        self._add(
            "xl/workbook.xml",
            f'<workbook xmlns="{_NAMESPACE}" xmlns:r="{_RELATIONS}"><bookViews><workbookView/></bookViews>'
            f'<sheets>{sheets}</sheets>{defined}<calcPr calcId="191029" fullCalcOnLoad="1"/></workbook>',
        )
        self._add("xl/styles.xml", _styles())
        relation = '<Relationship Id="rId{0}" Type="' + _RELATIONS + '/{1}" Target="{2}"/>'
        links = "".join(relation.format(n, "worksheet", f"worksheets/sheet{n}.xml") for n in numbers)
        links += relation.format(len(self.names) + 1, "styles", "styles.xml")
        package = "http://schemas.openxmlformats.org/package/2006"
        self._add(
            "xl/_rels/workbook.xml.rels", f'<Relationships xmlns="{package}/relationships">{links}</Relationships>'
        )
        root = relation.format(1, "officeDocument", "xl/workbook.xml")
        self._add("_rels/.rels", f'<Relationships xmlns="{package}/relationships">{root}</Relationships>')
        self._add("[Content_Types].xml", _content_types(package, len(self.names)))
        self._zip.close()


class Sheet:
    """Rows of one sheet; `begin` first, then rows in order, `end` last."""

    def __init__(self, book: Book, part: IO[bytes]) -> None:
        self._book, self._part = book, part
        self._rows: list[str] = []

    def begin(self, widths: Sequence[float], frozen_row: int = 0, landscape: bool = False) -> None:
        """Column widths in characters; rows up to `frozen_row` stay in view."""
        pane = ""
        if frozen_row:
            cell = f"A{frozen_row + 1}"
            pane = f'<pane ySplit="{frozen_row}" topLeftCell="{cell}" activePane="bottomLeft" state="frozen"/>'
            pane += f'<selection pane="bottomLeft" activeCell="{cell}" sqref="{cell}"/>'
        selected = ' tabSelected="1"' if len(self._book.names) == 1 else ""
        columns = "".join(f'<col min="{n}" max="{n}" width="{w:g}" customWidth="1"/>' for n, w in enumerate(widths, 1))
        self._landscape = landscape
        self._part.write(
            f'{_HEAD}<worksheet xmlns="{_NAMESPACE}"><sheetPr><pageSetUpPr fitToPage="1"/></sheetPr><sheetViews>'
            f'<sheetView workbookViewId="0"{selected}>{pane}</sheetView></sheetViews>'
            f'<sheetFormatPr defaultRowHeight="15"/><cols>{columns}</cols><sheetData>'.encode()
        )

    def row(self, number: int, cells: str, height: float = 0) -> None:
        """Row `number` (from 1) of ready cells."""
        tall = f' ht="{height:g}" customHeight="1"' if height else ""
        self._rows.append(f'<row r="{number}"{tall}>{cells}</row>')
        if len(self._rows) >= _CHUNK:
            self.flush()

    def raw(self, rows: Iterable[str]) -> None:
        """Ready rows."""
        self._rows.extend(rows)
        self.flush()

    def flush(self) -> None:
        """Hand what is waiting to the compressor."""
        self._part.write("".join(self._rows).encode("utf-8", "replace"))
        self._rows.clear()

    def end(self, filtered: str = "", merged: Sequence[str] = ()) -> None:
        """Close the sheet: its filter range, its merged cells, the page set-up."""
        self.flush()
        tail = f"</sheetData>{f'<autoFilter ref={chr(34)}{filtered}{chr(34)}/>' if filtered else ''}"
        if merged:
            cells = "".join(f'<mergeCell ref="{reference}"/>' for reference in merged)
            tail += f'<mergeCells count="{len(merged)}">{cells}</mergeCells>'
        orientation = "landscape" if self._landscape else "portrait"
        tail += '<pageMargins left="0.4" right="0.4" top="0.5" bottom="0.6" header="0.3" footer="0.3"/>'
        tail += f'<pageSetup paperSize="9" orientation="{orientation}" fitToHeight="0"/>'
        tail += "<headerFooter><oddFooter>&amp;R&amp;P / &amp;N</oddFooter></headerFooter></worksheet>"
        self._part.write(tail.encode())
        self._part.close()
        if filtered:
            first, _, last = filtered.partition(":")
            self._book.define("_xlnm._FilterDatabase", f"{absolute(first)}:{absolute(last)}")


def absolute(reference: str) -> str:
    """«$A$7» of «A7»."""
    letters = reference.rstrip("0123456789")
    return f"${letters}${reference[len(letters) :]}"


def sheet_name(name: str, taken: Sequence[str]) -> str:
    """`name` as a spreadsheet allows it: no []:*?/\\, at most 31 characters, not taken."""
    base = re.sub(r"[\[\]:*?/\\\x00-\x1f]", " ", name).strip().strip("'")[:31] or "Sheet"
    unique, number = base, 2
    while unique.lower() in {other.lower() for other in taken}:
        unique = f"{base[:27]} {number}"
        number += 1
    return unique


def _styles() -> str:
    codes = sorted(set(_FORMATS.values()) - {"General", "@"})
    ids = {code: 164 + n for n, code in enumerate(codes)} | {"General": 0, "@": 49}
    formats = "".join(f'<numFmt numFmtId="{ids[c]}" formatCode="{escape(c, {chr(34): "&quot;"})}"/>' for c in codes)
    entry = '<xf numFmtId="{0}" fontId="{1}" fillId="{2}" borderId="{3}" xfId="0" applyNumberFormat="1"'
    entry += ' applyFont="1" applyFill="1" applyBorder="1" applyAlignment="1"{4}><alignment vertical="top"{5}/></xf>'
    looks = {"plain": (0, 0, 0), "bold": (1, 0, 0), "boxed": (0, 0, 1), "total": (1, 2, 1)}
    styles = ['<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>']
    for kind in _KINDS:
        for look in _LOOKS:
            wrapped = ' wrapText="1"' if look == "boxed" and kind == "text" else ""
            styles.append(entry.format(ids[_FORMATS[kind]], *looks[look], "", wrapped))
    styles.append(entry.format(0, 1, 2, 1, "", ' horizontal="center" wrapText="1"'))
    styles.append(entry.format(0, 2, 0, 0, "", ""))
    styles.append(entry.format(0, 0, 0, 0, "", ' wrapText="1"'))
    styles.append(entry.format(49, 0, 0, 0, ' quotePrefix="1"', ""))
    side = "".join(f'<{s} style="thin"><color rgb="FFBFBFBF"/></{s}>' for s in ("left", "right", "top", "bottom"))
    font = '<font>{0}<sz val="{1}"/><name val="Calibri"/><family val="2"/></font>'
    fill = '<fill><patternFill patternType="{0}">{1}</patternFill></fill>'
    return (
        f'<styleSheet xmlns="{_NAMESPACE}"><numFmts count="{len(codes)}">{formats}</numFmts>'
        f'<fonts count="3">{font.format("", 11)}{font.format("<b/>", 11)}{font.format("<b/>", 14)}</fonts>'
        f'<fills count="3">{fill.format("none", "")}{fill.format("gray125", "")}'
        f"{fill.format('solid', chr(60) + 'fgColor rgb=' + chr(34) + 'FFEDEDED' + chr(34) + '/>')}</fills>"
        f'<borders count="2"><border/><border>{side}</border></borders>'
        '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
        f'<cellXfs count="{len(styles)}">{"".join(styles)}</cellXfs>'
        '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
    )


def _content_types(package: str, sheets: int) -> str:
    override = (
        '<Override PartName="/{0}" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.{1}+xml"/>'
    )
    parts = [override.format("xl/workbook.xml", "sheet.main"), override.format("xl/styles.xml", "styles")]
    parts += [override.format(f"xl/worksheets/sheet{n}.xml", "worksheet") for n in range(1, sheets + 1)]
    return (
        f'<Types xmlns="{package}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Default Extension="xml" ContentType="application/xml"/>{"".join(parts)}</Types>'
    )
