"""Texts of documents by language: modules of plain tables, since a document is in its payer's language.

Every table has the same keys (a test holds them to it); a language without a table reads English.
"""

from collections.abc import Mapping
from importlib import import_module

from app.core.words import language_of

LANGUAGES = ("en", "uk", "ru", "pl")
OF_COUNTRY = {"UA": "uk", "RU": "ru", "BY": "ru", "KZ": "ru", "PL": "pl"}


class Words:
    """The texts of one language: `words("total")`, with places filled: `words("invoice", number="1")`."""

    def __init__(self, language: str, table: Mapping[str, str]) -> None:
        self.language, self._table = language, table

    def __call__(self, key: str, **params: object) -> str:
        text = self._table[key]
        return text.format(**params) if params else text

    def label(self, code: str) -> str:
        """The printed name of an identifier code; a code without one is printed as it stands."""
        return self._table.get(f"id_{code.lower()}", code)

    def bank(self, code: str) -> str:
        """«НБУ», «ЦБ РФ»: the bank a rate is of; the code itself of any other."""
        return self._table.get(f"bank_{code}", code)

    def currency(self, code: str) -> str:
        """«руб.», «грн», «zł»; the code itself where the language has no short name."""
        return self._table.get(f"currency_{code}", code)


_made: dict[str, Words] = {}


def words_of(locale: str) -> Words:
    """The texts of `locale`'s language, English where there is no table."""
    language = language_of(locale)
    language = language if language in LANGUAGES else "en"
    if language not in _made:
        _made[language] = Words(language, import_module(f"{__name__}.{language}").TEXTS)
    return _made[language]


def locale_for(asked: str, country: str) -> str:
    """The language asked for, else that of the country's layout."""
    return asked or OF_COUNTRY.get(country, "en")
