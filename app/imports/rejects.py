"""The same file back: its format, delimiter, encoding and columns, and one more column: what came of a line."""

import codecs
import csv
import datetime as dt
import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import BinaryIO
from xml.sax.saxutils import escape

from app.core import files
from app.core.errors import DomainError
from app.imports.mapping import RESULT_MARK
from app.imports.reading import Row, Sheet

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_FIRSTS = frozenset(FORMULA_STARTS)
HARMLESS = re.compile(r"[+-]?\d[\d., ]*", re.ASCII)
NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?", re.ASCII)
CAREFUL = re.compile("[&<>\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
ROWS_A_CHUNK = 512
UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
LONGEST_CELL = 32_767
DAY_ZERO = dt.datetime(1899, 12, 30)  # noqa: DTZ001 - spreadsheets count days from here, without zones
PLAIN, HEADER, QUOTED, DAY, MOMENT = range(5)
FOREIGN = ("utf-8-sig", ";")  # of a CSV made of a workbook: as spreadsheet programs here open it


def sentences(problems: Iterable[DomainError]) -> str:
    """The problems of a line in English, one after another; entry points join translated ones the same way."""
    return " ".join(str(problem) for problem in problems)


def write_result(
    sheet: Sheet,
    results: Mapping[int, str],
    target: Path | BinaryIO,
    title: str = "Reason",
    *,
    every_line: bool = False,
    heading: str | None = None,
    fmt: str = "",
) -> int:
    """Write the lines that `results` (line number → sentence) names, or every line, and say how many were written.

    The added column is called «Kabinet: <title>»; it is left out again when the corrected file is uploaded. A file
    whose first line is no header gives that line's own result as `heading`. `fmt` («xlsx» or «csv») is the format, the
    file's own where it is not given.
    """
    if isinstance(target, Path):
        with target.open("wb") as stream:
            return write_result(sheet, results, stream, title, every_line=every_line, heading=heading, fmt=fmt)
    counted = _Counted(_chosen(sheet, results, every_line))
    kept = [at for at, name in enumerate(sheet.headers) if not name.startswith(RESULT_MARK)]
    header = [*(sheet.original_headers[at] for at in kept), heading or RESULT_MARK + title]
    rows = ([*(row.values[at] for at in kept), result, *row.surplus] for row, result in counted)
    if (fmt or sheet.format) == "xlsx":
        _write_workbook(sheet, kept, header, rows, target)
    else:
        _write_csv(sheet, header, rows, target, [title, *results.values()])
    return counted.count


def file_name(original: str, sheet: Sheet, word: str) -> str:
    """«customers.csv» → «customers-rejected.csv», with the ending its content has."""
    stem = Path(original.replace("\\", "/")).stem
    return files.file_name(f"{stem}-{word}.{sheet.format}")


class _Counted:
    """Rows, counted as they pass."""

    def __init__(self, rows: Iterator[tuple[Row, str]]) -> None:
        self.rows, self.count = rows, 0

    def __iter__(self) -> Iterator[tuple[Row, str]]:
        for pair in self.rows:
            self.count += 1
            yield pair


def _chosen(sheet: Sheet, results: Mapping[int, str], every_line: bool) -> Iterator[tuple[Row, str]]:
    for row in sheet.rows:
        if every_line or row.number in results:
            yield row, results.get(row.number, "")


def safe_text(cell: str) -> str:
    """A cell of a CSV that no spreadsheet program takes for a formula; plain numbers and phones stay as they are."""
    if cell.startswith(FORMULA_STARTS) and not HARMLESS.fullmatch(cell):
        return "'" + cell
    return cell


def _write_csv(
    sheet: Sheet, header: list[str], rows: Iterable[list[str]], stream: BinaryIO, added: Iterable[str]
) -> None:
    encoding = _encoding_for(sheet.encoding or FOREIGN[0], added)
    text = io.TextIOWrapper(stream, encoding=encoding, newline="", write_through=False)
    writer = csv.writer(text, delimiter=sheet.delimiter or FOREIGN[1], lineterminator="\r\n")
    writer.writerow([safe_text(cell) for cell in header])
    writer.writerows([safe_text(cell) for cell in row] for row in rows)
    text.flush()
    text.detach()


def _encoding_for(encoding: str, added: Iterable[str]) -> str:
    """The file's own encoding where it has the letters of the sentences, else UTF-8 with its mark."""
    try:
        for text in set(added):
            codecs.encode(text, encoding)
        codecs.encode(RESULT_MARK, encoding)
    except UnicodeEncodeError:
        return "utf-8-sig"
    return encoding


# --- XLSX: a stream of rows, since a result may have 200,000 of them ---------------------------------------------

_NS = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PKG = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_PARTS = {
    "[Content_Types].xml": f'<Types xmlns="{_PKG}/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
    f'<Override PartName="/xl/styles.xml" ContentType="{_TYPE}.styles+xml"/>'
    f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_TYPE}.worksheet+xml"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{_PKG}/relationships">'
    f'<Relationship Id="rId1" Type="{_REL}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PKG}/relationships">'
    f'<Relationship Id="rId1" Type="{_REL}/worksheet" Target="worksheets/sheet1.xml"/>'
    f'<Relationship Id="rId2" Type="{_REL}/styles" Target="styles.xml"/></Relationships>',
    "xl/styles.xml": f'<styleSheet xmlns="{_NS}">'
    '<numFmts count="2"><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd"/>'
    '<numFmt numFmtId="165" formatCode="yyyy\\-mm\\-dd\\ hh:mm:ss"/></numFmts>'
    '<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>'
    '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellXfs count="5"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/>'
    '<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0" quotePrefix="1"/>'
    '<xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
    '<xf numFmtId="165" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>',
}


def _write_workbook(
    sheet: Sheet, kept: list[int], header: list[str], rows: Iterable[list[str]], stream: BinaryIO
) -> None:
    kinds = [_cell_kind(sheet, sheet.headers[at]) for at in kept]
    name = escape((sheet.sheet_name or "Sheet1")[:31], {'"': "&quot;"})
    workbook = (
        f'<workbook xmlns="{_NS}" xmlns:r="{_REL}"><sheets>'
        f'<sheet name="{name}" sheetId="1" r:id="rId1"/></sheets></workbook>'
    )
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for path, content in {**_PARTS, "xl/workbook.xml": workbook}.items():
            archive.writestr(path, _XML + content)
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as part:
            part.write(_sheet_head(len(header)).encode())
            part.write(_row_xml(_text_cell(cell, HEADER) for cell in header).encode())
            source = iter(rows)
            while chunk := [_row_xml(_cells_xml(row, kinds)) for row in islice(source, ROWS_A_CHUNK)]:
                part.write("".join(chunk).encode())
            part.write(b"</sheetData></worksheet>")


def _sheet_head(width: int) -> str:
    return (
        f'{_XML}<worksheet xmlns="{_NS}"><sheetViews><sheetView workbookViewId="0">'
        '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>'
        f'<cols><col min="1" max="{width}" width="16" customWidth="1"/></cols><sheetData>'
    )


def _cell_kind(sheet: Sheet, header: str) -> str:
    if header in sheet.number_columns:
        return "number"
    return "date" if header in sheet.date_columns else ""


def _row_xml(cells: Iterable[str]) -> str:
    return "<row>" + "".join(cells) + "</row>"


def _cells_xml(row: list[str], kinds: list[str]) -> list[str]:
    """The cells of a line; what is plain text and needs no care, as most does, is written here and now."""
    cells = []
    for at, cell in enumerate(row):
        if at < len(kinds) and kinds[at]:
            cells.append(_typed_cell(cell, kinds[at]))
        elif not cell or cell[0] in _FIRSTS or len(cell) > LONGEST_CELL or CAREFUL.search(cell):
            cells.append(_text_cell(cell))
        else:
            cells.append(f'<c s="0" t="inlineStr"><is><t xml:space="preserve">{cell}</t></is></c>')
    return cells


def _typed_cell(cell: str, kind: str) -> str:
    """A number is a number and a date a date again, where the column had nothing else."""
    if kind == "number" and NUMBER.fullmatch(cell) and len(cell) <= 16:
        return f"<c><v>{cell}</v></c>"
    if kind == "date" and cell:
        try:
            moment = dt.datetime.fromisoformat(cell)
        except ValueError:
            return _text_cell(cell)
        passed = moment - DAY_ZERO
        if passed.seconds:
            return f'<c s="{MOMENT}"><v>{passed.days + passed.seconds / 86_400!r}</v></c>'
        return f'<c s="{DAY}"><v>{passed.days}</v></c>'
    return _text_cell(cell)


def _text_cell(cell: str, style: int = PLAIN) -> str:
    """Text stays text: typed as a string, and quoted where it looks like a formula."""
    if not cell:
        return "<c/>"
    if style == PLAIN and cell.startswith(FORMULA_STARTS):
        style = QUOTED
    if len(cell) > LONGEST_CELL or CAREFUL.search(cell):
        cell = escape(UNPRINTABLE.sub(" ", cell[:LONGEST_CELL]))
    return f'<c s="{style}" t="inlineStr"><is><t xml:space="preserve">{cell}</t></is></c>'
