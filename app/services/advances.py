"""VAT on advances: money that waits for its supply is taxed when it comes in, and the tax goes back as it is used.

The rate is a tax rate «advance» of the Seller's country, in force on the day the money came; a country without one, and
a Seller whose setting says so, tax no advances. The payment keeps its rate: an advance taxed at 20/120 goes back so.
"""

from decimal import Decimal

from sqlalchemy.orm import Session

from app.models import Account, EntryKind, LedgerKind, Payment, Seller
from app.rules import tax
from app.services import ledger, rates


def set_rate(session: Session, seller: Seller, payment: Payment) -> None:
    """Give a payment the rate its advance is taxed at, where its Seller taxes advances."""
    if not seller.vat_payer or not seller.vat_on_advances or payment.method in ledger.GIVEN:
        return
    payment.advance_tax_bp = session.scalar(rates.tax_rate(seller.country, tax.ADVANCE, payment.paid_on))


def tax_receipt(session: Session, account: Account, payment: Payment, settled: Decimal) -> None:
    """Tax, on the day the money came, what was not `settled` on that very day; once a payment."""
    if payment.advance_tax_bp is None or payment.advance_tax is not None:
        return
    payment.advance_tax = tax.tax_of_advance(payment.amount - settled, payment.advance_tax_bp)
    if payment.advance_tax:
        accrued = ledger.Move(LedgerKind.VAT_ADVANCES, LedgerKind.VAT, payment.advance_tax)
        day, key = payment.paid_on, f"taxed:{payment.id}"
        ledger.post(session, account, EntryKind.TAXED, key, day, [accrued], payment_id=payment.id)
    session.flush()


def give_back(payment: Payment) -> list[ledger.Move]:
    """What goes back now that more of the payment is used: its tax becomes that of the advance left.

    Each part is the difference of two rounded taxes, so the parts come to what was taxed, to the kopeck.
    """
    if payment.advance_tax_bp is None or not payment.advance_tax:
        return []
    before = payment.advance_tax
    left = tax.tax_of_advance(payment.amount - payment.used, payment.advance_tax_bp)
    payment.advance_tax = min(before, left)  # parts settled on the day the money came were never taxed
    return [ledger.Move(LedgerKind.VAT, LedgerKind.VAT_ADVANCES, before - payment.advance_tax)]


def take_back(payment: Payment) -> list[ledger.Move]:
    """All that is still taxed, where the payment itself is taken back."""
    if not payment.advance_tax:
        return []
    left, payment.advance_tax = payment.advance_tax, Decimal(0)
    return [ledger.Move(LedgerKind.VAT, LedgerKind.VAT_ADVANCES, left)]
