"""From the rows of an issued document to what its layout prints: frozen parties, frozen lines, never today's data."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.errors import N_, Refused
from app.core.money import half_up
from app.core.period import Month, Period
from app.models import (
    Account,
    Charge,
    Component,
    Contract,
    Document,
    DocumentKind,
    DocumentLine,
    PartySnapshot,
    Subscriber,
)
from app.reports.document import (
    ActData,
    ChargeLine,
    ChargeReportData,
    ChargeSummary,
    ContractPart,
    HoursDetail,
    InvoiceData,
    Line,
    LinedData,
    Operation,
    Party,
    ReconciliationData,
    Reference,
)
from app.reports.registry import layout_for
from app.services import hours, names, numbers, rates

# Which requisite the party's `tax_code` is, by country and kind of payer; ogrn and okpo hold KRS and REGON in Poland.
_TAX_CODES = {
    "UA": {"legal_entity": "edrpou", "": "rnokpp"},
    "RU": {"": "inn"},
    "BY": {"": "unp"},
    "KZ": {"legal_entity": "bin", "": "iin"},
    "PL": {"": "nip"},
}
_OTHER_CODES = {
    "UA": {"vat_number": "ipn"},
    "RU": {"kpp": "kpp", "ogrn": "ogrn"},
    "BY": {"okpo": "okpo"},
    "PL": {"okpo": "regon", "ogrn": "krs"},
}
DATA_TYPES: dict[str, type[LinedData]] = {
    DocumentKind.INVOICE: InvoiceData,
    DocumentKind.CREDIT_NOTE: InvoiceData,
    DocumentKind.ACT: ActData,
    DocumentKind.CORRECTION_ACT: ActData,
}
LAYOUTS = {
    DocumentKind.INVOICE: "invoice",
    DocumentKind.CREDIT_NOTE: "invoice",
    DocumentKind.ACT: "act",
    DocumentKind.CORRECTION_ACT: "act",
    DocumentKind.RECONCILIATION: "reconciliation",
    DocumentKind.CHARGES: "charges",
}


def laid_out(session: Session, document: Document, *, by_hours: bool = False) -> Any:
    """The document as its layout draws it, ready to render; a report on charges with its usage `by_hours` too."""
    layout = layout_for(LAYOUTS[DocumentKind(document.kind)], document.seller.country)
    return layout(data_of(session, document, by_hours=by_hours))


def data_of(session: Session, document: Document, *, by_hours: bool = False) -> Any:
    """The input of the document's layout."""
    if document.kind == DocumentKind.RECONCILIATION:
        return _reconciliation(session, document)
    if document.kind == DocumentKind.CHARGES:
        data = _charges(session, document)
        return replace(data, by_hours=_hours(session, document)) if by_hours else data
    return _lined(session, document)


def party_of(session: Session, snapshot_id: int | None, country: str = "") -> Party:
    """A frozen party as documents name it."""
    snapshot = session.get(PartySnapshot, snapshot_id) if snapshot_id else None
    if snapshot is None:
        raise Refused(N_("The document has no frozen requisites. Issue it again."))
    return party(snapshot.data, country)


def party(data: dict[str, Any], country: str = "") -> Party:
    """A Party of the columns of a Seller or a Payer."""
    country = data.get("country") or country
    kind = data.get("kind", "legal_entity")
    codes = _TAX_CODES.get(country, {})
    ids = {codes.get(kind) or codes.get("", "tax_id"): data.get("tax_code", "")}
    ids |= {name: data[column] for column, name in _OTHER_CODES.get(country, {}).items() if data.get(column)}
    return Party(
        name=data.get("name", ""),
        kind=kind,
        country=country,
        tax_ids={k: v for k, v in ids.items() if v},
        address=_address(data),
        phone=data.get("phone", ""),
        bank_name=data.get("bank_name", ""),
        account=data.get("iban") or data.get("settlement_account", ""),
        bic=data.get("bik", ""),
        corr_account=data.get("correspondent_account", ""),
        signatory=data.get("director_name", ""),
        signatory_post=data.get("director_post", ""),
        basis=data.get("acts_on", ""),
        accountant=data.get("accountant_name", ""),
        vat_payer=data.get("vat_payer", True),
    )


def _address(data: dict[str, Any]) -> str:
    if data.get("address"):
        return str(data["address"])
    parts = ("legal_postal_code", "legal_city", "legal_address")
    other = ("actual_postal_code", "actual_city", "actual_address")
    said = [data[p] for p in parts if data.get(p)] or [data[p] for p in other if data.get(p)]
    return ", ".join(said)


def contract_of(session: Session, contract_id: int | None) -> Reference | None:
    """The contract as documents name it."""
    contract = session.get(Contract, contract_id) if contract_id else None
    return Reference(contract.number, contract.signed_on) if contract else None


@dataclass(frozen=True)
class Lines:
    """The frozen lines of a document, read in order as often as they are walked; memory stays steady."""

    session: Session
    document_id: int

    def __iter__(self) -> Iterator[Line]:
        columns = (
            DocumentLine.name,
            DocumentLine.quantity,
            DocumentLine.unit,
            DocumentLine.unit_price,
            DocumentLine.net,
            DocumentLine.tax_bp,
            DocumentLine.tax,
            DocumentLine.gross,
        )
        query = sa.select(*columns).where(DocumentLine.document_id == self.document_id)
        rows = self.session.execute(query.order_by(DocumentLine.position).execution_options(yield_per=1000))
        for name, quantity, unit, price, net, tax_bp, tax, gross in rows:
            rate = None if tax_bp is None else Decimal(tax_bp) / 100
            yield Line(name, quantity, unit, net_price(price, quantity, net), net, rate, tax, gross)


def net_price(price: Decimal, quantity: Decimal, net: Decimal) -> Decimal:
    """The price without tax that makes `net`, as forms with a net column print it.

    Four decimals, and up to eight where fewer would not come to `net`: «1 059 483 × 0.0001» is not 75.05.
    """
    if not quantity:
        return price
    exact = net / quantity
    tried = (half_up(exact, Decimal(1).scaleb(-places)) for places in range(4, 9))
    return next((it for it in tried if half_up(it * quantity) == net), half_up(exact, Decimal("0.00000001")))


def _reference(session: Session, document_id: int | None) -> Reference | None:
    other = session.get(Document, document_id) if document_id else None
    return Reference(other.number or "", other.issued_on) if other else None


def _lined(session: Session, document: Document) -> LinedData:
    is_act = document.kind in (DocumentKind.ACT, DocumentKind.CORRECTION_ACT)
    account = session.get_one(Account, document.account_id)
    snapshot = session.get(PartySnapshot, document.seller_snapshot_id) if document.seller_snapshot_id else None
    seller = snapshot.data if snapshot else {}
    more: dict[str, Any] = (
        {"invoice": _reference(session, document.basis_id)}
        if is_act
        else {
            "due": document.due_on,
            "personal_account": account.number,
            "with_qr": document.kind == DocumentKind.INVOICE and document.total > 0,
        }
    )
    return DATA_TYPES[document.kind](
        number=document.number or "",
        date=document.issued_on,
        seller=party_of(session, document.seller_snapshot_id, document.seller.country),
        buyer=party_of(session, document.payer_snapshot_id, document.company.country),
        lines=Lines(session, document.basis_id if is_act and document.basis_id else document.id),
        currency=document.currency,
        net=document.net,
        tax=document.tax,
        gross=document.total,
        locale=document.locale,
        period=Period(document.period_start, document.period_end),
        contract=contract_of(session, document.contract_id),
        corrects=_corrected(session, document),
        payable=rates.frozen_rate(document, "payable"),
        tax_rate=rates.frozen_rate(document, "tax"),
        split_payment=bool(seller.get("split_payment")) and document.seller.country == "PL",
        notes=[seller["invoice_note"]] if seller.get("invoice_note") and not is_act else [],
        **more,
    )


def _corrected(session: Session, document: Document) -> Reference | None:
    """What a correction corrects: of an act, the act of the corrected invoice."""
    if not document.corrects_id:
        return None
    if document.kind in (DocumentKind.ACT, DocumentKind.CORRECTION_ACT):
        act = session.scalars(
            sa.select(Document).where(Document.basis_id == document.corrects_id, Document.kind == DocumentKind.ACT)
        ).first()
        return Reference(act.number or "", act.issued_on) if act else None
    return _reference(session, document.corrects_id)


def _reconciliation(session: Session, document: Document) -> ReconciliationData:
    frozen = document.data or {}
    return ReconciliationData(
        number=document.number or "",
        date=document.issued_on,
        ours=party_of(session, document.seller_snapshot_id, document.seller.country),
        theirs=party_of(session, document.payer_snapshot_id, document.company.country),
        period=Period(document.period_start, document.period_end),
        currency=document.currency,
        opening=Decimal(frozen["opening"]),
        lines=_operations(frozen),
        debit=Decimal(frozen["debit"]),
        credit=Decimal(frozen["credit"]),
        closing=Decimal(frozen["closing"]),
        contract=contract_of(session, document.contract_id),
        parts=[_of_contract(part) for part in frozen.get("contracts", ())],
        locale=document.locale,
    )


def _operations(frozen: dict[str, Any]) -> list[Operation]:
    return [
        Operation(dt.date.fromisoformat(day), title, Decimal(debit), Decimal(credit))
        for day, title, debit, credit in frozen["lines"]
    ]


def _of_contract(frozen: dict[str, Any]) -> ContractPart:
    signed = frozen["signed_on"]
    return ContractPart(
        contract=Reference(frozen["number"], dt.date.fromisoformat(signed)) if signed else None,
        opening=Decimal(frozen["opening"]),
        lines=_operations(frozen),
        debit=Decimal(frozen["debit"]),
        credit=Decimal(frozen["credit"]),
        closing=Decimal(frozen["closing"]),
    )


def taxed(amount: Decimal, tax_bp: int | None, included: bool) -> tuple[Decimal, Decimal, Decimal]:
    """Net, tax and gross of a charge, 4 decimals."""
    rate = Decimal(tax_bp or 0) / 10_000
    tax = half_up(amount * rate / (1 + rate) if included else amount * rate, Decimal("0.0001"))
    return (amount - tax, tax, amount) if included else (amount, tax, amount + tax)


_DETAIL = (
    Charge.name,
    Charge.quantity,
    Component.unit,
    Charge.unit_price,
    Charge.amount,
    Charge.tax_bp,
    Charge.tax_included,
    Charge.starts_on,
    Charge.ends_on,
)


@dataclass(frozen=True)
class ChargeLines:
    """The charges of an account in a month, subscriber by subscriber, up to the charge the report was made with.

    A subscriber bears the last name of the month, in the Seller's zone (A1-15), whenever the file is made.
    """

    session: Session
    document: Document

    def __iter__(self) -> Iterator[ChargeLine]:
        name = names.name_at(names.end_of(self.document.period_end, self.document.seller.zone))
        columns = sa.select(numbers.as_given(), name, *_DETAIL)
        query = _of_report(columns, self.document).order_by(Subscriber.number, Charge.id)
        rows = self.session.execute(query.execution_options(yield_per=1000))
        for number, shown, service, quantity, unit, price, amount, tax_bp, included, start, end in rows:
            net, tax, gross = taxed(amount, tax_bp, included)
            period = f"{start:%d.%m}–{end - dt.timedelta(days=1):%d.%m.%Y}"
            yield ChargeLine(number or "", shown or "", service, quantity, unit, price, net, tax, gross, period)


def _of_report(query: Any, document: Document) -> Any:
    last = (document.data or {}).get("last_charge", 0)
    return (
        query.select_from(Charge)
        .join(Component, Component.id == Charge.component_id)
        .outerjoin(Subscriber, Subscriber.id == Charge.subscriber_id)
        .where(Charge.account_id == document.account_id, Charge.month == document.period_start, Charge.id <= last)
    )


def summarise_charges(session: Session, document: Document) -> list[ChargeSummary]:
    """Charges of the report's month by service, unit and tax."""
    grouped = (Charge.name, Component.unit, Charge.tax_bp, Charge.tax_included)
    sums = (sa.func.sum(Charge.quantity), sa.func.sum(Charge.amount))
    rows = session.execute(_of_report(sa.select(*grouped, *sums), document).group_by(*grouped).order_by(Charge.name))
    made = []
    for name, unit, tax_bp, included, quantity, amount in rows:
        net, tax, gross = taxed(amount, tax_bp, included)
        made.append(ChargeSummary(name, quantity, unit, net, tax, gross))
    return made


def _hours(session: Session, document: Document) -> HoursDetail | None:
    """Usage of the report's month by the hours kept with it, as it was known when the report was made."""
    period = Period(document.period_start, document.period_end)
    kept = (document.data or {}).get("hours") or hours.frozen(session, document.seller, Month.of(period.start))
    records = hours.Records(
        session, document.account_id, period, hours.clock_of(kept, period), known_at=document.created_at
    )
    return records.detail()


def _charges(session: Session, document: Document) -> ChargeReportData:
    summary = summarise_charges(session, document)
    columns = [sum((getattr(s, name) for s in summary), Decimal(0)) for name in ("net", "tax", "gross")]
    given = (document.net, document.tax, document.total)
    net, tax, gross = (total - half_up(column) for total, column in zip(given, columns, strict=True))
    return ChargeReportData(
        number=document.number or "",
        date=document.issued_on,
        seller=party_of(session, document.seller_snapshot_id, document.seller.country),
        buyer=party_of(session, document.payer_snapshot_id, document.company.country),
        account=session.get_one(Account, document.account_id).number,
        period=Period(document.period_start, document.period_end),
        currency=document.currency,
        summary=summary,
        lines=ChargeLines(session, document),
        net=document.net,
        tax=document.tax,
        gross=document.total,
        rounding=(net, tax, gross),
        contract=contract_of(session, document.contract_id),
        locale=document.locale,
    )
