"""The one door for foreign text into a document: no control characters, no endless words, nothing interpreted."""

import re

CAP = 2_000  # characters of one value that are printed; the rest is replaced by an ellipsis
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufffe\uffff\ud800-\udfff]")
_SPACES = re.compile(r"\s+")


def clean(text: object, cap: int = CAP) -> str:
    """`text` as one printable line: controls and bidi overrides dropped, blanks joined, at most `cap` characters."""
    line = str(text)
    if len(line) > cap:
        line = line[: cap - 1] + "…"
    if line.isascii() and line.isprintable() and "  " not in line:
        return line
    line = _SPACES.sub(_one_space, line)
    return _CONTROL.sub("", line)


def _one_space(found: re.Match[str]) -> str:
    return found[0] if found[0] in {" ", "\xa0", "\u202f"} else " "


def clean_lines(text: object, cap: int = CAP) -> list[str]:
    """`text` as its own lines, each `clean`; at most `cap` characters and 60 lines of it."""
    return [clean(line) for line in str(text)[:cap].replace("\r\n", "\n").split("\n")[:60]]
