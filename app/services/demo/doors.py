"""What the demo's Sellers offer at the door: terms to accept, and ways to pay with play money."""

import datetime as dt
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from app.models import Agreement, PaymentWay, PrivacyPolicy, Seller

# language → title, text; the demo's own words
TERMS = {
    "en": (
        "Cloud services agreement",
        "This is the agreement of a demonstration: nothing in it binds anybody.\n\n"
        "The provider keeps the services running and tells of interruptions beforehand.\n\n"
        "The customer pays invoices by their due day and keeps passwords to themselves.",
    ),
    "uk": (
        "Угода про хмарні послуги",
        "Це угода демонстрації: вона нікого ні до чого не зобов’язує.\n\n"
        "Провайдер підтримує роботу послуг і заздалегідь повідомляє про перерви.\n\n"
        "Клієнт сплачує рахунки до строку й нікому не передає паролів.",
    ),
    "ru": (
        "Соглашение об облачных услугах",
        "Это соглашение демонстрации: оно никого ни к чему не обязывает.\n\n"
        "Провайдер поддерживает работу услуг и заранее сообщает о перерывах.\n\n"
        "Клиент оплачивает счета в срок и никому не передаёт пароли.",
    ),
    "pl": (
        "Umowa o usługi w chmurze",
        "To umowa pokazowa: do niczego nie zobowiązuje.\n\n"
        "Dostawca utrzymuje usługi i z wyprzedzeniem informuje o przerwach.\n\n"
        "Klient płaci faktury w terminie i nikomu nie przekazuje haseł.",
    ),
}
PRIVACY = {
    "en": (
        "Privacy policy",
        "We keep what contracts and the law need: names, addresses, documents, payments and who did what.\n\n"
        "Ask for a copy, for a restriction or for erasing in your profile.",
    ),
    "uk": (
        "Політика конфіденційності",
        "Ми зберігаємо те, чого потребують договори й закон: імена, адреси, документи, платежі та хто що робив.\n\n"
        "Копію, обмеження чи видалення можна попросити у своєму профілі.",
    ),
    "ru": (
        "Политика конфиденциальности",
        "Мы храним то, чего требуют договоры и закон: имена, адреса, документы, платежи и кто что делал.\n\n"
        "Копию, ограничение или удаление можно попросить в своём профиле.",
    ),
    "pl": (
        "Polityka prywatności",
        "Przechowujemy to, czego wymagają umowy i prawo: nazwiska, adresy, dokumenty, płatności i kto co robił.\n\n"
        "O kopię, ograniczenie lub usunięcie można wystąpić w swoim profilu.",
    ),
}
# language → name and description of each way
WAYS = {
    "en": (("Bank card", "Visa, Mastercard"), ("Electronic wallet", "With cashback"), ("Bank transfer", "")),
    "uk": (
        ("Банківська картка", "Visa, Mastercard"),
        ("Електронний гаманець", "З кешбеком"),
        ("Банківський переказ", ""),
    ),
    "ru": (("Банковская карта", "Visa, Mastercard"), ("Электронный кошелёк", "С кешбэком"), ("Банковский перевод", "")),
    "pl": (("Karta płatnicza", "Visa, Mastercard"), ("Portfel elektroniczny", "Ze zwrotem"), ("Przelew bankowy", "")),
}


def _way(seller: Seller, place: int, gateway: str, **terms: Any) -> PaymentWay:
    """A way to pay, called and described in every language."""
    said = {locale: {"name": ways[place][0], "description": ways[place][1]} for locale, ways in WAYS.items()}
    return PaymentWay(
        seller_id=seller.id, gateway=gateway, translations=said, settings={}, **said[seller.locale], **terms
    )


def add_doors(session: Session, seller: Seller, since: dt.date) -> None:
    """Terms in every language, a card without commission, a wallet with 5 % + 10.00 and cashback (AST-089)."""
    for locale, (title, body) in TERMS.items():
        session.add(Agreement(seller_id=seller.id, version=1, locale=locale, title=title, body=body, valid_from=since))
    for locale, (title, body) in PRIVACY.items():
        said = {"version": 1, "locale": locale, "title": title, "body": body, "valid_from": since}
        session.add(PrivacyPolicy(seller_id=seller.id, **said))
    wallet = {"commission_bp": 500, "commission_fixed": Decimal("10.00"), "cashback_bp": 1000}
    wallet |= {"minimum": Decimal("10.00"), "maximum": Decimal("3000.00")}
    session.add(_way(seller, 0, "sandbox"))
    session.add(_way(seller, 1, "sandbox", **wallet))
    session.add(_way(seller, 2, "bank_transfer"))
    session.flush()
