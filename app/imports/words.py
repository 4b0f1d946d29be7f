"""Words that files use for yes and no, currencies and countries, and how headers are compared."""

import re
import unicodedata
from dataclasses import dataclass
from functools import cache

from babel import Locale


def _words(listed: str) -> frozenset[str]:
    return frozenset(listed.split("|"))


YES = _words(
    "yes|y|true|t|1|on|x|+|✓|✔|active|enabled|si|sí|s|verdadero|да|д|истина|вкл|включено|так|т|увімкнено|"
    "tak|prawda|wł|oui|ja|sim|evet"
)
NO = _words(
    "no|n|false|f|0|off|-|—|–|✗|inactive|disabled|none|falso|нет|н|ложь|выкл|выключено|отключено|ні|вимкнено|"
    "nie|nieprawda|fałsz|wył|brak|non|nein|não|hayır"
)
DENIAL = re.compile(r"(?:no|without|sin|ні|без|нет|немає|brak|bez|nie)\b", re.IGNORECASE)

CURRENCY_NAMES = {
    "₴": "UAH", "грн": "UAH", "гривня": "UAH", "гривна": "UAH", "гривні": "UAH", "гривень": "UAH", "hrn": "UAH",
    "₽": "RUB", "руб": "RUB", "рубль": "RUB", "рублей": "RUB", "рублів": "RUB", "р": "RUB", "rur": "RUB",
    "€": "EUR", "евро": "EUR", "євро": "EUR", "euro": "EUR", "euros": "EUR",
    "zł": "PLN", "zl": "PLN", "злотый": "PLN", "злотий": "PLN", "злотых": "PLN", "złoty": "PLN", "złotych": "PLN",
    "₸": "KZT", "тенге": "KZT", "тнг": "KZT", "tenge": "KZT",
    "£": "GBP", "us$": "USD", "usd$": "USD", "доллар сша": "USD", "долар сша": "USD", "dolar": "USD",
    "byr": "BYN", "бел руб": "BYN", "белорусский рубль": "BYN", "br": "BYN",
    "kč": "CZK", "₺": "TRY", "₾": "GEL", "r$": "BRL", "₼": "AZN", "֏": "AMD", "₹": "INR", "¥": "JPY", "₪": "ILS",
}  # fmt: skip
CURRENCY_DIGITS = {
    "980": "UAH", "643": "RUB", "810": "RUB", "978": "EUR", "840": "USD", "985": "PLN", "933": "BYN",
    "398": "KZT", "826": "GBP",
}  # fmt: skip
COUNTRY_LETTERS = {
    "ukr": "UA", "rus": "RU", "pol": "PL", "blr": "BY", "kaz": "KZ", "usa": "US", "gbr": "GB", "deu": "DE", "esp": "ES",
    "fra": "FR", "ita": "IT", "cze": "CZ", "svk": "SK", "ltu": "LT", "lva": "LV", "est": "EE", "mda": "MD", "geo": "GE",
    "рф": "RU", "рб": "BY", "рк": "KZ", "сша": "US", "uk": "GB", "англія": "GB", "англия": "GB", "беларусь": "BY",
    "белоруссия": "BY", "білорусія": "BY", "turkey": "TR", "czech republic": "CZ", "macedonia": "MK", "england": "GB",
    "great britain": "GB", "russian federation": "RU", "republic of korea": "KR", "korea": "KR", "holland": "NL",
    "ivory coast": "CI", "swaziland": "SZ", "burma": "MM", "cape verde": "CV", "viet nam": "VN", "congo": "CG",
    "bosnia and herzegovina": "BA", "antigua and barbuda": "AG", "saint lucia": "LC", "republic of moldova": "MD",
    "syrian arab republic": "SY", "lao peoples democratic republic": "LA", "libyan arab jamahiriya": "LY",
}  # fmt: skip
LANGUAGES = ("en", "es", "uk", "ru", "pl")
USUAL_CURRENCIES = frozenset(CURRENCY_NAMES.values()) | {"USD", "CHF", "MDL", "RON", "BGN", "HUF", "SEK", "NOK", "DKK"}


def flag_of(text: str) -> bool | None:
    """True, False, or None where it is neither."""
    word = text.casefold()
    if word in YES:
        return True
    return False if word in NO else None


def denies(text: str) -> bool:
    """Whether it begins with a word of denial: «No internet service», «без интернета»."""
    return DENIAL.match(text) is not None


@cache
def currency_codes() -> frozenset[str]:
    """ISO 4217 letters that Babel knows."""
    return frozenset(str(code) for code in Locale("en").currencies)


TAX_WORDS = {
    "net": _words(
        "net|netto|без пдв|без ндс|bez vat|excl vat|excluding vat|excl tax|excluding tax|ex vat|without vat|"
        "without tax|sin iva|sin impuestos|hors taxe|ht"
    ),
    "gross": _words(
        "brutto|з пдв|с ндс|вкл пдв|вкл ндс|у т ч пдв|в т ч пдв|в т ч ндс|incl vat|including vat|incl tax|"
        "including tax|with vat|vat included|tax included|z vat|con iva|iva incluido|ttc"
    ),
}


@dataclass(frozen=True)
class Header:
    """A folded header without the currency and the words of tax it names."""

    bare: str
    currency: str | None = None
    tax: str = ""  # net | gross | "" where it does not say


@cache
def header_parts(text: str) -> Header:
    """«Абонплата, грн з ПДВ» → (абонплата, UAH, gross); «Monthly fee (EUR)» → (monthly fee, EUR)."""
    tokens, said, tax = fold(text), None, ""
    for kind, phrases in TAX_WORDS.items():
        for phrase in sorted(map(fold, phrases), key=len, reverse=True):
            if len(tokens) > len(phrase) and f" {phrase} " in f" {tokens} ":
                tokens, tax = f" {tokens} ".replace(f" {phrase} ", " ", 1).strip(), kind
                break
    words = tokens.split()
    for at, word in enumerate(words):
        code = currency_of(word) if len(word) >= 3 else None
        if code and len(words) > 1 and (word in CURRENCY_NAMES or word.upper() in USUAL_CURRENCIES):
            words, said = words[:at] + words[at + 1 :], code
            break
    else:
        signs = [CURRENCY_NAMES[sign] for sign in text.casefold() if sign in CURRENCY_NAMES and not sign.isalpha()]
        said = signs[0] if len(set(signs)) == 1 else None
    return Header(" ".join(words), said, tax)


def currency_of(text: str) -> str | None:
    """The ISO code a sign, a name, letters or digits stand for."""
    word = " ".join(text.casefold().replace(".", " ").split())
    if word in CURRENCY_NAMES:
        return CURRENCY_NAMES[word]
    if word in CURRENCY_DIGITS:
        return CURRENCY_DIGITS[word]
    return word.upper() if word.upper() in currency_codes() and word.isascii() else None


@cache
def country_names() -> dict[str, str]:
    """Folded name → ISO code, in every interface language and Spanish."""
    names: dict[str, str] = {}
    for language in LANGUAGES:
        for code, name in Locale(language).territories.items():
            if len(code) == 2 and code.isalpha():
                names.setdefault(fold(str(name)), code)
                names.setdefault(code.lower(), code)
    return names | COUNTRY_LETTERS


def country_of(text: str) -> str | None:
    """The ISO code of letters or a name."""
    return COUNTRY_LETTERS.get(text.casefold().strip(". ")) or country_names().get(fold(text))


NO_WORD = re.compile(r"[^\w%]+|_")
APOSTROPHES = re.compile(r"['’ʼ`]")
CAMEL = re.compile(r"(?<=[a-zа-яёіїєґ])(?=[A-ZА-ЯЁІЇЄҐ])|(?<=[A-Z])(?=[A-Z][a-z])")


@cache
def fold(text: str) -> str:
    """For comparing: case, accents, punctuation and camelCase smoothed; words one space apart."""
    text = CAMEL.sub(" ", unicodedata.normalize("NFC", text).replace("ł", "l").replace("Ł", "L"))
    plain = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    return " ".join(NO_WORD.sub(" ", APOSTROPHES.sub("", plain.replace("ß", "ss"))).casefold().split())


def compact(text: str) -> str:
    """`fold` without spaces: «ClienteID», «CLIENTE ID» and «cliente_id» are one."""
    return fold(text).replace(" ", "")
