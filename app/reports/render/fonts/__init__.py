"""DejaVu Sans as the documents' typeface: widths, and a PDF subset of exactly the characters wanted.

reportlab reads the TrueType tables; the subset is cut here, because one common cut (Latin, Polish, Cyrillic) compressed
once a process is what makes hundreds of invoices a second possible, and because unhinted outlines are half the bytes.
"""

import struct
import zlib
from functools import cache
from pathlib import Path

from reportlab.pdfbase.ttfonts import TTFontFile

_FOLDER = Path(__file__).parent
_ASCII = "".join(map(chr, range(32, 127)))
_LATIN = "ĄĆĘŁŃÓŚŹŻąćęłńóśźżÄÖÜäöüßéè"
_CYRILLIC = "".join(map(chr, range(0x410, 0x450))) + "ЁЄІЇҐЎёєіїґў"
_SIGNS = "\xa0§«»°·×–—‘’“”„•…№€₴₽₸−"
COMMON = _ASCII + _LATIN + _CYRILLIC + _SIGNS
_COMPOSITE_WORDS, _COMPOSITE_SCALES = 1, {0x8: 2, 0x40: 4, 0x80: 8}
_MORE, _INSTRUCTIONS = 0x20, 0x100


class Font:
    """One typeface file: character → width (thousandths of an em) and glyph outlines without hints."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._file = file = TTFontFile(str(_FOLDER / f"{name}.ttf"))
        self.ascent, self.descent, self.bbox = round(file.ascent), round(file.descent), [round(x) for x in file.bbox]
        self.glyphs: dict[int, int] = file.charToGlyph
        self.widths = Widths({chr(code): width for code, width in file.charWidths.items()}, file.defaultWidth)
        self._scale = 1000 / file.unitsPerEm
        long_offsets = file.get_table("head")[51]
        loca = file.get_table("loca")
        count = len(loca) // (4 if long_offsets else 2)
        offsets = struct.unpack(f">{count}{'L' if long_offsets else 'H'}", loca)
        self._loca = offsets if long_offsets else tuple(2 * offset for offset in offsets)
        self._glyf = file.get_table("glyf")
        self._metrics = file.get_table("hmtx")
        self._long_metrics = struct.unpack(">H", file.get_table("hhea")[34:36])[0]

    def _outline(self, glyph: int) -> bytes:
        return self._glyf[self._loca[glyph] : self._loca[glyph + 1]]

    def _metric(self, glyph: int) -> bytes:
        if glyph < self._long_metrics:
            return self._metrics[4 * glyph : 4 * glyph + 4]
        advance = self._metrics[4 * self._long_metrics - 4 : 4 * self._long_metrics - 2]
        bearing = 4 * self._long_metrics + 2 * (glyph - self._long_metrics)
        return advance + self._metrics[bearing : bearing + 2]

    def subset(self, characters: str) -> bytes:
        """A TrueType file whose glyph n + 1 is `characters[n]`; what the face lacks shows as its empty box."""
        order = [0, *(self.glyphs.get(ord(character), 0) for character in characters)]
        places = {glyph: place for place, glyph in reversed(list(enumerate(order)))}
        outlines = []
        for glyph in order:  # grows while composites bring their parts
            outlines.append(_plain_outline(self._outline(glyph), places, order))
        return _font_file(self._file, outlines, [self._metric(glyph) for glyph in order])


class Widths(dict[str, float]):
    """Widths by character; one the face lacks is as wide as its empty box."""

    def __init__(self, known: dict[str, float], default: float) -> None:
        super().__init__(known)
        self.default = default

    def __missing__(self, character: str) -> float:
        return self.default


def _plain_outline(data: bytes, places: dict[int, int], order: list[int]) -> bytes:
    if len(data) < 10:
        return b""
    contours = struct.unpack(">h", data[:2])[0]
    if contours >= 0:
        ends = 10 + 2 * contours
        instructions = struct.unpack(">H", data[ends : ends + 2])[0]
        plain = data[:ends] + b"\0\0" + data[ends + 2 + instructions :]
    else:
        plain = _plain_composite(data, places, order)
    return plain + b"\0" * (-len(plain) % 4)


def _plain_composite(data: bytes, places: dict[int, int], order: list[int]) -> bytes:
    parts, at, flags = [data[:10]], 10, _MORE
    while flags & _MORE:
        flags, glyph = struct.unpack(">HH", data[at : at + 4])
        if glyph not in places:
            places[glyph] = len(order)
            order.append(glyph)
        size = 4 if flags & _COMPOSITE_WORDS else 2
        size += next((extra for bit, extra in _COMPOSITE_SCALES.items() if flags & bit), 0)
        parts.append(struct.pack(">HH", flags & ~_INSTRUCTIONS, places[glyph]) + data[at + 4 : at + 4 + size])
        at += 4 + size
    return b"".join(parts)


def _font_file(file: TTFontFile, outlines: list[bytes], metrics: list[bytes]) -> bytes:
    offsets, at = [0], 0
    for outline in outlines:
        at += len(outline)
        offsets.append(at)
    count = struct.pack(">H", len(outlines))
    head, hhea, maxp = file.get_table("head"), file.get_table("hhea"), file.get_table("maxp")
    tables = {
        b"glyf": b"".join(outlines),
        b"head": head[:8] + b"\0\0\0\0" + head[12:50] + b"\0\1" + head[52:],
        b"hhea": hhea[:34] + count,
        b"hmtx": b"".join(metrics),
        b"loca": struct.pack(f">{len(offsets)}L", *offsets),
        b"maxp": maxp[:4] + count + maxp[6:],
    }
    return _assemble(tables)


def _assemble(tables: dict[bytes, bytes]) -> bytes:
    power = 4  # the largest power of two not above the six tables
    directory = [struct.pack(">LHHHH", 0x00010000, len(tables), power * 16, 2, len(tables) * 16 - power * 16)]
    at, bodies = 12 + 16 * len(tables), []
    for tag, body in tables.items():
        padded = body + b"\0" * (-len(body) % 4)
        checksum = sum(struct.unpack(f">{len(padded) // 4}L", padded)) & 0xFFFFFFFF
        directory.append(tag + struct.pack(">LLL", checksum, at, len(body)))
        bodies.append(padded)
        at += len(padded)
    return b"".join(directory + bodies)


@cache
def font(name: str) -> Font:
    """The face DejaVuSans or DejaVuSans-Bold, read once a process."""
    return Font(name)


@cache
def common_subset(name: str) -> bytes:
    """The compressed subset of COMMON, cut once a process."""
    return zlib.compress(font(name).subset(COMMON), 9)
