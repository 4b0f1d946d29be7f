"""Documents and registers: Kabinet's renderers against the plainest use of the usual libraries, each in a process.

usage: python -m benchmarks.documents [CASE …]
Prints CPU seconds (the data's making taken off), pieces per CPU second, bytes and the peak memory of each child.
"""

import datetime as dt
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

from app.reports.document import Line, Operation
from app.reports.registry import layout_for
from app.reports.render import csv, pdf, qr, xlsx
from tests.reports.papers import act, invoice, reconciliation

INVOICES = 300
LINES = 50_000
ROWS = 100_000
FEW_ROWS = 10_000  # openpyxl takes minutes for more

Result = tuple[int, float, int]  # pieces, CPU seconds, bytes


class Repeated:
    """Lines made anew at each walk, so that only a renderer can hold them all."""

    def __init__(self, make: Callable[[int], Any], count: int) -> None:
        self.make, self.count = make, count

    def __iter__(self) -> Iterator[Any]:
        return map(self.make, range(self.count))


def cpu(work: Callable[[], Any]) -> float:
    """CPU seconds of this process for `work`."""
    started = time.process_time()
    work()
    return time.process_time() - started


def size_of(write: Callable[[Any], Any]) -> int:
    """Write to a temporary file; its bytes."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "out"
        with path.open("wb") as out:
            write(out)
        return path.stat().st_size


def invoices() -> Result:
    """Invoices of 15 lines with a payment code, one A4 page each."""
    layout, data = layout_for("invoice", "UA"), invoice("UA", 15)
    sizes: list[int] = []

    def work() -> None:
        for number in range(INVOICES):
            sizes.append(len(pdf.render(layout(replace(data, number=f"A-{number:06d}", personal_account=str(number))))))

    return INVOICES, cpu(work), max(sizes)


def raw_canvas() -> Result:
    """The same texts by reportlab's canvas: fonts registered once, nothing measured or wrapped, the same code."""
    from reportlab.lib.utils import ImageReader
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont
    from reportlab.pdfgen.canvas import Canvas

    from app.reports.render.plain import texts

    fonts = Path(pdf.__file__).parent / "fonts"
    pdfmetrics.registerFont(TTFont("Plain", str(fonts / "DejaVuSans.ttf")))
    pdfmetrics.registerFont(TTFont("Bold", str(fonts / "DejaVuSans-Bold.ttf")))
    data = invoice("UA", 15)
    said = [text for block in _small_blocks(data) for text, _ in texts(block)]
    sizes: list[int] = []

    def work() -> None:
        for number in range(INVOICES):
            out = BytesIO()
            canvas = Canvas(out, invariant=True, pageCompression=1)
            canvas.setFont("Bold", 9)
            for at, text in enumerate(said):
                canvas.drawString(40, 820 - at * 14, text.replace("К-000127", f"A-{number:06d}"))
            canvas.setFont("Plain", 8)
            for at, line in enumerate(data.lines):
                cells = (str(at + 1), line.name, str(line.quantity), line.unit, str(line.unit_price), str(line.net))
                for x, cell in zip((40, 60, 330, 380, 420, 500), cells, strict=True):
                    canvas.drawString(x, 400 - at * 12, cell)
                canvas.line(40, 398 - at * 12, 560, 398 - at * 12)
            symbol = qr.matrix(b"https://bank.gov.ua/qr/" + str(number).encode() * 40)
            picture = _picture(symbol)
            canvas.drawImage(ImageReader(picture), 40, 60, 85, 85)
            canvas.showPage()
            canvas.save()
            sizes.append(len(out.getvalue()))

    return INVOICES, cpu(work), max(sizes)


def _small_blocks(data: Any) -> list[Any]:
    from app.reports import document as doc

    document = layout_for("invoice", "UA")(data)
    kept = []
    for block in document.blocks:
        if isinstance(block, doc.Table):
            list(block.rows)
        else:
            kept.append(block)
    return kept


def _picture(symbol: qr.Matrix) -> Any:
    from PIL import Image

    return Image.frombytes("1", (symbol.size, symbol.size), bytes(byte ^ 0xFF for byte in symbol.rows))


def _line(number: int) -> Line:
    net = Decimal(number % 90_000 + 1) / 100
    tax = (net * 20 / 100).quantize(Decimal("0.01"))
    return Line(
        f"Послуги зв'язку, абонент +38067{number:07d}", Decimal(1), "міс.", net, net, Decimal(20), tax, net + tax
    )


def _operation(number: int) -> Operation:
    day = dt.date(2026, 10, number % 31 + 1)
    amount = Decimal(number % 900_000 + 1) / 100
    if number % 2:
        return Operation(day, f"Платежное поручение № {number}", credit=amount)
    return Operation(day, f"Акт № К-{number:06d} от 01.10.2026", debit=amount)


def long_act(count: int = LINES, render: Any = pdf) -> Result:
    """An act of 50,000 lines."""
    source = Repeated(_line, count)
    totals = {key: sum((getattr(line, key) for line in source), Decimal(0)) for key in ("net", "tax", "gross")}
    data = replace(act("UA"), lines=source, **totals)
    making = cpu(lambda: [None for _ in source])
    sizes: list[int] = []
    spent = cpu(lambda: sizes.append(size_of(lambda out: render.render_to(layout_for("act", "UA")(data), out))))
    return count, spent - making, sizes[0]


def long_act_ten() -> Result:
    """An act of 500,000 lines."""
    return long_act(LINES * 10)


def long_act_xlsx() -> Result:
    """The same act of 50,000 lines as a workbook."""
    return long_act(LINES, xlsx)


def long_reconciliation() -> Result:
    """A reconciliation act of 50,000 lines, both halves filled."""
    source = Repeated(_operation, LINES)
    debit, credit = (sum((getattr(o, key) for o in source), Decimal(0)) for key in ("debit", "credit"))
    data = replace(reconciliation("RU"), lines=source, debit=debit, credit=credit, mirrored=True)
    data = replace(data, closing=data.opening + debit - credit)
    making = cpu(lambda: [None for _ in source])
    sizes: list[int] = []
    layout = layout_for("reconciliation", "RU")
    spent = cpu(lambda: sizes.append(size_of(lambda out: pdf.render_to(layout(data), out))))
    return LINES, spent - making, sizes[0]


def canvas_lines() -> Result:
    """50,000 lines of seven cells by reportlab's canvas, line by line, without measuring."""
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont
    from reportlab.pdfgen.canvas import Canvas

    pdfmetrics.registerFont(TTFont("Plain", str(Path(pdf.__file__).parent / "fonts" / "DejaVuSans.ttf")))
    source = Repeated(_line, LINES)
    making = cpu(lambda: [None for _ in source])

    def write(out: Any) -> None:
        canvas = Canvas(out, invariant=True, pageCompression=1)
        for number, line in enumerate(source):
            if number % 60 == 0:
                if number:
                    canvas.showPage()
                canvas.setFont("Plain", 8)
            y = 800 - number % 60 * 12
            cells = (str(number + 1), line.name, "1", line.unit, str(line.unit_price), str(line.net))
            for x, cell in zip((40, 70, 330, 380, 430, 500), cells, strict=True):
                canvas.drawString(x, y, cell)
            canvas.line(40, y - 2, 560, y - 2)
        canvas.save()

    sizes: list[int] = []
    return LINES, cpu(lambda: sizes.append(size_of(write))) - making, sizes[0]


COLUMNS = [
    xlsx.Column("№", "int"),
    xlsx.Column("Дата", "date"),
    xlsx.Column("Контрагент"),
    xlsx.Column("Послуга"),
    xlsx.Column("Сума", "money"),
    xlsx.Column("ПДВ", "money"),
    xlsx.Column("Разом", "money"),
    xlsx.Column("Ціна", "decimal4"),
    xlsx.Column("Створено", "datetime"),
    xlsx.Column("Примітка"),
]
_MOMENT = dt.datetime(2026, 10, 1, 12, 30)  # noqa: DTZ001 - spreadsheets know no zones


def _row(number: int) -> tuple[Any, ...]:
    net = Decimal(number * 137 % 1_000_000) / 100
    day = dt.date(2026, 1 + number % 12, 1 + number % 28)
    moment = _MOMENT + dt.timedelta(minutes=number % 40_000)
    name = f"ТОВ «Компанія {number % 5000}»"
    return number, day, name, "Послуги хостингу", net, net, net + net, Decimal(number) / 10_000, moment, "=1+1"


def _register(write: Callable[[Any, Any], Any], count: int = ROWS) -> Result:
    source = Repeated(_row, count)
    making = cpu(lambda: [None for _ in source])
    sizes: list[int] = []
    return count, cpu(lambda: sizes.append(size_of(lambda out: write(out, source)))) - making, sizes[0]


def register_xlsx() -> Result:
    """A register of 100,000 × 10 as XLSX, three columns summed."""
    return _register(
        lambda out, rows: xlsx.write_register(out, COLUMNS, rows, ["Сума", "ПДВ", "Разом"], "Реєстр", "Разом")
    )


def register_xlsx_million() -> Result:
    """The same with 1,000,000 rows."""
    return _register(lambda out, rows: xlsx.write_register(out, COLUMNS, rows, ["Сума"], "Реєстр", "Разом"), ROWS * 10)


def register_csv() -> Result:
    """The same register as CSV."""
    return _register(lambda out, rows: csv.write_register(out, COLUMNS, rows))


def openpyxl_rows() -> Result:
    """10,000 of the rows by openpyxl's write_only mode, without number formats."""
    import openpyxl

    def write(out: Any, rows: Any) -> None:
        book = openpyxl.Workbook(write_only=True)
        sheet = book.create_sheet("Реєстр")
        for row in rows:
            sheet.append(row)
        book.save(out)

    return _register(write, FEW_ROWS)


CASES = [
    invoices,
    raw_canvas,
    long_act,
    long_act_ten,
    long_reconciliation,
    canvas_lines,
    long_act_xlsx,
    register_xlsx,
    register_xlsx_million,
    openpyxl_rows,
    register_csv,
]
PAIRS = [(invoices, raw_canvas), (long_act, canvas_lines), (register_xlsx, openpyxl_rows)]


def measure(name: str) -> None:
    """Run one case here and print its figures as JSON, with this process's peak memory in MB."""
    count, seconds, size = next(case for case in CASES if case.__name__ == name)()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"count": count, "cpu": seconds, "bytes": size, "peak": peak}))


def main(asked: list[str]) -> None:
    """Each case in a child process; then how many times ours is faster a piece than its comparison."""
    found: dict[str, dict[str, float]] = {}
    print(f"{'case':<58}{'pieces':>10}{'CPU s':>9}{'a CPU s':>11}{'KB':>10}{'peak MB':>9}")
    for case in CASES:
        if asked and case.__name__ not in asked:
            continue
        child = [sys.executable, "-m", "benchmarks.documents", "--child", case.__name__]
        output = subprocess.run(child, check=True, capture_output=True, text=True).stdout
        figures = found[case.__name__] = json.loads(output)
        title = (case.__doc__ or case.__name__).split(":")[0].rstrip(".")[:56]
        speed = figures["count"] / figures["cpu"]
        print(
            f"{title:<58}{figures['count']:>10,}{figures['cpu']:>9.2f}{speed:>11,.0f}"
            f"{figures['bytes'] / 1024:>10,.0f}{figures['peak']:>9.0f}"
        )
    for ours, theirs in PAIRS:
        if ours.__name__ in found and theirs.__name__ in found:
            one, other = found[ours.__name__], found[theirs.__name__]
            ratio = (other["cpu"] / other["count"]) / (one["cpu"] / one["count"])
            print(f"{ours.__name__} against {theirs.__name__}: {ratio:.1f} times as fast a piece")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        measure(sys.argv[2])
    else:
        main(sys.argv[1:])
