"""No untranslated string: every text of the code is in every catalogue, translated, with its places kept."""

import re
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping
from babel.messages.pofile import read_po

from app.views.catalogues import FOLDER

ROOT = Path(__file__).resolve().parents[2]
LANGUAGES = ("uk", "ru", "pl")
# Texts that are the same in every language: codes, units and names.
SAME = re.compile(
    r"^[\W\d_]*$|^(Kabinet|XLSX|CSV|PDF|ZIP|JSON|IBAN|SWIFT|BIC|E-mail|Email|ID|Id|Redis|SMS|Telegram|No\.?)$"
)
PLACES = re.compile(r"%\(\w+\)[a-z]|%[sd]|\{\w*\}")


def catalogue(language: str):
    with (FOLDER / language / "LC_MESSAGES" / "messages.po").open("rb") as source:
        return read_po(source, locale=language)


def texts_of_our_code() -> set[str]:
    with (ROOT / "babel.cfg").open() as source:
        methods, options = parse_mapping(source)
    keywords = {"_": None, "gettext": None, "lazy_gettext": None, "N_": None, "ngettext": (1, 2), "_l": None}
    found: set[str] = set()
    for folder in ("app", "jobs"):
        for _, _, message, _, _ in extract_from_dir(ROOT / folder, methods, options, keywords=keywords):
            found.add(message[0] if isinstance(message, tuple) else message)
    return {text for text in found if text}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_of_the_code_is_translated(language):
    known = {m.id[0] if isinstance(m.id, tuple) else m.id: m for m in catalogue(language) if m.id}
    strings = {i: (m.string if isinstance(m.string, tuple) else (m.string,)) for i, m in known.items()}
    missing = sorted(t for t in texts_of_our_code() if not all(strings.get(t, ("",))) and not SAME.match(t))
    assert missing == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_keeps_the_places_of_its_text(language):
    wrong = [
        m.id
        for m in catalogue(language)
        if m.id
        and isinstance(m.string, str)
        and m.string
        and sorted(PLACES.findall(m.id)) != sorted(PLACES.findall(m.string))
    ]
    assert wrong == []


def test_no_translation_ends_a_script_with_an_apostrophe():
    strings = [(m.id, text) for n in LANGUAGES for m in catalogue(n) if m.id for text in _strings(m)]
    assert [id_ for id_, text in strings if "'" in text] == []


def _strings(message) -> tuple[str, ...]:
    return message.string if isinstance(message.string, tuple) else (message.string,)
