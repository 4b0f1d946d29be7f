"""What is due for a month: dated parts × price versions × tax rates, cut into slices, priced case by case.

`gather` fills scratch tables for the accounts in `bill_account`:
  bill_slice   every slice with its case; bill_case: each distinct case with the amount `rules.pricing` gave it
  bill_charge  what is to be charged now: what is due less what was billed before
"""

import json
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.errors import N_, DomainError, Refused
from app.core.money import FINE, to_scaled
from app.core.period import Month
from app.models import Component, PriceVersion, Seller, TaxRate
from app.rules.prepaying import spread_off
from app.rules.pricing import Case, Price, amount_of
from app.services.billing import rated
from app.services.billing.dialect import Sql, from_fine

_ACCOUNT = "account_id BIGINT PRIMARY KEY, company_id BIGINT, payer_id BIGINT, contract_id BIGINT, currency VARCHAR(3)"
_SLICE = """account_id BIGINT, company_id BIGINT, subscription_id BIGINT, subscriber_id BIGINT, component_id BIGINT,
 promotion_id BIGINT, price_version_id BIGINT, own_price BIGINT, quantity BIGINT, starts_on DATE, ends_on DATE,
 days INTEGER, percent_bp INTEGER, off BIGINT, tax_bp INTEGER, tax_included BOOLEAN,
 name VARCHAR(255), kind VARCHAR(12), records BIGINT"""
_CASE_KEY = ("kind", "component_id", "price_version_id", "own_price", "quantity", "days", "percent_bp", "off")
_CASE = """kind VARCHAR(12), component_id BIGINT, price_version_id BIGINT, own_price BIGINT, quantity BIGINT,
 days INTEGER, percent_bp INTEGER, off BIGINT, amount BIGINT, unit_price BIGINT, share BIGINT, explained TEXT"""
_CHARGE = """account_id BIGINT, company_id BIGINT, subscription_id BIGINT, subscriber_id BIGINT, component_id BIGINT,
 promotion_id BIGINT, price_version_id BIGINT, starts_on DATE, ends_on DATE, quantity BIGINT, share BIGINT,
 unit_price BIGINT, amount BIGINT, tax_bp INTEGER, tax_included BOOLEAN, name VARCHAR(255), unit VARCHAR(40),
 kind VARCHAR(12), explained TEXT"""
_KEY = ("account_id", "subscription_id", "component_id", "promotion_id", "tax_bp", "tax_included")
_TROUBLE = "account_id BIGINT, reason VARCHAR(500)"


def month_sql(session: Session, seller: Seller, month: Month) -> Sql:
    """Statements bound to a Seller and a month."""
    own = set(session.scalars(sa.select(TaxRate.category).where(TaxRate.country == seller.country)))
    return Sql(
        session,
        {
            "seller": seller.id,
            "start": month.period.start,
            "end": month.period.end,
            "of_days": month.period.days,
            "country": seller.country,
            "telecom": "telecom" if "telecom" in own else "standard",
            "taxed": seller.vat_payer and bool(own),
        },
    )


def open_scratch(sql: Sql) -> None:
    """Empty scratch tables for one batch."""
    for name, columns in (
        ("bill_account", _ACCOUNT),
        ("bill_slice", _SLICE),
        ("bill_case", _CASE),
        ("bill_charge", _CHARGE),
        ("bill_trouble", _TROUBLE),
    ):
        sql.scratch(name, columns)


def gather(sql: Sql) -> None:
    """From `bill_account` to `bill_charge`; accounts in trouble go to `bill_trouble` and are left out."""
    is_rated = rated.is_used(sql)
    find_trouble(sql, is_rated)
    _slice_periods(sql)
    _slice_usage(sql)
    if is_rated:
        rated.slice_records(sql, _TARGET, _SLICED)
    _slice_discounts(sql)
    sql.learn("bill_account", "bill_slice")
    _price_cases(sql)
    _take_amounts_off(sql)
    _subtract_billed(sql, is_rated)
    sql.learn("bill_charge")


# -- trouble -----------------------------------------------------------------------------------------------------------

TROUBLES = {
    "closed": N_("The company or the account is closed but has subscriptions. End them or open it again."),
    "currency": N_(
        "A plan's currency is not the account's. Move the subscription to an account in the plan's currency."
    ),
    "price": N_("A part of a plan has no price for the whole month. Add a price version."),
    "tax": N_("There is no tax rate for the whole month. Add the rate in the settings."),
    "unrated": rated.UNRATED,
    "usage": N_("There is usage of a service the subscription does not have. Add the service or move the usage."),
}


def as_reason(error: DomainError) -> str:
    """A refusal as `bill_trouble` holds it: its sentence and what fills it, so that it can be said in any language."""
    return json.dumps({"text": error.text, "params": {k: str(v) for k, v in error.params.items()}})[:500]


def reason_of(held: str) -> tuple[str, dict[str, str]]:
    """The sentence of what `bill_trouble` holds, and what fills its places."""
    if not held.startswith("{"):
        return TROUBLES.get(held, held), {}
    try:
        said = json.loads(held)
    except ValueError:
        return held, {}
    return said["text"], said["params"]


def refusal_of(held: str) -> Refused:
    """The same as an error a person reads in their language."""
    text, params = reason_of(held)
    return Refused(text, **params)


_ACTIVE = """bill_account ba {then} subscription s ON s.account_id = ba.account_id
 AND s.state NOT IN ('ordered', 'processing', 'needs_setup', 'out_of_stock') AND s.starts_on < :end
 AND (s.ends_on IS NULL OR s.ends_on > :start)
 {then} subscription_item i ON i.subscription_id = s.id AND i.valid_from < :end
 AND (i.valid_to IS NULL OR i.valid_to > :start) {then} component c ON c.id = i.component_id
 {then} plan p ON p.id = c.plan_id"""
_FROM = "{greatest}(i.valid_from, s.starts_on, :start)"
_TO = "{least}(COALESCE(i.valid_to, :end), COALESCE(s.ends_on, :end), :end)"


def find_trouble(sql: Sql, is_rated: bool = False) -> None:
    """Accounts that cannot be billed, each with its reason; they never stop the run."""
    _trouble(
        sql,
        "closed",
        f"SELECT ba.account_id FROM {_ACTIVE} JOIN account a ON a.id = ba.account_id "
        "JOIN company co ON co.id = ba.company_id WHERE a.state = 'closed' OR co.state = 'closed'",
    )
    _trouble(sql, "currency", f"SELECT ba.account_id FROM {_ACTIVE} WHERE p.currency <> ba.currency")
    unpriced = "i.unit_price IS NULL AND c.tariff_id IS NULL"
    _trouble(sql, "price", _uncovered("price_version v ON v.component_id = c.id", unpriced))
    _trouble(
        sql,
        "tax",
        _uncovered(
            "tax_rate v ON v.country = :country AND "
            "v.category = CASE WHEN p.tax_category = 'telecom' THEN :telecom ELSE p.tax_category END",
            ":taxed AND p.tax_category <> 'exempt'",
        ),
    )
    _trouble(
        sql,
        "usage",
        "SELECT u.account_id FROM bill_account ba {then} usage u ON u.account_id = ba.account_id AND u.day >= :start "
        "AND u.day < :end WHERE NOT EXISTS (SELECT 1 FROM subscription_item i WHERE "
        "i.subscription_id = u.subscription_id AND i.component_id = u.component_id AND i.valid_from <= u.day "
        "AND (i.valid_to IS NULL OR i.valid_to > u.day))",
    )
    if is_rated:
        _trouble(sql, "unrated", rated.unrated())
    sql.run("DELETE FROM bill_account WHERE account_id IN (SELECT account_id FROM bill_trouble)")


def _trouble(sql: Sql, reason: str, accounts: str) -> None:
    sql.run(f"INSERT INTO bill_trouble SELECT DISTINCT t.account_id, :reason FROM ({accounts}) t", reason=reason)


def _uncovered(join: str, where: str) -> str:
    """Accounts with an item whose days of the month are not all inside the joined dated rows."""
    inner = (
        f"SELECT ba.account_id, i.id AS item_id, {_FROM} AS starts_on, {_TO} AS ends_on, "
        "{greatest}(" + _FROM + ", v.valid_from) AS cut_from, "
        "{least}(" + _TO + ", COALESCE(v.valid_to, :end)) AS cut_to "
        f"FROM {_ACTIVE} LEFT JOIN {join} AND v.valid_from < :end AND (v.valid_to IS NULL OR v.valid_to > :start) "
        f"WHERE {where}"
    )
    return (
        "SELECT account_id FROM (SELECT account_id, item_id, MAX({days}) AS wanted, SUM(CASE WHEN cut_from IS NULL "
        f"OR cut_to <= cut_from THEN 0 ELSE {{cut_days}} END) AS had FROM ({inner}) x WHERE starts_on < ends_on "
        "GROUP BY account_id, item_id) y WHERE had < wanted"
    )


# -- slices ------------------------------------------------------------------------------------------------------------

_PRICED = """LEFT JOIN price_version pv ON i.unit_price IS NULL AND pv.component_id = c.id AND pv.valid_from < :end
 AND (pv.valid_to IS NULL OR pv.valid_to > :start)
 LEFT JOIN tax_rate t ON :taxed AND p.tax_category <> 'exempt' AND t.country = :country
 AND t.category = CASE WHEN p.tax_category = 'telecom' THEN :telecom ELSE p.tax_category END
 AND t.valid_from < :end AND (t.valid_to IS NULL OR t.valid_to > :start)"""
_CUT_FROM = "{greatest}(" + _FROM + ", COALESCE(pv.valid_from, {d0}), COALESCE(t.valid_from, {d0}))"
_CUT_TO = "{least}(" + _TO + ", COALESCE(pv.valid_to, :end), COALESCE(t.valid_to, :end))"
_SLICED = f"""SELECT ba.account_id, ba.company_id, s.id AS subscription_id, s.subscriber_id, c.id AS component_id,
 COALESCE(pv.id, 0) AS price_version_id, COALESCE(i.unit_price, -1) AS own_price, i.quantity, c.charged, c.tariff_id,
 {_CUT_FROM} AS starts_on, {_CUT_TO} AS ends_on, COALESCE(t.rate_bp, -1) AS tax_bp, p.tax_included,
 COALESCE(NULLIF(i.name, ''), NULLIF(s.name, ''), c.name) AS name, i.valid_from AS begun
 FROM {_ACTIVE} {_PRICED}"""
_TARGET = """INSERT INTO bill_slice (account_id, company_id, subscription_id, subscriber_id, component_id, promotion_id,
 price_version_id, own_price, quantity, starts_on, ends_on, days, percent_bp, off, tax_bp, tax_included, name, kind)"""


def _slice_periods(sql: Sql, items: str = "subscription_item") -> None:
    sliced = _SLICED.replace("subscription_item i", f"{items} i")
    sql.run(
        f"{_TARGET} SELECT account_id, company_id, subscription_id, subscriber_id, component_id, 0, price_version_id, "
        f"own_price, quantity, starts_on, ends_on, {{days}}, 0, 0, tax_bp, tax_included, name, charged "
        f"FROM ({sliced}) x WHERE starts_on < ends_on AND (charged = 'period' OR (charged = 'once' AND "
        "begun >= :start AND starts_on = begun))"
    )


def _slice_usage(sql: Sql) -> None:
    sql.run(
        f"{_TARGET} SELECT x.account_id, x.company_id, x.subscription_id, x.subscriber_id, x.component_id, 0, "
        "x.price_version_id, x.own_price, CAST(SUM(u.quantity) AS BIGINT), x.starts_on, x.ends_on, {days}, 0, 0, "
        f"x.tax_bp, x.tax_included, x.name, 'usage' FROM ({_SLICED}) x JOIN usage u "
        "ON u.subscription_id = x.subscription_id AND u.component_id = x.component_id AND u.day >= x.starts_on "
        "AND u.day < x.ends_on WHERE x.charged = 'usage' AND x.tariff_id IS NULL "
        "AND x.starts_on < x.ends_on GROUP BY x.account_id, x.company_id, x.subscription_id, "
        "x.subscriber_id, x.component_id, x.price_version_id, x.own_price, x.starts_on, x.ends_on, x.tax_bp, "
        "x.tax_included, x.name, x.begun"
    )


def _slice_discounts(sql: Sql) -> None:
    sql.run(
        f"{_TARGET} SELECT account_id, company_id, subscription_id, subscriber_id, component_id, promotion_id, "
        "price_version_id, own_price, quantity, starts_on, ends_on, {days}, percent_bp, off, tax_bp, tax_included, "
        "name, 'discount' FROM (SELECT b.account_id, b.company_id, b.subscription_id, b.subscriber_id, b.component_id, "
        "sp.promotion_id, b.price_version_id, b.own_price, b.quantity, "
        "{greatest}(b.starts_on, sp.valid_from, pr.valid_from) AS starts_on, "
        "{least}(b.ends_on, COALESCE(sp.valid_to, pr.valid_to, b.ends_on)) AS ends_on, "
        "pr.percent_bp, CASE WHEN pr.percent_bp = 0 THEN pr.amount * 100 ELSE 0 END AS off, b.tax_bp, b.tax_included, "
        "CASE WHEN pr.name = '' THEN pr.code ELSE pr.name END AS name FROM bill_slice b JOIN subscription_promotion sp "
        "ON sp.subscription_id = b.subscription_id JOIN promotion pr ON pr.id = sp.promotion_id "
        "WHERE b.kind = 'period' AND sp.off_once IS NULL) x WHERE starts_on < ends_on"
    )


# An amount off an order is billed once: whole in the first month, what its price cannot bear in the months after it.
# Few subscriptions have one, so the parts of a month it is taken from are counted here, as a quote counts them.

_OFFS = """SELECT sp.id, sp.subscription_id, sp.promotion_id, CAST(sp.off_once AS BIGINT) * 100 - COALESCE((
 SELECT -SUM(ch.amount) FROM charge ch WHERE ch.subscription_id = sp.subscription_id AND ch.month < :start
 AND ch.promotion_id = sp.promotion_id AND ch.ends_on > sp.valid_from), 0) AS off_left,
 CASE WHEN pr.name = '' THEN pr.code ELSE pr.name END AS name
 FROM subscription_promotion sp JOIN promotion pr ON pr.id = sp.promotion_id
 JOIN subscription s ON s.id = sp.subscription_id JOIN bill_account ba ON ba.account_id = s.account_id
 WHERE sp.off_once IS NOT NULL AND sp.valid_from < :end AND (sp.valid_to IS NULL OR sp.valid_to > :start)
 ORDER BY sp.id"""
_OWED = """SELECT b.account_id, b.company_id, b.subscription_id, MAX(b.subscriber_id) AS subscriber_id, b.component_id,
 b.tax_bp, b.tax_included, MIN(b.starts_on) AS starts_on, MAX(b.ends_on) AS ends_on,
 CAST(SUM(k.amount) AS BIGINT) AS amount FROM bill_slice b JOIN bill_case k ON {joined}
 WHERE b.kind IN ('period', 'once', 'discount') AND b.subscription_id IN ({wanted})
 GROUP BY b.account_id, b.company_id, b.subscription_id, b.component_id, b.tax_bp, b.tax_included
 ORDER BY b.subscription_id, b.component_id, b.tax_bp, b.tax_included"""


def _take_amounts_off(sql: Sql) -> None:
    """Slices and their cases for `SubscriptionPromotion.off_once`: never more than what the parts of the month cost."""
    offs = [off for off in sql.run(_OFFS).mappings() if off["off_left"] > 0]
    owed: dict[int, list[dict[str, Any]]] = {}
    wanted = sorted({int(off["subscription_id"]) for off in offs})
    for at in range(0, len(wanted), 500):
        few = ", ".join(str(one) for one in wanted[at : at + 500])
        for row in sql.run(_OWED.format(joined=_CASE_JOIN, wanted=few)).mappings():
            owed.setdefault(row["subscription_id"], []).append(dict(row))
    taken: list[dict[str, Any]] = []
    for off in offs:
        parts = owed.get(off["subscription_id"], [])
        for part, amount in zip(parts, spread_off([p["amount"] for p in parts], off["off_left"]), strict=True):
            if amount:
                part["amount"] -= amount
                taken.append({**part, "amount": -amount, "promotion_id": off["promotion_id"], "name": off["name"]})
    if taken:
        _write_amounts_off(sql, taken)


def _write_amounts_off(sql: Sql, taken: list[dict[str, Any]]) -> None:
    for place, row in enumerate(taken, start=1):
        row |= {"place": -place, "fine": FINE, "explained": json.dumps({"rule": "off_once", "kind": "discount"})}
    # Each is a case of its own, told apart by days below 0: no slice of a calendar has them.
    sql.session.execute(
        sa.text(
            f"{_TARGET} VALUES (:account_id, :company_id, :subscription_id, :subscriber_id, :component_id, "  # noqa: S608
            ":promotion_id, 0, -1, :fine, :starts_on, :ends_on, :place, 0, 0, :tax_bp, :tax_included, :name, "
            "'discount')"
        ),
        taken,
    )
    sql.session.execute(
        sa.text(
            "INSERT INTO bill_case (kind, component_id, price_version_id, own_price, quantity, days, percent_bp, off, "
            "amount, unit_price, share, explained) VALUES ('discount', :component_id, 0, -1, :fine, :place, 0, 0, "
            ":amount, :amount, :fine, :explained)"
        ),
        taken,
    )


# -- prices ------------------------------------------------------------------------------------------------------------


def _price_cases(sql: Sql) -> None:
    keys = ", ".join(_CASE_KEY)
    cases = sql.run(f"SELECT DISTINCT {keys} FROM bill_slice WHERE kind <> 'rated'").mappings().all()
    prices = Prices(sql.session, {c["component_id"] for c in cases})
    rows, bad = [], []
    for case in cases:
        try:
            rows.append(dict(case) | prices.decide(dict(case), sql.params["of_days"]))
        except DomainError as error:
            bad.append((dict(case), error))
    if rows:
        columns = ", ".join(rows[0])
        values = ", ".join(f":{name}" for name in rows[0])
        sql.session.execute(sa.text(f"INSERT INTO bill_case ({columns}) VALUES ({values})"), rows)  # noqa: S608
    sql.learn("bill_case")
    for wrong, reason in bad:
        _quarantine_case(sql, wrong, reason)


def _quarantine_case(sql: Sql, case: dict[str, Any], error: DomainError) -> None:
    where = " AND ".join(f"{name} = :{name}" for name in _CASE_KEY)
    sql.run(
        f"INSERT INTO bill_trouble SELECT DISTINCT account_id, :reason FROM bill_slice WHERE {where}",
        reason=as_reason(error),
        **case,
    )
    for table in ("bill_account", "bill_slice"):
        sql.run(f"DELETE FROM {table} WHERE account_id IN (SELECT account_id FROM bill_trouble)")


class Prices:
    """The price versions of some components, for deciding cases."""

    def __init__(self, session: Session, component_ids: set[int]) -> None:
        self.components: dict[int, Component] = {}
        self.versions: dict[int, PriceVersion] = {}
        wanted = sorted(component_ids)
        for at in range(0, len(wanted), 500):
            some = wanted[at : at + 500]
            found = session.scalars(
                sa.select(Component).where(Component.id.in_(some)).options(sa.orm.joinedload(Component.plan))
            )
            self.components |= {c.id: c for c in found}
            versions = session.scalars(sa.select(PriceVersion).where(PriceVersion.component_id.in_(some)))
            self.versions |= {v.id: v for v in versions}

    def price(self, case: dict[str, Any]) -> Price:
        """The price behind a case: the customer's own, or the version in force."""
        component = self.components[case["component_id"]]
        if case["own_price"] >= 0:
            own = from_fine(case["own_price"])
            return Price(component.model, own, 1, component.included, ((Decimal(0), own),))
        version = self.versions[case["price_version_id"]]
        tiers = tuple((Decimal(start), Decimal(unit)) for start, unit in version.tiers)
        return Price(component.model, version.unit_price, version.per_quantity, component.included, tiers)

    def decide(self, case: dict[str, Any], of_days: int) -> dict[str, Any]:
        """Amount, unit price, billed quantity and explanation of a case, scaled as the columns are."""
        component, price = self.components[case["component_id"]], self.price(case)
        quantity, months = from_fine(case["quantity"]), component.plan.period_months
        kind = "period" if case["kind"] == "discount" else case["kind"]
        asked = Case(kind, quantity, case["days"], of_days, months, case["percent_bp"], from_fine(case["off"]))
        amount = amount_of(price, asked)
        shared = case["kind"] in ("period", "discount")
        share = case["quantity"] * case["days"] // of_days if shared else case["quantity"]
        explained = {
            "rule": price.model,
            "kind": case["kind"],
            "quantity": str(quantity.normalize()),
            "unit_price": str(price.unit_price),
            "days": case["days"],
            "of_days": of_days,
        }
        if price.per_quantity != 1:
            explained["per_quantity"] = price.per_quantity
        if price.included:
            explained["included"] = str(price.included)
        if price.model in ("tiered", "volume"):
            explained["tiers"] = [[str(start), str(unit)] for start, unit in price.tiers]
        if months != 1:
            explained["months"] = months
        if case["percent_bp"]:
            explained["percent_bp"] = case["percent_bp"]
        if case["own_price"] >= 0:
            explained["own_price"] = True
        discount = case["kind"] == "discount"
        return {
            "amount": to_scaled(amount, FINE),
            "unit_price": to_scaled(amount, FINE) if discount else to_scaled(price.unit_price, FINE),
            "share": FINE if discount else share,
            "explained": json.dumps(explained),
        }


# -- what if -----------------------------------------------------------------------------------------------------------


def price_items(sql: Sql, items: str) -> Any:
    """What parts that are not written yet would be billed in the month, by the statements that will bill them.

    `items` is a scratch table with the columns of subscription_item, of the accounts in `bill_account`. Rows:
    subscription, component, tax_bp (-1: none), tax_included, amount. What has no price is left out.
    """
    _slice_periods(sql, items)
    sql.run("DELETE FROM bill_slice WHERE price_version_id = 0 AND own_price < 0")
    _slice_discounts(sql)
    sql.learn("bill_slice")
    _price_cases(sql)
    return sql.run(
        "SELECT b.subscription_id, b.component_id, b.tax_bp, b.tax_included, CAST(SUM(k.amount) AS BIGINT) AS amount "
        f"FROM bill_slice b JOIN bill_case k ON {_CASE_JOIN} "
        "GROUP BY b.subscription_id, b.component_id, b.tax_bp, b.tax_included"
    ).mappings()


# -- the difference ----------------------------------------------------------------------------------------------------


def _subtract_billed(sql: Sql, is_rated: bool) -> None:
    sql.scratch("bill_before", ", ".join(f"{k} BIGINT" for k in _KEY[:-1]) + ", tax_included BOOLEAN, amount BIGINT")
    sql.run(
        "INSERT INTO bill_before SELECT ch.account_id, ch.subscription_id, ch.component_id, "
        "COALESCE(ch.promotion_id, 0), COALESCE(ch.tax_bp, -1), ch.tax_included, CAST(SUM(ch.amount) AS BIGINT) "
        "FROM bill_account ba {then} charge ch ON ch.account_id = ba.account_id AND ch.month = :start "
        "GROUP BY ch.account_id, ch.subscription_id, ch.component_id, COALESCE(ch.promotion_id, 0), "
        "COALESCE(ch.tax_bp, -1), ch.tax_included"
    )
    billed_before = sql.run("SELECT 1 FROM bill_before LIMIT 1").first() is not None
    _charge_new(sql, billed_before, is_rated)
    if billed_before:
        _charge_differences(sql)


_CASE_JOIN = " AND ".join(f"k.{name} = b.{name}" for name in _CASE_KEY)
_SAME_KEY = " AND ".join(f"o.{name} = b.{name}" for name in _KEY)


def _charge_new(sql: Sql, billed_before: bool, is_rated: bool) -> None:
    unbilled = f" AND NOT EXISTS (SELECT 1 FROM bill_before o WHERE {_SAME_KEY})" if billed_before else ""
    sql.run(
        "INSERT INTO bill_charge SELECT b.account_id, b.company_id, b.subscription_id, b.subscriber_id, "
        "b.component_id, b.promotion_id, b.price_version_id, b.starts_on, b.ends_on, b.quantity, k.share, "
        "k.unit_price, "
        "k.amount, b.tax_bp, b.tax_included, b.name, c.unit, b.kind, k.explained FROM bill_slice b "
        f"JOIN bill_case k ON {_CASE_JOIN} JOIN component c ON c.id = b.component_id WHERE k.amount <> 0{unbilled}"
    )
    if is_rated:
        rated.charge(sql, unbilled)


def _charge_differences(sql: Sql) -> None:
    """For what was billed before: one charge a key over the difference between due and billed."""
    keys = ", ".join(f"b.{name}" for name in _KEY)
    sql.scratch("bill_now", ", ".join(f"{k} BIGINT" for k in _KEY[:-1]) + ", tax_included BOOLEAN, amount BIGINT")
    sql.run(
        f"INSERT INTO bill_now SELECT {keys}, CAST(SUM(k.amount) AS BIGINT) FROM bill_slice b "
        f"JOIN bill_case k ON {_CASE_JOIN} GROUP BY {keys} UNION ALL "
        f"SELECT {keys}, CAST(SUM(b.off) AS BIGINT) FROM bill_slice b WHERE b.kind = 'rated' GROUP BY {keys}"
    )
    sql.run(
        "INSERT INTO bill_charge SELECT b.account_id, s.company_id, b.subscription_id, s.subscriber_id, "
        "b.component_id, "
        "b.promotion_id, 0, :start, :end, 10000, 10000, COALESCE(o.amount, 0) - b.amount, "
        "COALESCE(o.amount, 0) - b.amount, b.tax_bp, b.tax_included, COALESCE(NULLIF(s.name, ''), c.name), c.unit, "
        "'correction', CAST({json}('rule', 'difference', 'due', CAST(COALESCE(o.amount, 0) AS BIGINT), "
        "'billed', b.amount) AS TEXT) FROM bill_before b "
        f"LEFT JOIN bill_now o ON {_SAME_KEY} JOIN subscription s ON s.id = b.subscription_id "
        "JOIN component c ON c.id = b.component_id WHERE COALESCE(o.amount, 0) <> b.amount"
    )
