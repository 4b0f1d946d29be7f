"""Ways to read from a row to the row it points at, for lists and pages: they write nothing and add no column.

They stand here, as `User`'s columns do in `people`, so that the modules of the tables stay free of each other.
"""

from sqlalchemy.orm import relationship

from app.models.billing import Charge
from app.models.catalog import Component, PriceVersion, Promotion
from app.models.company import Account, Company, DeliveryChange
from app.models.document import Delivery, Document, DocumentFile
from app.models.ledger import Entry, LedgerAccount, Posting
from app.models.order import Cart
from app.models.payment import BankLine, ExpectedPayment, InstalmentPart, InstalmentPlan, Payment, PaymentMethod
from app.models.people import User
from app.models.seller import CreditLimit, NumberSeries, Policy, Seller
from app.models.subscription import Request, Seat, Subscriber, Subscription, SuspendedUsage, Usage
from app.models.tariff import Tariff

_LINKS: tuple[tuple[type, str, type], ...] = (
    (Cart, "company", Company),
    (Charge, "account", Account),
    (Charge, "component", Component),
    (Charge, "document", Document),
    (Charge, "price_version", PriceVersion),
    (Charge, "subscriber", Subscriber),
    (Charge, "subscription", Subscription),
    (CreditLimit, "account", Account),
    (CreditLimit, "company", Company),
    (BankLine, "payment", Payment),
    (Delivery, "document", Document),
    (DeliveryChange, "account", Account),
    (DocumentFile, "company", Company),
    (Entry, "account", Account),
    (Entry, "document", Document),
    (Entry, "payment", Payment),
    (ExpectedPayment, "bank_line", BankLine),
    (InstalmentPart, "document", Document),
    (InstalmentPlan, "account", Account),
    (LedgerAccount, "account", Account),
    (LedgerAccount, "seller", Seller),
    (NumberSeries, "seller", Seller),
    (PaymentMethod, "company", Company),
    (Request, "account", Account),
    (Request, "company", Company),
    (Request, "component", Component),
    (Request, "subscriber", Subscriber),
    (Seat, "user", User),
    (SuspendedUsage, "seller", Seller),
    (Usage, "component", Component),
    (Usage, "subscription", Subscription),
)
for _owner, _name, _target in _LINKS:
    setattr(_owner, _name, relationship(_target, viewonly=True))

for _side in ("debit", "credit"):
    setattr(Posting, _side, relationship(LedgerAccount, foreign_keys=[getattr(Posting, f"{_side}_id")], viewonly=True))

# Chosen in forms, so written through as well.
Component.tariff = relationship(Tariff)
for _settled in (Policy, Promotion):
    _settled.seller = relationship(Seller)
