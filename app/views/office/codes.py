"""What the office calls its codes: kinds of work, effects, notices, actions of the trail, and what they are done to."""

from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from app.access.permissions import Right
from app.views.office.labels import LABELS, WORDS
from app.views.people import RIGHTS, ROLES

JOBS: dict[str, Any] = {
    "audit": _l("Check of the books"),
    "billing_run": _l("Closing of a month"),
    "charge_report": _l("Charge report"),
    "detail_report": _l("Report on details"),
    "export_register": _l("Register as a file"),
    "expire_orders": _l("Clearing away of unpaid orders"),
    "form_invoice": _l("Files of an invoice"),
    "housekeeping": _l("Clearing away"),
    "import_apply": _l("Import of a file"),
    "instalments": _l("Invoices for instalments"),
    "month_zip": _l("Documents of a month as one ZIP"),
    "news": _l("News to customers"),
    "notices": _l("Notices of unpaid invoices"),
    "rate_usage": _l("Rating of usage"),
    "reconciliation": _l("Reconciliation act"),
    "personal_data": _l("Own personal data as a file"),
    "rename_apply": _l("Renaming by list"),
    "renewals": _l("Renewal of services"),
    "render_documents": _l("Files of documents"),
    "retry_suspended": _l("Second look at suspended usage"),
    "running_charges": _l("Charges of the running month"),
    "seal_month": _l("Sealing of a month's usage"),
    "send_invoice": _l("An invoice by e-mail"),
    "send_mail": _l("Documents by e-mail"),
    "count_charges": _l("Counting the charges of this month"),
    "look_options": _l("Looking through a list of services"),
    "undo_options": _l("Undoing a list of services"),
    "switch_options": _l("Services by list"),
    "top_up": _l("Automatic top-up of accounts"),
}
TOPICS: dict[str, Any] = {
    "ask_orders": _l("Ask the operator how orders stand"),
    "ask_platform": _l("Ask a platform about a service"),
    "provision": _l("Give a platform a task"),
    "renewal_failed": _l("Note a renewal that failed"),
    "mail_document": _l("Mail a document as agreed"),
    "mail_file": _l("Mail a file"),
    "render_document": _l("Make a document's file"),
    "fulfil_orders": _l("Look at orders that wait for money"),
    "look_at_payment": _l("Ask a gateway about a payment"),
    "charge_method": _l("Charge a saved payment method"),
    "forget_method": _l("Have a gateway forget a saved payment method"),
    "look_at_method": _l("Ask a gateway about a saved payment method"),
    "send_delivery": _l("Send a letter with a document"),
    "send_letter": _l("Send a letter with a code or a welcome"),
    "send_notice": _l("Send a notice"),
    "send_orders": _l("Send orders to the operator"),
}
EVENTS: dict[str, Any] = {
    "invoice_issued": _l("Invoice issued"),
    "due_soon": _l("Payment due soon"),
    "overdue": _l("Payment overdue"),
    "block_soon": _l("Block comes soon"),
    "blocked": _l("Blocked for a debt"),
    "method_failed": _l("A saved payment method does not work"),
    "ticket_answered": _l("Question answered"),
    "order_placed": _l("Order placed"),
    "order_done": _l("Order paid or confirmed"),
    "order_cancelled": _l("Order cancelled"),
    "service_ready": _l("Service ready to use"),
    "service_needs_setup": _l("Service needs to be set up"),
    "service_out_of_stock": _l("Service out of stock"),
    "service_renewed": _l("Service renewed"),
    "renewal_failed": _l("Renewal failed"),
    "service_stopped": _l("Service stopped"),
    "service_ended": _l("Service ended"),
    "news": _l("News"),
    "message": _l("Message"),
}
CLASSES: dict[str, Any] = {
    "money": _l("Money"),
    "services": _l("Services"),
    "support": _l("Feedback"),
    "news": _l("News"),
}
LETTERS: dict[str, Any] = {
    "pending": _l("On its way"),
    "sent": _l("Sent"),
    "dropped": _l("Not sent: settled in the meantime"),
    "failed": _l("Not delivered"),
}
ACTIONS: dict[str, Any] = {
    "company.register": _l("Company registered"),
    "held_money.decide": _l("Held money decided about"),
    "payer.added": _l("Payer added"),
    "payer.changed": _l("Payer changed"),
    "payer.deleted": _l("Payer deleted"),
    "order.place": _l("Order placed"),
    "order.fulfil": _l("Order fulfilled"),
    "order.cancel": _l("Order cancelled"),
    "payment.begin": _l("Payment online begun"),
    "payment.withdraw_online": _l("Payment online left"),
    "top_up.on": _l("Automatic top-up switched on"),
    "top_up.off": _l("Automatic top-up switched off"),
    "payment_method.charge": _l("Saved payment method charged"),
    "payment_method.add": _l("Payment method being added"),
    "payment_method.keep": _l("Payment method saved"),
    "payment_method.not_kept": _l("Payment method not saved"),
    "payment_method.rename": _l("Payment method renamed"),
    "payment_method.delete": _l("Payment method deleted"),
    "payment_method.state": _l("Payment method changed state"),
    "payment_way.settings": _l("Settings of a gateway changed"),
    "payment_way.secret": _l("Key of a gateway changed"),
    "user.password_forgotten": _l("Forgotten password renewed"),
    "user.phone": _l("Telephone entered"),
    "user.phone_confirmed": _l("Telephone confirmed or let go"),
    "user.register": _l("Person registered"),
    "user.second_factor": _l("Second step of signing in passed"),
    "agreement.accept": _l("Agreement accepted"),
    "agreement.write": _l("New version of the agreement written"),
    "agreement.withdraw": _l("Version of the agreement withdrawn"),
    "privacy.write": _l("New version of the privacy policy written"),
    "privacy.withdraw": _l("Version of the privacy policy withdrawn"),
    "data.export": _l("Personal data taken as a file"),
    "data.wish": _l("Request about personal data made"),
    "data.wish_cancel": _l("Request about personal data cancelled"),
    "data.done": _l("Request about personal data done"),
    "data.refused": _l("Request about personal data refused"),
    "user.avatar": _l("Picture changed"),
    "user.delete": _l("Person deleted"),
    "user.edit": _l("Person’s information changed"),
    "user.factors_removed": _l("Authenticator and passkeys removed"),
    "user.invite": _l("Person invited"),
    "user.invite_again": _l("Invitation sent again"),
    "user.invite_withdraw": _l("Invitation withdrawn"),
    "user.join": _l("Invited person joined"),
    "user.passkey_add": _l("Passkey added"),
    "user.passkey_copied": _l("Copied passkey refused"),
    "user.passkey_remove": _l("Passkey removed"),
    "user.phone_removed": _l("Telephone removed by the provider"),
    "user.proof": _l("Confirmed that it is them"),
    "user.session_end": _l("Signed out on one device"),
    "user.totp_off": _l("Authenticator switched off"),
    "user.totp_on": _l("Authenticator switched on"),
    "billing.retry": _l("Accounts in quarantine tried again"),
    "billing.start": _l("Closing of a month started"),
    "calendar.change": _l("Working day changed"),
    "delivery.change": _l("Delivery of documents changed"),
    "demo.step": _l("Demo data loaded"),
    "document.send": _l("Document sent by e-mail"),
    "import.apply": _l("File imported"),
    "import.mapping": _l("Import mapping saved"),
    "instalments.early": _l("Instalments paid early"),
    "news.order": _l("News sent to customers"),
    "instalments.make": _l("Instalment plan made"),
    "month.seal": _l("Month's usage sealed"),
    "options.again": _l("Request for services tried again"),
    "options.ask": _l("Services asked for by list"),
    "options.cancel": _l("Request for services cancelled"),
    "options.done": _l("Request for services done"),
    "options.refuse": _l("Request for services refused"),
    "options.undo": _l("Request for services undone"),
    "outbox.again": _l("Effect tried again"),
    "payment.expect": _l("Payment announced by the company"),
    "payment.fee": _l("Fee of a payment kept"),
    "payment.match": _l("Payment matched with the bank's line"),
    "payment.unmatch": _l("Payment parted from the bank's line"),
    "payment.record": _l("Payment entered"),
    "payment.reverse": _l("Payment reversed"),
    "policy.change": _l("Policy changed"),
    "rename.apply": _l("Subscribers renamed by list"),
    "rename.cancel": _l("Renaming by list cancelled"),
    "rename.hold": _l("Renaming by list waits for the end of the freeze"),
    "rename.order": _l("Renaming by list ordered"),
    "platform.again": _l("Task of a platform tried again"),
    "platform.done": _l("Task of a platform done"),
    "platform.needs_setup": _l("Service marked as to be set up"),
    "platform.out_of_stock": _l("Service marked as out of stock"),
    "renewal.ask": _l("Service renewed by hand"),
    "renewal.fail": _l("Renewal failed"),
    "renewal.method": _l("Payment method of renewal changed"),
    "renewal.period": _l("Period of renewal changed"),
    "renewal.switch": _l("Automatic renewal switched"),
    "service.cancel": _l("Service out of stock cancelled"),
    "service.quantity": _l("Quantity of a service changed"),
    "service.resume": _l("Service activated by the customer"),
    "service.set_up": _l("Service set up by the customer"),
    "service.suspend": _l("Service suspended by the customer"),
    "reconciliation.make": _l("Reconciliation act made"),
    "tariff.rates": _l("Rates of a tariff changed"),
    "ticket.archive": _l("Ticket archived"),
    "ticket.open": _l("Ticket opened"),
    "usage.dropped": _l("Suspended usage dropped"),
    "usage.placed": _l("Suspended usage placed"),
    "user.create": _l("Person added"),
    "user.password": _l("Password changed"),
    "user.password_reset": _l("Password set by a manager"),
    "user.right": _l("Right switched"),
    "user.roles": _l("Roles changed"),
    "user.sign_in": _l("Signed in"),
    "user.sign_out_everywhere": _l("Signed out everywhere"),
    "user.switch_off": _l("Person switched off"),
    "user.switch_on": _l("Person switched on"),
}
# table → its noun; the office's views add theirs
THINGS: dict[str, Any] = {"ab_user": _l("Person"), "demo": _l("Demo"), "charges": _l("Charges")}

DETAILS: dict[str, Any] = {  # names in JSON that are no columns
    "after": _l("After"),
    "before": _l("Before"),
    "changes": _l("What changed"),
    "figures": _l("Figures"),
    "file": _l("File"),
    "formats": _l("Formats"),
    "addresses": _l("Addresses"),
    "right": _l("Right"),
    "roles": _l("Roles"),
    "is_on": _l("On"),
    "last_charge": _l("Last charge"),
    "size": _l("Size"),
    "today": _l("Day"),
}


def detail(key: str) -> str:
    """What a name in a row's JSON is called."""
    return str(DETAILS.get(key) or LABELS.get(key) or key.replace("_", " "))


def value_of(key: str, value: Any) -> str:
    """A value in a row's JSON: rights, roles and states by their words."""
    if key == "right" and value in set(Right):
        return str(RIGHTS[Right(value)])
    if key == "roles":
        return str({role.value: said[0] for role, said in ROLES.items()}.get(value, value))
    if isinstance(value, str) and value in WORDS:
        return str(WORDS[value])
    return "" if value is None else str(value)


def action(code: str) -> str:
    """What was done, in words: «billing.start» by ACTIONS, «company.changed» by the table's noun."""
    if code in ACTIONS:
        return str(ACTIONS[code])
    table, _, done = code.rpartition(".")
    said = {"added": _l("added"), "changed": _l("changed"), "deleted": _l("deleted")}
    if done not in said:
        return code
    return gettext("%(thing)s: %(done)s", thing=thing(table), done=said[done])


def thing(table: str) -> str:
    """The noun of a table, as its own page calls one row of it."""
    return str(THINGS.get(table, table))


def job(code: str) -> str:
    """A kind of background work."""
    return str(JOBS.get(code, code))


def topic(code: str) -> str:
    """A kind of effect."""
    return str(TOPICS.get(code, code))


def event(code: str) -> str:
    """What a notice says."""
    return str(EVENTS.get(code, code))


def notice_class(code: str) -> str:
    """A class of notices."""
    return str(CLASSES.get(code, code))


def letter(code: str) -> str:
    """How the sending of a notice went."""
    return str(LETTERS.get(code, code))
