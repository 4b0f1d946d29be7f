"""Lines that are no lines of a table but its sums and balances: «Разом», «Итого по счёту», «#Saldo końcowe»."""

import re
from collections.abc import Sequence

from app.imports import values, words

WORD = re.compile(
    r"\W*(?:(?:grand |sub ?)?totals?|sum|разом|всього|усього|підсумок|итог(?:о|и)?|всего|razem|suma|ogółem|łącznie|"
    r"gesamt|summe|somme|сума|сумма|"
    r"(?:opening|closing|ending) balance|(?:вхідний|вихідний|початковий|кінцевий) залишок|залишок|"
    r"(?:входящий|исходящий|начальный|конечный) остаток|остаток|обороти|обороты|"
    r"saldo (?:końcowe|początkowe|inicial|final))"
    r"(?:\s+(?:по|за|до|на|of|for|general|amount|records|записів|записей|z|do|za|w)\b.{0,60})?\W*",
    re.IGNORECASE,
)


def is_total(cells: Sequence[str]) -> bool:
    """Whether a word of totals stands first, and nothing but numbers (or one more text) with it."""
    first = next((cell for cell in cells if cell and not cell.isspace()), "")
    if len(first) > 90 or not WORD.fullmatch(values.clean(first)):
        return False
    filled = [one for cell in cells if (one := values.clean(cell))]
    others = sum(1 for one in filled[1:] if words.currency_of(one) is None and not values.is_number(one))
    return others == 0 and len(filled) <= max(2, len(cells) - 1)
