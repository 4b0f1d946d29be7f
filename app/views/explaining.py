"""«Explain this line»: how a charge was counted, in words, for staff and customers alike."""

from decimal import Decimal
from typing import Any

from flask_babel import format_decimal, gettext, ngettext


def formula(charge: Any) -> str:
    """«1 × 120.00 · 10 of 31 days»: quantity, price, and what else its case had (`Charge.explained`)."""
    about = charge.explained or {}
    if about.get("rule") == "difference":
        return gettext("The difference between what is due and what was billed before")
    if about.get("rule") == "off_once":
        return gettext("An amount off the order, taken once")
    if about.get("rule") == "tariff":
        records = ngettext("%(num)s record", "%(num)s records", int(about.get("records", 0)))
        name = about["tariff"]
        return gettext("Tariff «%(tariff)s»: %(records)s, each priced by itself", tariff=name, records=records)
    return " · ".join([f"{_number(charge.quantity, 0)} × {_number(charge.unit_price, 2)}", *_steps(about)])


def _number(value: Decimal, least: int) -> str:
    decimals = "0" * least + "#" * (4 - least)
    return str(format_decimal(value, f"#,##0.{decimals};−#,##0.{decimals}"))


def _steps(about: dict[str, Any]) -> list[str]:
    steps = []
    if about.get("per_quantity"):
        steps.append(gettext("for each %(quantity)s", quantity=about["per_quantity"]))
    if about.get("included"):
        steps.append(gettext("%(quantity)s included", quantity=about["included"]))
    if about.get("days") and about.get("of_days") and about["days"] != about["of_days"]:
        steps.append(gettext("%(days)s of %(all)s days", days=about["days"], all=about["of_days"]))
    if about.get("months"):
        steps.append(gettext("a period of %(months)s months", months=about["months"]))
    if about.get("percent_bp"):
        percent = format_decimal(Decimal(int(about["percent_bp"])) / 100, "#,##0.##")
        steps.append(gettext("discount of %(percent)s", percent=f"{percent} %"))
    if about.get("own_price"):
        steps.append(gettext("the price agreed with the customer"))
    if about.get("tiers"):
        told = (gettext("from %(start)s: %(price)s", start=start, price=price) for start, price in about["tiers"])
        steps.append(", ".join(told))
    return steps
