"""The look: both themes readable, nothing fetched from outside, no inline handlers, no words outside the catalogue."""

import re
from pathlib import Path

import pytest

APP = Path(__file__).parents[2] / "app"
TEMPLATES = sorted((APP / "templates").rglob("*.html"))
CSS = (APP / "static" / "kabinet.css").read_text()
TEXT_ON = [
    ("text", "bg"),
    ("text", "surface"),
    ("text-2", "surface"),
    ("text-2", "hover"),
    ("muted", "bg"),
    ("muted", "surface"),
    ("muted", "sunken"),
    ("muted", "raised"),
    ("accent", "surface"),
    ("accent", "bg"),
    ("accent", "accent-soft"),
    ("good", "good-soft"),
    ("warn", "warn-soft"),
    ("bad", "bad-soft"),
    ("info", "info-soft"),
    ("bad", "surface"),
    ("good", "surface"),
    ("warn", "surface"),
    ("on-accent", "accent-solid"),
    ("on-accent", "bad-solid"),
    ("text-2", "neutral-soft"),
]


def colours(theme):
    start = CSS.index(':root[data-theme="dark"]') if theme == "dark" else CSS.index("\n:root {")
    block = CSS[start : CSS.index("}", start)]
    return dict(re.findall(r"--kb-([\w-]+): (#[0-9a-f]{3,6})\b", block))


def luminance(colour):
    digits = colour[1:] if len(colour) == 7 else "".join(c * 2 for c in colour[1:])
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), TEXT_ON)
def test_text_is_readable_on_its_ground(theme, text, ground):
    found = colours(theme)
    assert contrast(found[text], found[ground]) >= 4.5


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_field_borders_can_be_seen(theme):
    found = colours(theme)
    assert contrast(found["border-strong"], found["surface"]) >= 3


def test_both_dark_themes_are_the_same():
    first, second = re.findall(r"--kb-bg: #0e1116;.*?color-scheme: dark;", CSS, re.DOTALL)
    assert first == second


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda p: str(p.relative_to(APP)))
def test_a_template_keeps_the_content_policy(path):
    text = path.read_text()
    assert not re.search(r"\son(click|change|submit|load|input|key\w+|mouse\w+)=", text)
    assert not re.search(r'(src|href|action)="(https?:)?//', text)
    for tag in re.findall(r"<(?:script|style)\b[^>]*>", text):
        assert "nonce=" in tag or 'type="application/json"' in tag


def test_nothing_static_is_fetched_from_outside():
    for path in (APP / "static").rglob("*.*"):
        if path.suffix in {".css", ".js"}:
            assert not re.search(r"(url\(|fetch\(|import )[\"']?https?:", path.read_text()), path.name


def test_the_fonts_that_the_sheet_names_are_there():
    for name in re.findall(r'url\("(fonts/[^"]+)"\)', CSS):
        assert (APP / "static" / name).is_file()
