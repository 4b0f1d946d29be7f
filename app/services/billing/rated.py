"""Usage that was rated record by record (`rules.rating`): its charge is the sum of its records' amounts.

Where no component has a tariff a run does none of this. The sum is rounded with its invoice line, once.
"""

from app.core.errors import N_
from app.services.billing.dialect import Sql

UNRATED = N_("There are records of a rated service without a price. Rate them on the page of the tariff.")


def is_used(sql: Sql) -> bool:
    """Whether any component has a tariff."""
    return sql.run("SELECT 1 FROM component WHERE tariff_id IS NOT NULL LIMIT 1").first() is not None


def unrated() -> str:
    """SQL of the accounts with records that should have a price of their own and have none."""
    return (
        "SELECT u.account_id FROM bill_account ba {then} usage u ON u.account_id = ba.account_id AND u.day >= :start "
        "AND u.day < :end JOIN component c ON c.id = u.component_id WHERE u.amount IS NULL AND c.tariff_id IS NOT NULL"
    )


def slice_records(sql: Sql, target: str, sliced: str) -> None:
    """A slice a subscription, rated component and tax rate: `off` is the sum of the amounts, `records` how many."""
    with_records = target.replace(" kind)", " kind, records)")
    sql.run(
        f"{with_records} SELECT x.account_id, x.company_id, x.subscription_id, x.subscriber_id, x.component_id, 0, "
        "0, -1, CAST(SUM(u.quantity) AS BIGINT), MIN(x.starts_on), MAX(x.ends_on), 0, 0, "
        "CAST(SUM(u.amount) AS BIGINT), x.tax_bp, x.tax_included, x.name, 'rated', COUNT(*) "
        f"FROM ({sliced}) x JOIN usage u ON u.subscription_id = x.subscription_id "
        "AND u.component_id = x.component_id AND u.day >= x.starts_on AND u.day < x.ends_on "
        "WHERE x.charged = 'usage' AND x.tariff_id IS NOT NULL AND x.starts_on < x.ends_on "
        "GROUP BY x.account_id, x.company_id, x.subscription_id, x.subscriber_id, x.component_id, x.tax_bp, "
        "x.tax_included, x.name"
    )


def charge(sql: Sql, unbilled: str) -> None:
    """Charges of rated slices. They bear no unit price: each record had its own."""
    sql.run(
        "INSERT INTO bill_charge SELECT b.account_id, b.company_id, b.subscription_id, b.subscriber_id, "
        "b.component_id, 0, 0, b.starts_on, b.ends_on, b.quantity, b.quantity, 0, b.off, b.tax_bp, b.tax_included, "
        "b.name, c.unit, 'usage', CAST({json}('rule', 'tariff', 'kind', 'usage', 'tariff', t.name, "
        "'records', b.records) AS TEXT) FROM bill_slice b JOIN component c ON c.id = b.component_id "
        f"JOIN tariff t ON t.id = c.tariff_id WHERE b.kind = 'rated' AND b.off <> 0{unbilled}"
    )
