"""Every table, one noun of `product.md` a class. No decisions here; rules decide, services write."""

from app.models import links as links  # noqa: E402, I001  # after every table
from app.models.base import BigId, Cents, Fine, Instant, MaybeOfCompany, OfCompany
from app.models.billing import BillingRun, Charge, RunItem
from app.models.catalog import Category, Component, Plan, PriceVersion, Product, Promotion, Shelf, ShopWindow
from app.models.company import Account, Company, Contract, DeliveryChange, Payer
from app.models.document import Delivery, Document, DocumentFile, DocumentKind, DocumentLine, PartySnapshot
from app.models.ledger import Entry, EntryKind, LedgerAccount, LedgerKind, Posting
from app.models.order import Cart, CartItem, Order, OrderLine
from app.models.payment import (
    Allocation,
    AutoTopUp,
    BankLine,
    ExpectedPayment,
    InstalmentPart,
    InstalmentPlan,
    Payment,
    PaymentMethod,
)
from app.models.paying import GatewayEvent, HeldMoney, PaymentAttempt, PaymentWay, SandboxCharge
from app.models.people import (
    Agreement,
    AgreementAcceptance,
    DataWish,
    Invitation,
    OneTimeCode,
    Passkey,
    PrivacyPolicy,
    SignInAttempt,
    User,
    UserRight,
    UserSession,
)
from app.models.platform import PlatformOrder
from app.models.request_line import RequestLine
from app.models.renaming import RenameList, RenamePack
from app.models.seller import CalendarOverride, CreditLimit, CurrencyRate, NumberSeries, Policy, Seller, TaxRate
from app.models.subscription import (
    Extension,
    Option,
    Request,
    Seat,
    Subscriber,
    SubscriberName,
    Subscription,
    SubscriptionItem,
    SubscriptionPromotion,
    SuspendedUsage,
    Usage,
)
from app.models.tariff import PackageUse, SealedMonth, Tariff, TariffPackage, TariffPrefix, TariffRate
from app.models.support import Notice, NoticePreference, Ticket, TicketMessage
from app.models.work import AuditEvent, CaughtMail, ImportBatch, ImportMapping, Job, Outbox
