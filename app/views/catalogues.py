"""Translations: catalogues are compiled from their .po files when the program starts on a fresh or changed checkout."""

from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from app.core.files import written_whole

FOLDER = Path(__file__).resolve().parents[1] / "translations"


def compile_changed(folder: Path = FOLDER) -> list[str]:
    """Write each .mo that is missing or older than its .po; returns the languages written."""
    return [source.parts[-3] for source in sorted(folder.glob("*/LC_MESSAGES/messages.po")) if _compile(source)]


def _compile(source: Path) -> bool:
    target = source.with_suffix(".mo")
    if target.exists() and target.stat().st_mtime_ns >= source.stat().st_mtime_ns:
        return False
    with written_whole(target) as part, source.open("rb") as text, part.open("wb") as out:
        write_mo(out, read_po(text, locale=source.parts[-3]))
    return True
