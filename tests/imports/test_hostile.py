"""Files made to harm: each is refused with a sentence or read sanely, within 2 seconds and 200 MiB."""

import os
import resource
import struct
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from app.core.errors import Refused
from app.imports.reading import read_items, read_sheet
from tests.imports.files import MAIN, REL, pack, parts, sheet_xml, text_row, workbook

ROOT = Path(__file__).resolve().parents[2]
GOOD_ROWS = text_row(1, "code", "name") + text_row(2, "1", "one")
READ = "read"


def with_part(name: str, content: str | bytes = "<x/>") -> bytes:
    return pack({**parts(sheet_xml(GOOD_ROWS)), name: content})


def without_part(name: str) -> bytes:
    members = parts(sheet_xml(GOOD_ROWS))
    del members[name]
    return pack(members)


def patched(old: bytes, new: bytes, content: bytes | None = None) -> bytes:
    content = content or workbook(GOOD_ROWS)
    assert old in content
    return content.replace(old, new)


def with_flags(bit: int) -> bytes:
    content = bytearray(workbook(GOOD_ROWS))
    at = 0
    while (at := content.find(b"PK\x01\x02", at)) >= 0:
        content[at + 8] |= bit
        at += 4
    return bytes(content)


def with_lying_sizes() -> bytes:
    """The directory says that the sheet has 1,000 bytes; it has five million."""
    content = bytearray(workbook(text_row(1, "a", "b") + " " * 5_000_000))
    at = content.rfind(b"PK\x01\x02", 0, content.rfind(b"xl/worksheets/sheet1.xml"))
    content[at + 24 : at + 28] = struct.pack("<I", 1000)
    return bytes(content)


def duplicated() -> bytes:
    import io

    out = io.BytesIO(workbook(GOOD_ROWS))
    with zipfile.ZipFile(out, "a") as archive, pytest.warns(UserWarning):
        archive.writestr("xl/worksheets/sheet1.xml", sheet_xml(text_row(1, "evil", "twin")))
    return out.getvalue()


def shared_string_bomb() -> bytes:
    """One text of two million characters used by 20,000 cells."""
    members = parts(sheet_xml("".join(f'<row r="{n}"><c t="s"><v>0</v></c></row>' for n in range(1, 20_001))))
    noise = os.urandom(1_000_000).hex()
    members["xl/sharedStrings.xml"] = f"<sst xmlns='{MAIN}'><si><t>{noise}</t></si></sst>"
    members["xl/_rels/workbook.xml.rels"] = members["xl/_rels/workbook.xml.rels"].replace(
        "</Relationships>",
        f'<Relationship Id="rId2" Type="{REL}/sharedStrings" Target="sharedStrings.xml"/></Relationships>',
    )
    return pack(members)


def dense(ratio_padding: bool) -> bytes:
    """Two million cells of one row, packed just within the allowed ratio."""
    noise = os.urandom(200_000).hex() if ratio_padding else ""
    return workbook('<row r="1">' + "<c><v>1</v></c>" * 2_000_000 + f"</row><!--{noise}-->")


def entity_bomb() -> bytes:
    names = "abcdefghij"
    doctype = "<!DOCTYPE x [<!ENTITY a 'aaaaaaaaaa'>"
    for before, name in zip(names, names[1:], strict=False):
        doctype += f"<!ENTITY {name} '" + f"&{before};" * 10 + "'>"
    return workbook(text_row(1, "&j;", "b"), prolog=doctype + "]>")


def ole(stream_name: str) -> bytes:
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 504 + stream_name.encode("utf-16-le") + b"\x00" * 512


def many_names() -> bytes:
    return pack({**parts(sheet_xml(GOOD_ROWS)), **{f"xl/media/{n}.png": b"" for n in range(300)}})


def huge_directory() -> bytes:
    return pack({f"{n}" * 8 + "x" * 80: b"" for n in range(12_000)}, zipfile.ZIP_STORED)


XXE = "<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>"
REMOTE = "<!DOCTYPE x SYSTEM 'http://127.0.0.1:9/x.dtd'>"

# name → (the file, the words the refusal must hold, or "read" where it is read)
CORPUS: dict[str, tuple[Callable[[], bytes], str]] = {
    "zip bomb of ratio 1000": (lambda: workbook(" " * 30_000_000), "packed more than"),
    "zip bomb in another part": (lambda: with_part("xl/theme/theme1.xml", "<x>" + "0" * 9_000_000), "packed more than"),
    "60 MiB inside": (lambda: workbook((os.urandom(700_000).hex() + " " * 100) * 43), "unpacks to more than"),
    "two million cells in a row": (lambda: dense(True), ""),
    "two million cells packed tightly": (lambda: dense(False), "packed more than"),
    "shared string bomb": (shared_string_bomb, ""),
    "far cell": (
        lambda: workbook(GOOD_ROWS + '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'),
        "far below",
    ),
    "far row": (lambda: workbook(GOOD_ROWS + '<row r="1048576"><c r="A1048576"><v>1</v></c></row>'), "at most 200000"),
    "far column": (lambda: workbook('<row r="1"><c r="A1"><v>1</v></c><c r="XFD1"><v>1</v></c></row>'), "columns"),
    "row number beyond all": (lambda: workbook('<row r="99999999999"><c r="A99999999999"><v>1</v></c></row>'), ""),
    "negative row number": (lambda: workbook('<row r="-5"><c r="A-5"><v>1</v></c></row>'), ""),
    "entity bomb": (entity_bomb, "XML declarations"),
    "external entity": (lambda: workbook(text_row(1, "&e;", "b"), prolog=XXE), "XML declarations"),
    "remote declaration": (lambda: workbook(GOOD_ROWS, prolog=REMOTE), "XML declarations"),
    "declaration in shared parts": (lambda: with_part("xl/styles.xml", XXE + "<x/>"), "XML declarations"),
    "declaration in UTF-16": (
        lambda: with_part("xl/styles.xml", ("<?xml version='1.0' encoding='UTF-16'?>" + XXE).encode("utf-16")),
        "XML declarations",
    ),
    "macros": (lambda: with_part("xl/vbaProject.bin", b"\x00" * 10), "macros"),
    "old macro sheet": (lambda: with_part("xl/macrosheets/sheet1.xml"), "macros"),
    "active control": (lambda: with_part("xl/activeX/activeX1.xml"), "macros"),
    "embedded program": (lambda: with_part("xl/embeddings/oleObject1.bin", b"MZ"), "no part of a table"),
    "nested zip": (lambda: with_part("xl/media/inner.zip", pack({"a": b"b"})), "no part of a table"),
    "traversal in a name": (lambda: with_part("xl/../../../tmp/evil.xml"), "no part of a table"),
    "absolute name": (lambda: with_part("/etc/cron.d/evil.xml"), "no part of a table"),
    "backslash name": (lambda: with_part("xl/a\\..\\evil.xml"), "no part of a table"),
    "stranger among the parts": (lambda: with_part("readme.txt"), "no part of a table"),
    "300 parts": (many_names, "at most 200 are read"),
    "directory of a million bytes": (huge_directory, "parts"),
    "the same part twice": (duplicated, "damaged"),
    "size that lies": (with_lying_sizes, "damaged"),
    "checksum that lies": (
        lambda: patched(b"code", b"c0de", pack(parts(sheet_xml(GOOD_ROWS)), zipfile.ZIP_STORED)),
        "damaged",
    ),
    "password flag": (lambda: with_flags(0x1), "password"),
    "encrypted workbook": (lambda: ole("EncryptedPackage"), "password"),
    "old Excel": (lambda: ole("Workbook"), "old Excel"),
    "bzip2 inside": (lambda: pack(parts(sheet_xml(GOOD_ROWS)), zipfile.ZIP_BZIP2), "damaged"),
    "truncated workbook": (lambda: workbook(GOOD_ROWS)[:-40], "damaged"),
    "half a workbook": (lambda: workbook(GOOD_ROWS * 500)[:900], "damaged"),
    "zip head and rubbish": (lambda: b"PK\x03\x04" + os.urandom(2000), "damaged"),
    "zip end only": (lambda: b"PK\x05\x06" + b"\x00" * 18, ""),
    "no sheet in it": (lambda: without_part("xl/worksheets/sheet1.xml"), ""),
    "no workbook in it": (lambda: without_part("xl/workbook.xml"), ""),
    "no list of content": (lambda: without_part("[Content_Types].xml"), "ZIP archive"),
    "a plain zip": (lambda: pack({"a.csv": "x,y"}), "ZIP archive"),
    "a text document": (lambda: pack({"[Content_Types].xml": "", "word/document.xml": ""}), "text document"),
    "an OpenDocument": (lambda: pack({"mimetype": "application/vnd.oasis", "content.xml": ""}), "OpenDocument"),
    "a binary workbook": (lambda: pack({"[Content_Types].xml": "", "xl/workbook.bin": b""}), "binary workbook"),
    "sheet that is not XML": (lambda: pack(parts("this is <not xml")), ""),
    "sheet cut off": (lambda: pack(parts(sheet_xml(GOOD_ROWS)[:-90])), ""),
    "deeply nested XML": (lambda: workbook("<a>" * 50_000), ""),
    "cell of 100,000 characters": (
        lambda: workbook(text_row(1, "a", "b") + text_row(2, os.urandom(50_000).hex(), "y")),
        "longer than",
    ),
    "header of 1,000 characters": (lambda: b"x" * 1000 + b",b\n1,2\n", "header longer"),
    "empty file": (lambda: b"", "empty"),
    "only blanks": (lambda: b" \n\t\n ", "empty"),
    "only delimiters": (lambda: b",,,\n,,,\n", "no lines"),
    "null bytes": (lambda: b"a,b\n1,\x002\n\x00\x00\x00", "binary data"),
    "late null bytes": (lambda: b"a,b\n" + b"1,2\n" * 100_000 + b"\x00", "binary data"),
    "random bytes": (lambda: b"\x01\x02" + os.urandom(100_000), ""),
    "a million columns": (lambda: b"a," * 1_000_000 + b"\n1\n", "at most 200"),
    "a line of a million columns": (lambda: b"a,b\n" + b"1," * 1_000_000, "at most 200"),
    "too many lines": (lambda: b"a,b\n" + b"1,2\n" * 200_001, "more than 200000"),
    "40 million cells": (lambda: b",".join(b"c%d" % n for n in range(200)) + (b"\n" + b"1," * 199) * 100_000, "cells"),
    "quote never closed": (lambda: b'a,b\n1,"x\n' + b"2,y\n" * 20_000, "longer than"),
    "quote open at the end": (lambda: b'a,b\n1,x\n2,"y\n3,z\n', "never closed"),
    "huge CSV cell": (lambda: b"a,b\n1," + b"x" * 1_000_000 + b"\n", "longer than"),
    "mixed encodings": (
        lambda: "код;назва\n1;Привіт усім\n".encode() + "2;Київ\n".encode("cp1251"),
        "another encoding",
    ),
    "cut in a letter": (lambda: "код;назва\n1;Привіт усім".encode()[:-1], "middle of a character"),
    "odd UTF-16": (lambda: "a;b\n1;2\n".encode("utf-16") + b"\x41", "cannot be read"),
    "lone surrogates": (lambda: "a;b\n1;".encode("utf-16") + b"\x00\xd8\x0a\x00", "cannot be read"),
    "web page as xls": (lambda: b"<html><table><tr><td>1</td></tr></table>", "web page"),
    "XML spreadsheet": (lambda: b"<?xml version='1.0'?><Workbook/>", "web page or an XML"),
    "PDF": (lambda: b"%PDF-1.7\n...", "a PDF document"),
    "picture": (lambda: b"\x89PNG\r\n\x1a\n" + b"\x00" * 100, "a picture"),
    "program": (lambda: b"\x7fELF\x02\x01\x01" + b"\x00" * 100, "a program"),
    "archive": (lambda: b"\x1f\x8b\x08\x00" + os.urandom(100), "a packed archive"),
    "JSON instead of a table": (lambda: b'[{"a": 1}]', "a JSON list"),
    "ragged lines": (lambda: b"a,b,c\n1\n1,2,3,4\n1,2\n", READ),
    "formulas and scripts": (lambda: b"a,b\n=cmd|' /C calc'!A0,<script>\n", READ),
    "carriage returns only": (lambda: b"a,b\r1,2\r3,4\r", READ),
    "escape characters": (lambda: b"a,b\n\x1b[31mred,\x07\n", READ),
    "right-to-left names": (lambda: "a,b\n\u202eevil,\u200b\n".encode(), READ),
}


@pytest.fixture(autouse=True)
def _nothing_left_behind():
    before = len(list(Path("/proc/self/fd").iterdir()))
    yield
    assert len(list(Path("/proc/self/fd").iterdir())) <= before + 1


@pytest.mark.parametrize("name", CORPUS)
def test_a_hostile_file_is_refused_with_a_sentence_or_read_sanely(name: str, tmp_path: Path) -> None:
    make, words = CORPUS[name]
    path = tmp_path / "upload.xlsx"  # the ending lies for half of them: it must not matter
    path.write_bytes(make())
    started = time.monotonic()
    if words == READ:
        sheet = read_sheet(path)
        assert len(list(sheet.rows)) == len(sheet) > 0
    else:
        with pytest.raises(Refused) as refusal:
            read_sheet(path)
        assert words in str(refusal.value)
        assert str(refusal.value).endswith(".")
    assert time.monotonic() - started < 2 * SLOWNESS


def test_there_are_more_than_fifty_hostile_files() -> None:
    assert len(CORPUS) >= 50


def test_the_parser_never_takes_more_than_200_mebibytes(tmp_path: Path) -> None:
    for name in ("two million cells in a row", "shared string bomb", "40 million cells", "60 MiB inside", "far row"):
        path = tmp_path / "upload"
        path.write_bytes(CORPUS[name][0]())
        code = (
            "import resource, sys; sys.path.insert(0, sys.argv[2])\n"
            "from app.core.errors import Refused\nfrom app.imports.reading import read_sheet\n"
            "try: read_sheet(sys.argv[1])\nexcept Refused: pass\n"
            "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
        )
        done = subprocess.run(
            [sys.executable, "-c", code, str(path), str(ROOT)], capture_output=True, text=True, check=True
        )
        assert int(done.stdout) < 200 * 1024, name


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"[", "not valid JSON"),
        (b'[{"a": 1}, {"b": ]', "Line 1 is not valid JSON"),
        (b'[{"a": 1},\n\n{"b" 2}]', "Line 3 is not valid JSON"),
        (b"[" * 100_000, ""),
        (b'[{"a":' * 50_000, ""),
        (b"[]", "no lines"),
        (b"{}", "no list of objects"),
        (b'{"a": [1, 2]}', "no list of objects"),
        (b'"text"', "no list of objects"),
        (b"\x00\x01\x02", "binary data"),
        (b"[" + b"{}," * 2_000_000 + b"{}]", "more than 200000"),
    ],
)
def test_a_hostile_json_list_is_refused_with_a_sentence(content: bytes, words: str) -> None:
    started = time.monotonic()
    with pytest.raises(Refused) as refusal:
        read_items(content)
    assert words in str(refusal.value)
    assert time.monotonic() - started < 2 * SLOWNESS


def _slowness() -> float:
    """How many times slower than a quiet machine this one is now: the two seconds are a quiet machine's."""
    started, cpu = time.monotonic(), time.process_time()
    sum(range(2_000_000))
    return max(1.0, (time.monotonic() - started) / max(time.process_time() - cpu, 0.01)) * 2


SLOWNESS = _slowness()
assert resource.RLIMIT_AS is not None
