"""Drawing on pages in points, top to bottom: measured, wrapped text and thin rules, written straight as PDF operators.

There is no mark-up anywhere on the way from a string to the page, so nothing in a name can be interpreted.
"""

from app.reports.render import fonts
from app.reports.render.pdffile import BOLD, REGULAR, Codes, PdfFile
from app.reports.render.qr import Matrix

MM = 72 / 25.4
A4 = (210 * MM, 297 * MM)
_CACHED_TEXTS = 20_000
_CACHED_LENGTH = 80


class Measure:
    """Widths of one face in thousandths of an em, remembered for short texts."""

    def __init__(self, name: str) -> None:
        self._widths = fonts.font(name).widths
        self._known: dict[str, float] = {}

    def width(self, text: str) -> float:
        """Width of `text` at a size of 1 point, in points."""
        found = self._known.get(text)
        if found is None:
            found = sum(map(self._widths.__getitem__, text)) / 1000
            if len(text) < _CACHED_LENGTH:
                if len(self._known) > _CACHED_TEXTS:
                    self._known.clear()
                self._known[text] = found
        return found

    def wrap(self, text: str, room: float) -> list[str]:
        """`text` in lines no wider than `room` (at 1 point); a word longer than a line is cut."""
        if self.width(text) <= room:
            return [text]
        lines, line = [], ""
        for word in text.split(" "):
            joined = f"{line} {word}" if line else word
            if self.width(joined) <= room:
                line = joined
                continue
            if line:
                lines.append(line)
            *pieces, line = self._pieces(word, room)
            lines += pieces
        return [*lines, line] if line else lines

    def _pieces(self, word: str, room: float) -> list[str]:
        if self.width(word) <= room:
            return [word]
        pieces, start, used = [], 0, 0.0
        for at, character in enumerate(word):
            width = self._widths[character] / 1000
            if used + width > room and at > start:
                pieces.append(word[start:at])
                start, used = at, 0.0
            used += width
        return [*pieces, word[start:]]


_measures: dict[bool, Measure] = {}


def measure(bold: bool = False) -> Measure:
    """The measure of the regular or the bold face, shared by the process."""
    if bold not in _measures:
        _measures[bold] = Measure(BOLD if bold else REGULAR)
    return _measures[bold]


class Scratch:
    """Stands in for a file where something is drawn only to be measured."""

    page_count = 0

    def __init__(self, codes: dict[str, Codes]) -> None:
        self.codes = codes

    def add_matrix(self, symbol: Matrix) -> str:
        """A name nobody will draw."""
        return "Q"

    def add_page(self, operators: str, level: int = 6) -> None:
        """Thrown away."""

    def close(self, total_operators: str, total_width: float) -> None:
        """Nothing to close."""


class Pages:
    """The page being drawn of a growing PDF file. `y` is where the next block begins; it sinks."""

    def __init__(self, file: PdfFile | Scratch, width: float, height: float, footer: tuple[str, str]) -> None:
        self.file, self.width, self.height = file, width, height
        self.left, self.right, self.bottom = 14 * MM, width - 12 * MM, 16 * MM
        self.top = height - 12 * MM
        self.y = self.top
        self._title, self._label = footer
        self._drawn: list[str] = []
        self._written: list[str] = []
        self._state: tuple[bool, float] | None = None
        self._encoded: dict[bool, dict[str, str]] = {False: {}, True: {}}
        self._codes = {False: file.codes[REGULAR], True: file.codes[BOLD]}

    @property
    def room(self) -> float:
        """Width between the margins."""
        return self.right - self.left

    def need(self, height: float) -> bool:
        """Start a new page where `height` does not fit on this one; whether it did."""
        if self.y - height >= self.bottom or self.y == self.top:
            return False
        self.turn()
        return True

    def turn(self) -> None:
        """Finish this page and begin the next."""
        self._footer()
        operators = "\n".join(["0.4 w", *self._drawn, "BT", *self._written, "ET", self._total_mark])
        self.file.add_page(operators, level=6 if self.file.page_count < 20 else 3)
        self._drawn, self._written, self._state = [], [], None
        self.y = self.top

    def text(self, x: float, y: float, text: str, size: float, bold: bool = False) -> None:
        """`text` with its base line starting at x, y."""
        if not text:
            return
        if self._state != (bold, size):
            self._state = (bold, size)
            self._written.append(f"/{'F2' if bold else 'F1'} {size:g} Tf")
        known = self._encoded[bold]
        code = known.get(text)
        if code is None:
            code = "".join(map(self._codes[bold].__getitem__, text))
            if len(text) < _CACHED_LENGTH:
                if len(known) > _CACHED_TEXTS:
                    known.clear()
                known[text] = code
        self._written.append(f"1 0 0 1 {x:.2f} {y:.2f} Tm<{code}>Tj")

    def aligned(
        self, x: float, width: float, y: float, text: str, size: float, bold: bool = False, align: str = "left"
    ) -> None:
        """`text` inside x … x + width, to the left, right or centre; made smaller where it would not fit."""
        wide = measure(bold).width(text) * size
        if wide > width:
            size, wide = max(int(size * width / wide * 20) / 20, 1), width
        if align == "right":
            x += width - wide
        elif align == "center":
            x += (width - wide) / 2
        self.text(x, y, text, size, bold)

    def draw(self, operators: str) -> None:
        """Raw drawing operators, under the text."""
        self._drawn.append(operators)

    def line(self, x1: float, y1: float, x2: float, y2: float) -> None:
        """A thin rule."""
        self._drawn.append(f"{x1:.2f} {y1:.2f} m {x2:.2f} {y2:.2f} l S")

    def thick_line(self, y: float) -> None:
        """A rule across the page under a title."""
        self._drawn.append(f"1.4 w {self.left:.2f} {y:.2f} m {self.right:.2f} {y:.2f} l S 0.4 w")

    def fill(self, x: float, y: float, width: float, height: float, gray: float) -> None:
        """A filled rectangle."""
        self._drawn.append(f"{gray:g} g {x:.2f} {y:.2f} {width:.2f} {height:.2f} re f 0 g")

    def _footer(self) -> None:
        y, size = 9 * MM, 7
        label = self._label.replace("{page}", str(self.file.page_count + 1)) + " "
        x = self.right - 18 - measure().width(label) * size
        title = measure().wrap(self._title, (x - self.left - 10) / size)
        self.text(self.left, y, title[0] + ("…" if len(title) > 1 else ""), size)
        self.text(x, y, label, size)
        self.line(self.left, y + 9, self.right, y + 9)
        self._total_mark = f"q 1 0 0 1 {self.right - 18:.2f} {y:.2f} cm /Total Do Q"

    def finish(self) -> None:
        """Write the last page, the number of pages and the file's end."""
        self.turn()
        count = str(self.file.page_count)
        code = "".join(self.file.codes[REGULAR][digit] for digit in count)
        self.file.close(f"BT /F1 7 Tf <{code}>Tj ET", 40)
