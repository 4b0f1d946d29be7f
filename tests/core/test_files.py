"""A text becomes the name of a file that any system keeps."""

from app.core.files import LONGEST, file_name


def test_a_title_becomes_a_name_for_any_system():
    assert file_name('Рахунок № 7/2026 від "1:2"\n<x>') == "Рахунок № 7 2026 від 1 2 x"
    assert file_name("///") == "document"
    assert file_name("../../etc/passwd") == "etc passwd"
    assert file_name("a\u202etxt.exe\x00") == "a txt.exe"


def test_a_long_name_keeps_its_ending():
    name = file_name("я" * 300 + ".xlsx")
    assert name.endswith("я.xlsx") and len(name) == LONGEST
