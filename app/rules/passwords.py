"""The password rule of the seeds (SMC-10, SMC-11) and the refusal of passwords that everybody tries first.

A password is also read as typed on the other keyboard («йцукен» is «qwerty», «gfhjkm» is «пароль») and with its
usual disguises («p@ssw0rd»): whatever stays when the well-known pieces are taken out must still be something.
"""

import datetime as dt
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from app.core.errors import N_, DomainError

MIN_LENGTH, MAX_LENGTH, MIN_CLASSES = 8, 64, 3
_MIN_REST = 4  # characters that must remain beside the well-known pieces
_MIN_RUN = 3  # «abc», «321», «aaa»
_MIN_KEYS = 4  # neighbouring keys: «qwer», «фыва»

_LATIN_KEYS = "qwertyuiop[]asdfghjkl;'zxcvbnm,.`"
_RUSSIAN_KEYS = "йцукенгшщзхъфывапролджэячсмитьбюё"
_UKRAINIAN_KEYS = "йцукенгшщзхїфівапролджєячсмитьбюґ"
_DISGUISES = str.maketrans("013457@$!", "oieastasi")
_ROWS = ("qwertyuiop[]", "asdfghjkl;'", "zxcvbnm,.", "1234567890", "qwertzuiop", "azertyuiop")
_COLUMNS = "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,9ol.0p;"

_LIST = """
    password passwort passw pass passwd parol parole haslo admin administrator root user login guest test demo welcome
    letmein iloveyou monkey dragon master shadow sunshine princess football baseball superman batman pokemon secret
    killer hello freedom whatever michael jordan hunter summer winter spring autumn january february march april june
    july august september october november december monday friday computer internet samsung iphone google microsoft
    windows office company account service cloud kabinet cabinet invoice money changeme default qazwsx trustno
    starwars love baby angel family flower cookie cheese banana orange apple
    пароль привет любовь админ администратор пользователь солнышко наташа марина максим сергей андрей александр
    дмитрий никита алексей екатерина светлана россия москва минск беларусь казахстан алматы зенит спартак динамо
    компьютер кабинет бухгалтер бухгалтерия директор компания деньги мама папа кошка собака лето зима весна осень
    январь февраль март апрель июнь июль август сентябрь октябрь ноябрь декабрь понедельник пятница
    привіт кохання україна київ львів одеса харків шевченко слава сонечко гроші компанія літо весна осінь січень
    лютий березень квітень травень червень липень серпень вересень жовтень листопад грудень
    polska warszawa krakow kocham misiek kasia marcin mateusz dupa kurwa polak lato zima wiosna jesien styczen luty
    marzec kwiecien maj czerwiec lipiec sierpien wrzesien pazdziernik listopad grudzien
"""
_COMMON = frozenset(_LIST.split())
_LETTERS = {
    **dict(zip("абвгґдеёзийклмнопрстуфыэіїєьъ", "abvggdeezijklmnoprstufyeiie", strict=False)),
    **{"ж": "zh", "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ю": "yu", "я": "ya", "ь": "", "ъ": ""},
}
# The Cyrillic words are tried in Latin letters too: «parol», «privet», «sergej».
_WORDS = _COMMON | {"".join(_LETTERS.get(letter, letter) for letter in word) for word in _COMMON}


class WeakPassword(DomainError):
    """A password that the rule refuses."""


@dataclass(frozen=True)
class Failure:
    """One reason for a refusal: an English message id with its params."""

    text: str
    params: dict[str, object] = field(default_factory=dict)


def normalise(password: str) -> str:
    """The password as it is hashed: the same letters give the same hash on every system (NFKC)."""
    return unicodedata.normalize("NFKC", password)


def failures(
    password: str, personal: Iterable[str] = (), min_length: int = MIN_LENGTH, max_length: int = MAX_LENGTH
) -> list[Failure]:
    """Every reason to refuse `password`, in the order to tell them; empty where it is good.

    `personal`: the person's name, e-mail address, company: words that others would try for this person.
    """
    password = normalise(password)
    found = [*_length_failures(password, min_length, max_length), *_class_failures(password)]
    if not found and _rest(password, [*_WORDS, *_personal_words(personal)]) < _MIN_REST:
        text = N_("This password is one of the first that others would try: choose words that do not belong together.")
        found.append(Failure(text))
    return found


def need_good(
    password: str, personal: Iterable[str] = (), min_length: int = MIN_LENGTH, max_length: int = MAX_LENGTH
) -> str:
    """The normalised password, or WeakPassword with the first reason."""
    for failure in failures(password, personal, min_length, max_length):
        raise WeakPassword(failure.text, **failure.params)
    return normalise(password)


def _length_failures(password: str, min_length: int, max_length: int) -> Iterator[Failure]:
    length = len(password)
    if length < min_length:
        text = N_("A password has at least %(limit)s characters, this one has %(found)s.")
        yield Failure(text, {"limit": min_length, "found": length})
    if length > max_length:
        text = N_("A password has at most %(limit)s characters, this one has %(found)s.")
        yield Failure(text, {"limit": max_length, "found": length})
    if any(unicodedata.category(character) == "Cc" for character in password):
        yield Failure(N_("A password cannot hold line breaks or other invisible characters."))


def _class_failures(password: str) -> Iterator[Failure]:
    if len(classes(password)) < MIN_CLASSES:
        yield Failure(
            N_("Mix at least three of these four: a lower-case letter, an upper-case letter, a digit, a symbol.")
        )


def classes(password: str) -> set[str]:
    """Which of the four classes its characters are of: lower, upper, digit, symbol; letters of any alphabet."""
    return {_class_of(character) for character in password}


def _class_of(character: str) -> str:
    if character.isdigit():
        return "digit"
    if character.isalpha():
        return "upper" if character.isupper() else "lower"
    return "symbol"


# ---- what everybody tries first -----------------------------------------------------------------------------------


def _personal_words(personal: Iterable[str]) -> set[str]:
    parts = (part for text in personal for part in re.split(r"[\W_]+", normalise(text).casefold()))
    return {part for part in parts if len(part) > _MIN_RUN}


def _rest(password: str, words: Sequence[str]) -> int:
    """How many characters of the password belong to no well-known piece."""
    known = [False] * len(password)
    plain = "".join(letter.lower()[:1] for letter in password)  # one for one, so that places stay comparable
    for image in _images(plain):
        for start, end in _pieces(image, words):
            known[start:end] = [True] * (end - start)
    return known.count(False)


def _images(plain: str) -> set[str]:
    """The same keys on the other keyboards, and each of these without its disguises."""
    tables = [
        str.maketrans(keys, other)
        for national in (_RUSSIAN_KEYS, _UKRAINIAN_KEYS)
        for keys, other in ((national, _LATIN_KEYS), (_LATIN_KEYS, national))
    ]
    typed = {plain, *(plain.translate(table) for table in tables)}
    return typed | {image.translate(_DISGUISES) for image in typed}


def _pieces(image: str, words: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Start and end of each common word, run, row of keys and year in `image`."""
    for word in words:
        for found in re.finditer(re.escape(word), image):
            yield found.span()
    yield from _runs(image)
    yield from _key_walks(image)
    for found in re.finditer(r"19[4-9]\d|20[0-4]\d", image):
        yield found.span()
    for found in re.finditer(r"\d{6}|\d{8}", image):
        if _is_date(found[0]):
            yield found.span()


def _runs(image: str) -> Iterator[tuple[int, int]]:
    """Characters that follow one another by the same step of -1, 0 or 1."""
    start = 0
    for place in range(1, len(image) + 1):
        step = ord(image[place]) - ord(image[place - 1]) if place < len(image) else None
        before = ord(image[start + 1]) - ord(image[start]) if place - start > 1 else step
        if step is None or step != before or abs(step) > 1:
            if place - start >= _MIN_RUN:
                yield start, place
            start = place - 1 if step is not None and step != before and abs(step) <= 1 else place


def _key_walks(image: str) -> Iterator[tuple[int, int]]:
    for row in (*_ROWS, _COLUMNS):
        for walk in (row, row[::-1]):
            for start in range(len(image) - _MIN_KEYS + 1):
                if image[start : start + _MIN_KEYS] in walk:
                    yield start, start + _MIN_KEYS


def _is_date(digits: str) -> bool:
    for pattern in ("%d%m%y", "%y%m%d") if len(digits) == 6 else ("%d%m%Y", "%Y%m%d"):
        try:
            dt.datetime.strptime(digits, pattern).replace(tzinfo=dt.UTC)
        except ValueError:
            continue
        return True
    return False
