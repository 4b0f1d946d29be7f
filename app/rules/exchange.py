"""A bank's rate of the day: which one holds, what an amount comes to at it, and how a document says so.

Rates are exact: `rate` units of `quote` for `nominal` units of `base`; a markup is percent × 100 on top
(`domain.md` §6.6).
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from app.core.errors import N_, Refused
from app.core.money import half_up

BASIS = 10_000
LASTS = dt.timedelta(days=14)  # banks rest over holidays, never so long: an older rate is a forgotten one
BANKS = {"UA": "NBU", "RU": "CBR", "PL": "NBP", "BY": "NBRB", "KZ": "NBK"}  # whose rates a country's law means
QUOTES = {"NBU": "UAH", "CBR": "RUB", "NBP": "PLN", "NBRB": "BYN", "NBK": "KZT"}
TAX_IN_OWN_CURRENCY = ("PL",)  # whose invoices in a foreign currency say their VAT in the own one too (P_14_xW)
SPLIT_PAYMENT_OVER = Decimal(15_000)  # zlotys: art. 106e ust. 1 pkt 18a of the Polish VAT act
NO_RATE = N_(
    "There is no rate of %(base)s to %(quote)s (%(source)s) for %(day)s. Import the bank’s rates, or enter it under "
    "Settings, Currency rates; then try again."
)
TOO_FINE = N_("The rate %(rate)s for %(nominal)s has too many decimals. Give it for 100 or 1,000 units.")


@dataclass(frozen=True)
class Rate:
    """A bank's rate with the markup of a contract; what documents and payments keep of it."""

    base: str
    quote: str
    rate: Decimal
    nominal: int
    day: dt.date
    source: str
    markup_bp: int = 0

    def value_of(self, amount: Decimal) -> Decimal:
        """What an amount of `base` comes to in `quote`, to 2 decimals."""
        return half_up(amount * self.rate * (BASIS + self.markup_bp) / (self.nominal * BASIS))

    def bought_by(self, money: Decimal) -> Decimal:
        """What `money` of `quote` pays for in `base`, to 2 decimals."""
        return half_up(money * self.nominal * BASIS / (self.rate * (BASIS + self.markup_bp)))

    def to_dict(self) -> dict[str, Any]:
        """Plain data, as rows keep it."""
        plain = {"base": self.base, "quote": self.quote, "rate": str(self.rate), "nominal": self.nominal}
        return {**plain, "day": self.day.isoformat(), "source": self.source, "markup_bp": self.markup_bp}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Rate":
        """From `to_dict`."""
        known = {**data, "rate": Decimal(data["rate"]), "day": dt.date.fromisoformat(data["day"])}
        return cls(**known)


def four_decimals(rate: Decimal, nominal: int) -> tuple[Decimal, int]:
    """The same rate for ten, a hundred, … times the units, so that four decimals hold it exactly."""
    given = (rate, nominal)
    while rate != rate.quantize(Decimal("0.0001")):
        rate, nominal = rate * 10, nominal * 10
        if nominal > 1_000_000:
            raise Refused(TOO_FINE, rate=given[0], nominal=given[1])
    return rate.quantize(Decimal("0.0001")), nominal


def share(whole: Decimal, part_before: Decimal, part: Decimal, of: Decimal) -> Decimal:
    """What of `whole` falls to `part` of `of`, after `part_before`: all parts together come to the whole."""
    return half_up(whole * (part_before + part) / of) - half_up(whole * part_before / of)
