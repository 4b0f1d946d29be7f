"""Amounts, dates and counts in the words of a language (`domain.md` §1.9).

num2words is asked for masculine cardinals only: its feminine forms are wrong for Russian from 1 000 000 and missing for
Ukrainian, so the last word is put into the currency's gender here. Currencies outside the tables take Babel's names.
"""

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from babel.numbers import get_currency_name
from num2words import num2words

from app.core.money import half_up

_NUM2WORDS = {"kk": "kz"}  # the library's own code for Kazakh
_GENDER = {
    "ru": {"f": {"один": "одна", "два": "две"}, "n": {"один": "одно"}},
    "uk": {"f": {"один": "одна", "два": "дві"}, "n": {"один": "одне"}},
    "be": {"f": {"адзін": "адна", "два": "дзве"}, "n": {"адзін": "адно"}},
    "pl": {"f": {"jeden": "jedna", "dwa": "dwie"}, "n": {"jeden": "jedno"}},
}
# currency → (gender, one, few, many), (one, few, many) of its hundredth; without the second: n/100
_CURRENCIES: dict[str, dict[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "ru": {
        "RUB": (("m", "рубль", "рубля", "рублей"), ("копейка", "копейки", "копеек")),
        "UAH": (("f", "гривна", "гривны", "гривен"), ("копейка", "копейки", "копеек")),
        "BYN": (
            ("m", "белорусский рубль", "белорусских рубля", "белорусских рублей"),
            ("копейка", "копейки", "копеек"),
        ),
        "KZT": (("m", "тенге", "тенге", "тенге"), ("тиын", "тиына", "тиынов")),
        "PLN": (("m", "злотый", "злотых", "злотых"), ("грош", "гроша", "грошей")),
        "USD": (("m", "доллар США", "доллара США", "долларов США"), ("цент", "цента", "центов")),
        "EUR": (("m", "евро", "евро", "евро"), ("цент", "цента", "центов")),
    },
    "uk": {
        "UAH": (("f", "гривня", "гривні", "гривень"), ("копійка", "копійки", "копійок")),
        "RUB": (("m", "рубль", "рублі", "рублів"), ("копійка", "копійки", "копійок")),
        "BYN": (
            ("m", "білоруський рубль", "білоруські рублі", "білоруських рублів"),
            ("копійка", "копійки", "копійок"),
        ),
        "KZT": (("m", "тенге", "тенге", "тенге"), ("тиїн", "тиїни", "тиїнів")),
        "PLN": (("m", "злотий", "злоті", "злотих"), ("грош", "гроші", "грошів")),
        "USD": (("m", "долар США", "долари США", "доларів США"), ("цент", "центи", "центів")),
        "EUR": (("m", "євро", "євро", "євро"), ("цент", "центи", "центів")),
    },
    "be": {
        "BYN": (("m", "беларускі рубель", "беларускія рублі", "беларускіх рублёў"), ("капейка", "капейкі", "капеек")),
        "RUB": (("m", "расійскі рубель", "расійскія рублі", "расійскіх рублёў"), ("капейка", "капейкі", "капеек")),
        "USD": (("m", "долар ЗША", "долары ЗША", "долараў ЗША"), ("цэнт", "цэнты", "цэнтаў")),
        "EUR": (("m", "еўра", "еўра", "еўра"), ("цэнт", "цэнты", "цэнтаў")),
    },
    "pl": {
        "PLN": (("m", "złoty", "złote", "złotych"), ()),
        "UAH": (("f", "hrywna", "hrywny", "hrywien"), ()),
        "RUB": (("m", "rubel rosyjski", "ruble rosyjskie", "rubli rosyjskich"), ()),
        "BYN": (("m", "rubel białoruski", "ruble białoruskie", "rubli białoruskich"), ()),
        "KZT": (("n", "tenge", "tenge", "tenge"), ()),
        "USD": (("m", "dolar amerykański", "dolary amerykańskie", "dolarów amerykańskich"), ()),
        "EUR": (("n", "euro", "euro", "euro"), ()),
    },
    "kk": {
        "KZT": (("", "теңге", "теңге", "теңге"), ("тиын", "тиын", "тиын")),
        "USD": (("", "АҚШ доллары", "АҚШ доллары", "АҚШ доллары"), ("цент", "цент", "цент")),
        "EUR": (("", "еуро", "еуро", "еуро"), ("цент", "цент", "цент")),
    },
    "en": {
        "USD": (("", "US dollar", "US dollars", "US dollars"), ("cent", "cents", "cents")),
        "EUR": (("", "euro", "euros", "euros"), ("cent", "cents", "cents")),
        "UAH": (("", "hryvnia", "hryvnias", "hryvnias"), ("kopiyka", "kopiykas", "kopiykas")),
        "RUB": (("", "Russian rouble", "Russian roubles", "Russian roubles"), ("kopeck", "kopecks", "kopecks")),
        "BYN": (
            ("", "Belarusian rouble", "Belarusian roubles", "Belarusian roubles"),
            ("kopeck", "kopecks", "kopecks"),
        ),
        "KZT": (("", "tenge", "tenge", "tenge"), ("tiyn", "tiyn", "tiyn")),
        "PLN": (("", "Polish zloty", "Polish zlotys", "Polish zlotys"), ("grosz", "groszy", "groszy")),
    },
}
_MINUS = {"ru": "минус", "uk": "мінус", "be": "мінус", "pl": "minus", "en": "minus", "kk": "минус"}
_YEAR_MARK = {"ru": " г.", "uk": " р.", "be": " г.", "pl": " r.", "kk": " ж."}


def language_of(locale: str) -> str:
    """«ru» of «ru», «ru_RU» or «ru-BY»."""
    return locale.replace("-", "_").split("_")[0].lower()


def plural(count: int, forms: Sequence[str], locale: str) -> str:
    """The form of `forms` (one, few, many) that stands after `count` in `locale`; two forms do for English."""
    rule = plural_category(count, locale)
    return forms[min({"one": 0, "few": 1}.get(rule, len(forms) - 1), len(forms) - 1)]


def plural_category(count: int, locale: str) -> str:
    """CLDR's category: one, few, many or other; English rules where the locale is unknown."""
    return _babel(locale).plural_form(abs(count))


def cardinal(number: int, locale: str, gender: str = "") -> str:
    """`number` in words, its last word in the gender m, f or n where the language has genders."""
    language = language_of(locale)
    try:
        words = num2words(number, lang=_NUM2WORDS.get(language, language))
    except NotImplementedError:
        words = num2words(number, lang="en")
    words = words.replace("'", "’").replace(",", "")
    head, _, last = words.rpartition(" ")
    if language == "pl" and head and number % 10 == 1:
        return words  # dwadzieścia jeden, whatever is counted
    last = _GENDER.get(language, {}).get(gender, {}).get(last, last)
    return f"{head} {last}".strip()


def amount_in_words(amount: Decimal, currency: str, locale: str) -> str:
    """«Двенадцать тысяч триста сорок пять рублей 67 копеек»: hundredths in digits, rounded half-up, capital first."""
    amount = half_up(amount)
    whole, hundredths = divmod(int(abs(amount) * 100), 100)
    text = f"{_whole_words(whole, currency, locale)} {_hundredths(hundredths, currency, locale)}"
    if amount < 0:
        text = f"{_MINUS.get(language_of(locale), 'minus')} {text}"
    return text[:1].upper() + text[1:]


def _whole_words(whole: int, currency: str, locale: str) -> str:
    forms = _CURRENCIES.get(language_of(locale), {}).get(currency)
    if forms is None:
        return f"{cardinal(whole, locale)} {get_currency_name(currency, whole, locale=_babel(locale))}"
    (gender, *names), _ = forms
    return f"{cardinal(whole, locale, gender)} {plural(whole, names, locale)}"


def _hundredths(hundredths: int, currency: str, locale: str) -> str:
    forms = _CURRENCIES.get(language_of(locale), {}).get(currency)
    if forms is None or not forms[1]:
        return f"{hundredths:02d}/100"
    return f"{hundredths:02d} {plural(hundredths, forms[1], locale)}"


def long_date(day: dt.date, locale: str) -> str:
    """«21 листопада 2026 р.», «21 ноября 2026 г.», «21 listopada 2026 r.», «21 November 2026»."""
    mark = _YEAR_MARK.get(language_of(locale), "")
    return f"{day.day} {format_date(day, 'MMMM', locale=_babel(locale))} {day.year}{mark}"


def month_name(month: dt.date, locale: str) -> str:
    """«листопад 2026 р.», «ноябрь 2026 г.», «listopad 2026 r.», «November 2026»."""
    mark = _YEAR_MARK.get(language_of(locale), "")
    return f"{format_date(month, 'LLLL', locale=_babel(locale))} {month.year}{mark}"


def _babel(locale: str) -> Locale:
    try:
        return Locale.parse(locale.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return Locale("en")
