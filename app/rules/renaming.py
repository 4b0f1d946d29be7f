"""Judging new names of subscribers: what is refused, what is doubtful, and the spelling that was probably meant."""

import re
import unicodedata
from enum import StrEnum
from typing import NamedTuple


class Verdict(StrEnum):
    """What a line of a list comes to, before anything is written."""

    OK = "ok"
    LOOK_ALIKE = "look_alike"  # good, but a word of it mixes Latin and Cyrillic letters
    UNKNOWN = "unknown"  # nobody's number, or another company's: the two are not told apart
    DUPLICATE = "duplicate"
    CONTRADICTION = "contradiction"  # the same number with different names
    UNCHANGED = "unchanged"
    TOO_LONG = "too_long"
    EMPTY = "empty"
    CONTROL = "control"
    NO_NUMBER = "no_number"
    SHORTENED = "shortened"  # 3.8067E+11
    RENAMED_SINCE = "renamed_since"  # of an undo: somebody has renamed the line again


class Outcome(StrEnum):
    """What came of a good line when the list was applied."""

    DONE = "done"
    UNCHANGED = "unchanged"
    UNKNOWN = "unknown"
    RENAMED_SINCE = "renamed_since"
    STOPPED = "stopped"


GOOD = (Verdict.OK, Verdict.LOOK_ALIKE)

LATIN = re.compile("[A-Za-z\u00c0-\u024f]")
CYRILLIC = re.compile("[\u0400-\u052f]")
_WORD = re.compile(r"[^\W\d_]+")
_HIDDEN = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
_INVISIBLE = "\ufeff\u200b\u200c\u200d\u200e\u200f\u2060"
_LATIN_LOOKS = "ABCEHIKMOPTXYaceikopxyÏïËë"
_CYRILLIC_LOOKS = "АВСЕНІКМОРТХУасеікорхуЇїЁё"
_TO_CYRILLIC = str.maketrans(_LATIN_LOOKS, _CYRILLIC_LOOKS)
_TO_LATIN = str.maketrans(_CYRILLIC_LOOKS, _LATIN_LOOKS)
_LATIN_ALIKE, _CYRILLIC_ALIKE = frozenset(_LATIN_LOOKS), frozenset(_CYRILLIC_LOOKS)


class Judged(NamedTuple):
    """A name as it will be written, what is wrong with it (None: nothing), and the spelling suggested."""

    name: str
    verdict: Verdict | None = None
    suggestion: str = ""


def judge_name(text: str, longest: int) -> Judged:
    """A name of a list: trimmed, its spaces single, composed; refused where it is empty, too long or has hidden signs.

    A word that mixes Latin and Cyrillic look-alikes is good, with the spelling that was probably meant.
    """
    name = text
    if not (text.isprintable() and unicodedata.is_normalized("NFC", text)):
        name = unicodedata.normalize("NFC", text.strip().strip(_INVISIBLE))
        if not name.isprintable() and any(unicodedata.category(ch) in _HIDDEN for ch in name.strip()):
            return Judged(_shown(name), Verdict.CONTROL)
        name = " ".join(name.split())
    elif "  " in name or name[:1] == " " or name[-1:] == " ":
        name = " ".join(name.split())
    if not name:
        return Judged("", Verdict.EMPTY)
    if len(name) > longest:
        return Judged(name[:200], Verdict.TOO_LONG)
    if name.isascii() or not LATIN.search(name) or not CYRILLIC.search(name):
        return Judged(name)
    suggestion = suggest_spelling(name)
    return Judged(name, Verdict.LOOK_ALIKE, suggestion) if suggestion != name else Judged(name)


def _shown(name: str) -> str:
    """A name with its hidden signs made visible, for the page that refuses it."""
    return "".join("�" if unicodedata.category(ch) in _HIDDEN else ch for ch in name)[:200]


def suggest_spelling(name: str) -> str:
    """The name with each mixed word in one alphabet; unchanged where that cannot be: «Wi-Fi роутер», «iPhoneИра»."""
    lean = _lean(name)
    return _WORD.sub(lambda found: _mend(found[0], lean), name)


def _lean(name: str) -> int:
    """> 0 where the name's unmistakable letters are mostly Cyrillic, < 0 where they are Latin."""
    cyrillic = sum(1 for ch in CYRILLIC.findall(name) if ch not in _CYRILLIC_ALIKE)
    return cyrillic - sum(1 for ch in LATIN.findall(name) if ch not in _LATIN_ALIKE)


def _mend(word: str, lean: int) -> str:
    latin, cyrillic = LATIN.findall(word), CYRILLIC.findall(word)
    if not latin or not cyrillic:
        return word
    can_be_cyrillic = _LATIN_ALIKE.issuperset(latin)
    can_be_latin = _CYRILLIC_ALIKE.issuperset(cyrillic)
    if can_be_cyrillic and (not can_be_latin or lean > 0 or (lean == 0 and len(cyrillic) >= len(latin))):
        return word.translate(_TO_CYRILLIC)
    return word.translate(_TO_LATIN) if can_be_latin else word
