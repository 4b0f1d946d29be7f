"""Banks' rates that documents in a foreign currency keep: what they are payable at, and in Poland what their VAT is.

Only accounts whose currency is not the Seller's are looked at; one without a rate goes to quarantine and says which.
"""

import datetime as dt
import json

from sqlalchemy.orm import Session

from app.core.errors import DomainError
from app.core.period import Month
from app.models import Seller
from app.rules.exchange import TAX_IN_OWN_CURRENCY
from app.services import rates
from app.services.billing.dialect import Sql
from app.services.billing.due import as_reason


def quote_rates(session: Session, sql: Sql, seller: Seller, month: Month, issued_on: dt.date) -> bool:
    """Fill `bill_rate` with what documents of foreign accounts keep of rates; False where there are none."""
    cases = sql.run(
        "SELECT DISTINCT b.currency, COALESCE(c.payable_currency, ''), COALESCE(c.rate_markup_bp, 0) "
        "FROM bill_account b LEFT JOIN contract c ON c.id = b.contract_id WHERE b.currency <> :own",
        own=seller.currency,
    ).all()
    if not cases:
        return False
    sql.scratch("bill_rate", "account_id BIGINT PRIMARY KEY, data TEXT")
    for currency, payable, markup in cases:
        case = {"currency": currency, "payable": payable, "markup": markup}
        try:
            kept = _kept(session, seller, month, issued_on, case)
            target, value = "bill_rate", json.dumps(kept) if kept else ""
        except DomainError as error:
            target, value = "bill_trouble", as_reason(error)
        if value:
            sql.run(
                f"INSERT INTO {target} SELECT b.account_id, :value FROM bill_account b "  # noqa: S608 - our own name
                "LEFT JOIN contract c ON c.id = b.contract_id WHERE b.currency = :currency "
                "AND COALESCE(c.payable_currency, '') = :payable AND COALESCE(c.rate_markup_bp, 0) = :markup",
                value=value,
                **case,
            )
    sql.learn("bill_rate")
    return True


def _kept(
    session: Session, seller: Seller, month: Month, issued_on: dt.date, case: dict[str, object]
) -> dict[str, object]:
    own, currency, markup = seller.currency, str(case["currency"]), int(str(case["markup"]))
    kept: dict[str, object] = {}
    if case["payable"] == own:
        kept["payable"] = rates.rate_on(session, seller, currency, own, issued_on, markup).to_dict()
    if seller.vat_payer and seller.country in TAX_IN_OWN_CURRENCY:
        before = month.period.last_day - dt.timedelta(days=1)  # art. 31a: the last rate before the supply
        kept["tax"] = rates.rate_on(session, seller, currency, own, before).to_dict()
    return kept
