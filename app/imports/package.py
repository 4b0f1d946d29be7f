"""The zip directory of an XLSX is judged before a byte of it is unpacked for use."""

import re
import zipfile
from typing import BinaryIO

from app.core.errors import N_, Refused
from app.imports.limits import MIB, Limits

FOLDERS = ("_rels/", "docProps/", "xl/", "customXml/", "docMetadata/")
ENDINGS = (".xml", ".rels", ".vml", ".png", ".jpg", ".jpeg", ".gif", ".emf", ".wmf", ".svg")
MACROS = re.compile(r"vbaProject|vbaData|macrosheets/|activeX/|dialogsheets/", re.IGNORECASE)
NESTED = re.compile(r"xl/embeddings/|\.(zip|xlsx|xlsm|xls|docx|7z|rar|gz|exe|dll|js|jar)$", re.IGNORECASE)
DIRECTORY_BYTES = 1 * MIB
SMALL_PART = 64 * 1024  # a short part may compress by any ratio: it harms nobody
CHUNK = 256 * 1024
PROLOG = 4096
END_RECORD = b"PK\x05\x06"
SHEETS = "xl/worksheets/"
LONGEST_FORMULA = 9 * 1024
# A formula without the value that a spreadsheet program counts and keeps; «t="str"» is a text, and may be empty.
FORMULA = re.compile(
    rb'<c r="([A-Z]{1,3}\d{1,7})"(?: s="\d+")?>\s*<f(?:/>|[^>]*>[^<]*</f>)\s*(?:<v ?/>|<v></v>)?\s*</c>'
)

DAMAGED = N_(
    "The file is damaged or was not uploaded whole. Open it in a spreadsheet program, save it again and retry."
)
NOT_XLSX = N_("This is a ZIP archive, not an XLSX workbook. Unpack it and upload the file inside.")
MACRO = N_("The workbook contains macros. Save it as «Excel Workbook (*.xlsx)» without macros and upload that.")
ENCRYPTED = N_("The file is protected with a password. Remove the protection, save it and upload it again.")
TOO_MANY_PARTS = N_("The workbook has %(count)s parts; at most %(limit)s are read. Copy its lines into a new workbook.")
TOO_LARGE_INSIDE = N_("The workbook unpacks to more than %(limit)s MiB. Split it into smaller files.")
PACKED_TOO_TIGHTLY = N_(
    "A part of the workbook is packed more than %(limit)s times. Save it again with a spreadsheet program."
)
FOREIGN_PART = N_("The workbook contains «%(part)s», which is no part of a table. Copy its lines into a new workbook.")
DECLARATIONS = N_(
    "The workbook contains XML declarations that are never read. Save it again with a spreadsheet program."
)
OPEN_DOCUMENT = N_("This is an OpenDocument file. Save it as XLSX or CSV and upload that.")
UNCOUNTED = N_(
    "Cell %(cell)s has a formula, and the file does not hold what it comes to. "
    "Open the file in a spreadsheet program, save it there and upload it again."
)
BINARY_WORKBOOK = N_("This is a binary workbook (XLSB). Save it as XLSX or CSV and upload that.")
WORD_DOCUMENT = N_("This is a text document or a presentation, not a table. Save the table as XLSX or CSV.")


def check_package(stream: BinaryIO, limits: Limits) -> None:
    """Raise Refused unless `stream` is a plain XLSX within `limits`."""
    _check_directory_size(stream)
    try:
        with zipfile.ZipFile(stream) as archive:
            parts = archive.infolist()
            _check_names([part.filename for part in parts], limits)
            _check_sizes(parts, limits)
            for part in parts:
                _check_content(archive, part)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, EOFError, OSError, ValueError) as error:
        raise Refused(DAMAGED) from error
    except Exception as error:
        if type(error).__name__ == "error":  # zlib.error has no public base of its own
            raise Refused(DAMAGED) from error
        raise


def _check_directory_size(stream: BinaryIO) -> None:
    """A directory of millions of names is refused before zipfile makes an object of each."""
    stream.seek(0, 2)
    size = stream.tell()
    stream.seek(max(0, size - 66_000))
    tail = stream.read()
    at = tail.rfind(END_RECORD)
    if at < 0 or len(tail) - at < 22:
        raise Refused(DAMAGED)
    if int.from_bytes(tail[at + 12 : at + 16], "little") > DIRECTORY_BYTES:
        raise Refused(TOO_MANY_PARTS, count="65535+", limit=200)
    stream.seek(0)


def _check_names(names: list[str], limits: Limits) -> None:
    if len(names) > limits.entries:
        raise Refused(TOO_MANY_PARTS, count=len(names), limit=limits.entries)
    present = set(names)
    if len(present) != len(names):
        raise Refused(DAMAGED)
    if any(MACROS.search(name) for name in names):
        raise Refused(MACRO)
    _check_kind(present)
    for name in names:
        _check_name(name)


def _check_kind(names: set[str]) -> None:
    if "mimetype" in names:
        raise Refused(OPEN_DOCUMENT)
    if "xl/workbook.bin" in names:
        raise Refused(BINARY_WORKBOOK)
    if any(name.startswith(("word/", "ppt/")) for name in names):
        raise Refused(WORD_DOCUMENT)
    if "EncryptedPackage" in names:
        raise Refused(ENCRYPTED)
    if "[Content_Types].xml" not in names or not any(name.startswith("xl/") for name in names):
        raise Refused(NOT_XLSX)


def _check_name(name: str) -> None:
    known = name == "[Content_Types].xml" or (
        name.startswith(FOLDERS)
        and (name.endswith("/") or name.lower().endswith(ENDINGS) or name.startswith("xl/printerSettings/"))
    )
    if not known or NESTED.search(name) or ".." in name.split("/") or "\\" in name:
        raise Refused(FOREIGN_PART, part=name[:80])


def _check_sizes(parts: list[zipfile.ZipInfo], limits: Limits) -> None:
    if any(part.flag_bits & 0x1 for part in parts):
        raise Refused(ENCRYPTED)
    if any(part.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for part in parts):
        raise Refused(DAMAGED)
    if sum(part.file_size for part in parts) > limits.unpacked_bytes:
        raise Refused(TOO_LARGE_INSIDE, limit=limits.unpacked_bytes // MIB)
    for part in parts:
        if part.file_size > SMALL_PART and part.file_size > limits.ratio * max(part.compress_size, 1):
            raise Refused(PACKED_TOO_TIGHTLY, limit=limits.ratio)


def _check_content(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    """Unpack once: a size or checksum that lies is found here, and so is a document type declaration."""
    if part.is_dir():
        return
    with archive.open(part) as content:
        head = content.read(PROLOG)
        if not part.filename.startswith("xl/printerSettings/") and _declares(head):
            raise Refused(DECLARATIONS)
        before, at_sheet = head, part.filename.startswith(SHEETS)
        while chunk := content.read(CHUNK):
            before = _check_formulas(before + chunk, at_sheet)
        _check_formulas(before, at_sheet)


def _check_formulas(text: bytes, at_sheet: bool) -> bytes:
    """Refuse a formula nobody has counted: its cell would be read as empty. What may continue in the next chunk."""
    if at_sheet and b"<f" in text and (found := FORMULA.search(text)):
        raise Refused(UNCOUNTED, cell=found[1].decode())
    return text[-LONGEST_FORMULA:] if at_sheet else b""


def _declares(head: bytes) -> bool:
    """Whether the XML has a DTD; UTF-16 is looked through as well."""
    plain = head.replace(b"\x00", b"").lower()
    return b"<!doctype" in plain or b"<!entity" in plain
