"""The confirmation of a credited payment as a PDF: who paid whom, how much and when; it is no fiscal receipt."""

from collections.abc import Iterator

from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.core.errors import N_, Refused
from app.models import Payer, Payment, Seller
from app.reports.document import Block, Blocks, Document, Fields, Heading, Paragraph
from app.reports.formats import formats_of
from app.reports.render import pdf
from app.reports.words import words_of
from app.rules.lifecycle import PaymentState
from app.services.cabinet import money


def receipt_file(session: Session, actor: Actor, payment_id: int) -> tuple[str, bytes]:
    """Its name and content, in the reader's language."""
    payment = money.payment_of(session, actor, payment_id)
    if payment.state != PaymentState.CREDITED.value:
        raise Refused(N_("A confirmation is there for credited payments only."))
    words = words_of(actor.locale)
    number = payment.number or str(payment.id)
    title = words("receipt_title", number=number)
    document = Document(
        title=title,
        date=payment.paid_on,
        locale=words.language,
        sheet=number[:30],
        page_label=words("page", page="{page}"),
        blocks=Blocks(lambda: _blocks(session, payment, title, actor.locale)),
    )
    return f"{''.join(sign if sign.isalnum() else '-' for sign in number)}.pdf", pdf.render(document)


def _blocks(session: Session, payment: Payment, title: str, locale: str) -> Iterator[Block]:
    words = words_of(locale)
    formats = formats_of(words.language)
    seller = session.get_one(Seller, payment.seller_id)
    payer = session.get(Payer, payment.payer_id) if payment.payer_id else None
    rows = [
        (words("receipt_to"), f"{seller.name}, {seller.tax_code}".rstrip(", ")),
        (words("receipt_from"), f"{payer.name}, {payer.tax_code}".rstrip(", ") if payer else "—"),
        (words("receipt_account"), payment.account.number),
        (words("receipt_day"), formats.date(payment.paid_on)),
        (words("receipt_amount"), f"{formats.money(payment.amount)} {payment.currency}"),
        (words("receipt_reference"), payment.reference or "—"),
        (words("receipt_purpose"), payment.purpose or "—"),
    ]
    yield Heading(title)
    yield Fields([(f"{label}:", value) for label, value in rows])
    yield Paragraph(words("receipt_note"))
