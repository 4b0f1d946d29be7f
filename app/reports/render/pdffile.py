"""A PDF file written as it grows: finished pages go to the file at once, so memory does not depend on their number.

The same calls give the same bytes: no clock, no random identifier. Text is shown by glyph number (Identity-H) with a
ToUnicode table, so that copying and searching return the characters that were given.
"""

import zlib
from hashlib import sha256
from typing import BinaryIO

from app.reports.render import fonts
from app.reports.render.qr import Matrix

REGULAR, BOLD = "DejaVuSans", "DejaVuSans-Bold"
_RESOURCE = {REGULAR: "F1", BOLD: "F2"}
_PRODUCER = "Kabinet"


class Codes(dict[str, str]):
    """Character → four hexadecimal digits of its glyph in this file; grows with what is met."""

    def __init__(self, common: dict[str, str]) -> None:
        super().__init__(common)
        self.extra: list[str] = []

    def __missing__(self, character: str) -> str:
        number = len(fonts.COMMON) + 1 + len(self.extra)
        if number > 0xFFFF:
            return "0000"
        self.extra.append(character)
        code = self[character] = f"{number:04X}"
        return code


_COMMON_CODES = {character: f"{number + 1:04X}" for number, character in enumerate(fonts.COMMON)}


class PdfFile:
    """Objects of one document, written in order to `out`; `close` writes fonts, page tree and cross-references."""

    def __init__(self, out: BinaryIO, title: str, created: str, language: str, page: tuple[float, float]) -> None:
        self._out, self._at = out, 0
        self._offsets: dict[int, int] = {}
        self._digest = sha256()
        self._pages: list[int] = []
        self._title, self._created, self._language, self._page = title, created, language, page
        self.codes = {name: Codes(_COMMON_CODES) for name in _RESOURCE}
        self._write(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
        self._next = 1
        self._catalog, self._tree, self._info, self._resources, self._total = (self._reserve() for _ in range(5))
        self._images: list[tuple[str, int]] = []

    def _reserve(self) -> int:
        self._next += 1
        return self._next - 1

    def _write(self, data: bytes) -> None:
        self._out.write(data)
        self._digest.update(data)
        self._at += len(data)

    def _object(self, body: bytes, number: int | None = None) -> int:
        number = number or self._reserve()
        self._offsets[number] = self._at
        self._write(b"%d 0 obj\n%s\nendobj\n" % (number, body))
        return number

    def _stream(self, data: bytes, entries: str = "", number: int | None = None) -> int:
        head = f"<</Length {len(data)}{entries}>>".encode()
        return self._object(b"%s\nstream\n%s\nendstream" % (head, data), number)

    def _packed(self, data: bytes, entries: str = "", level: int = 6, number: int | None = None) -> int:
        return self._stream(zlib.compress(data, level), f"/Filter/FlateDecode{entries}", number)

    def add_page(self, operators: str, level: int = 6) -> None:
        """A finished page of drawing operators (ASCII)."""
        contents = self._packed(operators.encode("ascii"), level=level)
        page = f"<</Type/Page/Parent {self._tree} 0 R/Contents {contents} 0 R>>"
        self._pages.append(self._object(page.encode()))

    def add_matrix(self, symbol: Matrix) -> str:
        """A QR symbol as a one-bit mask; the name to draw it by."""
        entries = f"/Type/XObject/Subtype/Image/Width {symbol.size}/Height {symbol.size}/ImageMask true/Decode[1 0]"
        name = f"Q{len(self._images)}"
        self._images.append((name, self._packed(symbol.rows, entries, 9)))
        return name

    @property
    def page_count(self) -> int:
        """Pages finished so far."""
        return len(self._pages)

    def close(self, total_operators: str, total_width: float) -> None:
        """Write the rest; `total_operators` draw the number of pages wherever a page shows /Total."""
        box = f"/Type/XObject/Subtype/Form/BBox[0 -4 {total_width:.2f} 12]/Resources {self._resources} 0 R"
        self._packed(total_operators.encode("ascii"), box, number=self._total)
        faces = "".join(f"/{_RESOURCE[name]} {self._font(name)} 0 R" for name in _RESOURCE)
        drawn = "".join(f"/{name} {number} 0 R" for name, number in self._images)
        self._object(f"<</Font<<{faces}>>/XObject<</Total {self._total} 0 R{drawn}>>>>".encode(), self._resources)
        kids = " ".join(f"{number} 0 R" for number in self._pages)
        width, height = self._page
        self._object(
            f"<</Type/Pages/Count {len(self._pages)}/Kids[{kids}]/MediaBox[0 0 {width:.2f} {height:.2f}]"
            f"/Resources {self._resources} 0 R>>".encode(),
            self._tree,
        )
        shown = f"/Lang({self._language})/ViewerPreferences<</DisplayDocTitle true>>"
        self._object(f"<</Type/Catalog/Pages {self._tree} 0 R{shown}>>".encode(), self._catalog)
        title = _text_string(self._title)
        self._object(f"<</Title {title}/Producer({_PRODUCER})/CreationDate(D:{self._created})>>".encode(), self._info)
        self._finish()

    def _font(self, name: str) -> int:
        face, extra = fonts.font(name), self.codes[name].extra
        data = zlib.compress(face.subset(fonts.COMMON + "".join(extra)), 6) if extra else fonts.common_subset(name)
        program = self._stream(data, "/Filter/FlateDecode")
        tag = "KABINT" if not extra else "KABEXT"
        stem = 140 if name == BOLD else 87
        bbox = " ".join(map(str, face.bbox))
        descriptor = self._object(
            f"<</Type/FontDescriptor/FontName/{tag}+{name}/Flags 4/FontBBox[{bbox}]/ItalicAngle 0/Ascent {face.ascent}"
            f"/Descent {face.descent}/CapHeight 729/StemV {stem}/FontFile2 {program} 0 R>>".encode()
        )
        widths = _common_widths(name) + "".join(f" {face.widths[c]:.0f}" for c in extra)
        descendant = self._object(
            f"<</Type/Font/Subtype/CIDFontType2/BaseFont/{tag}+{name}/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)"
            f"/Supplement 0>>/CIDToGIDMap/Identity/FontDescriptor {descriptor} 0 R/W[1[{widths}]]>>".encode()
        )
        unicode_map = self._stream(_unicode_map(extra), "/Filter/FlateDecode")
        return self._object(
            f"<</Type/Font/Subtype/Type0/BaseFont/{tag}+{name}/Encoding/Identity-H/DescendantFonts[{descendant} 0 R]"
            f"/ToUnicode {unicode_map} 0 R>>".encode()
        )

    def _finish(self) -> None:
        identity = self._digest.hexdigest()[:32]
        start = self._at
        rows = "".join(f"{self._offsets[number]:010d} 00000 n \n" for number in range(1, self._next))
        self._write(f"xref\n0 {self._next}\n0000000000 65535 f \n{rows}".encode())
        ids = f"/ID[<{identity}><{identity}>]"
        trailer = f"trailer\n<</Size {self._next}/Root {self._catalog} 0 R/Info {self._info} 0 R{ids}>>\n"
        self._write(f"{trailer}startxref\n{start}\n%%EOF\n".encode())


def _text_string(text: str) -> str:
    return "<FEFF" + text.encode("utf-16-be", "replace").hex().upper() + ">"


_widths_cache: dict[str, str] = {}


def _common_widths(name: str) -> str:
    if name not in _widths_cache:
        face = fonts.font(name)
        _widths_cache[name] = " ".join(f"{face.widths[character]:.0f}" for character in fonts.COMMON)
    return _widths_cache[name]


_common_map: list[bytes] = []


def _unicode_map(extra: list[str]) -> bytes:
    if not extra:
        if not _common_map:
            _common_map.append(zlib.compress(_map_text(fonts.COMMON), 9))
        return _common_map[0]
    return zlib.compress(_map_text(fonts.COMMON + "".join(extra)), 6)


def _map_text(characters: str) -> bytes:
    rows = [f"<{n:04X}><{c.encode('utf-16-be').hex().upper()}>" for n, c in enumerate(characters, 1)]
    blocks = [rows[start : start + 100] for start in range(0, len(rows), 100)]
    body = "".join(f"{len(block)} beginbfchar\n{chr(10).join(block)}\nendbfchar\n" for block in blocks)
    return (
        "/CIDInit/ProcSet findresource begin 12 dict begin begincmap/CMapName/Adobe-Identity-UCS def/CMapType 2 def\n"
        f"1 begincodespacerange<0000><FFFF>endcodespacerange\n{body}endcmap end end"
    ).encode()
