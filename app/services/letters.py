"""Letters of the doors: codes, a welcome, «you have an account already»; in the person's language.

A wish of Topic.SEND_LETTER names the letter, its key, the address and the language; `send` makes the letter from it,
so a code is in the letter alone. The Message-ID is the key: sent twice after a crash, it is one letter.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from app.channels.base import Attachment, Message
from app.channels.registry import mail_channel, phone_channel
from app.core.errors import N_, NotFound
from app.models import Company, Invitation, OneTimeCode, User
from app.reports.formats import Formats
from app.reports.words import words_of
from app.rules.codes import link_token
from app.services import codes, work
from app.services.work import Topic

LETTERS: dict[str, dict[str, tuple[str, str]]] = {
    "invitation": {
        "en": (
            "{company} invites you",
            "Good day, {name}!\n\n{company} invites you to its cabinet. Follow this link and choose a password of "
            "your own:\n\n{link}\n\nIt works once, until {until}. Your user name is this address. If you expected "
            "nothing of the kind, do nothing.\n\nQuestions: {support}.\n",
        ),
        "uk": (
            "{company} запрошує вас",
            "Добрий день, {name}!\n\n{company} запрошує вас до свого кабінету. Перейдіть за посиланням і придумайте "
            "власний пароль:\n\n{link}\n\nПосилання діє один раз, до {until}. Ваше ім’я користувача — ця адреса. Якщо "
            "ви нічого такого не чекали, нічого не робіть.\n\nЗапитання: {support}.\n",
        ),
        "ru": (
            "{company} приглашает вас",
            "Здравствуйте, {name}!\n\n{company} приглашает вас в свой кабинет. Перейдите по ссылке и придумайте "
            "собственный пароль:\n\n{link}\n\nСсылка действует один раз, до {until}. Ваше имя пользователя — этот "
            "адрес. Если вы ничего такого не ждали, ничего не делайте.\n\nВопросы: {support}.\n",
        ),
        "pl": (
            "Zaproszenie: {company}",
            "Dzień dobry, {name}!\n\n{company} zaprasza do swojego panelu. Proszę otworzyć odnośnik i ustawić własne "
            "hasło:\n\n{link}\n\nOdnośnik działa raz, do {until}. Nazwą użytkownika jest ten adres. Jeśli to pomyłka, "
            "proszę nic nie robić.\n\nPytania: {support}.\n",
        ),
    },
    "invitation_known": {
        "en": (
            "{company} invites you",
            "Good day!\n\n{company} wants to invite you to its cabinet, but this address signs in to another one "
            "already, and an address belongs to one company. If you want to join, tell them another address.\n\n"
            "Questions: {support}.\n",
        ),
        "uk": (
            "{company} запрошує вас",
            "Добрий день!\n\n{company} хоче запросити вас до свого кабінету, але з цією адресою вже входять до іншого, "
            "а адреса належить одній компанії. Якщо хочете приєднатися, назвіть їм іншу адресу.\n\n"
            "Запитання: {support}.\n",
        ),
        "ru": (
            "{company} приглашает вас",
            "Здравствуйте!\n\n{company} хочет пригласить вас в свой кабинет, но с этим адресом уже входят в другой, "
            "а адрес принадлежит одной компании. Если хотите присоединиться, назовите им другой адрес.\n\n"
            "Вопросы: {support}.\n",
        ),
        "pl": (
            "Zaproszenie: {company}",
            "Dzień dobry!\n\n{company} chce zaprosić Państwa do swojego panelu, ale ten adres loguje się już do "
            "innego, a adres należy do jednej firmy. Aby dołączyć, proszę podać inny adres.\n\nPytania: {support}.\n",
        ),
    },
    "wish_done": {
        "en": (
            "Your request about personal data is done",
            "Good day, {name}!\n\nWhat you asked for about your personal data is done. {reason}\n\nQuestions: "
            "{support}.\n",
        ),
        "uk": (
            "Ваш запит щодо персональних даних виконано",
            "Добрий день, {name}!\n\nТе, про що ви просили щодо своїх персональних даних, зроблено. {reason}\n\n"
            "Запитання: {support}.\n",
        ),
        "ru": (
            "Ваш запрос о персональных данных выполнен",
            "Здравствуйте, {name}!\n\nТо, о чём вы просили относительно своих персональных данных, сделано. {reason}"
            "\n\nВопросы: {support}.\n",
        ),
        "pl": (
            "Wniosek dotyczący danych osobowych wykonany",
            "Dzień dobry, {name}!\n\nWniosek dotyczący danych osobowych został wykonany. {reason}\n\n"
            "Pytania: {support}.\n",
        ),
    },
    "wish_refused": {
        "en": (
            "Your request about personal data is refused",
            "Good day, {name}!\n\nWe cannot do what you asked for about your personal data. {reason}\n\nQuestions: "
            "{support}.\n",
        ),
        "uk": (
            "Ваш запит щодо персональних даних відхилено",
            "Добрий день, {name}!\n\nМи не можемо зробити те, про що ви просили щодо своїх персональних даних. "
            "{reason}\n\nЗапитання: {support}.\n",
        ),
        "ru": (
            "Ваш запрос о персональных данных отклонён",
            "Здравствуйте, {name}!\n\nМы не можем сделать то, о чём вы просили относительно своих персональных данных. "
            "{reason}\n\nВопросы: {support}.\n",
        ),
        "pl": (
            "Wniosek dotyczący danych osobowych odrzucony",
            "Dzień dobry, {name}!\n\nNie możemy zrealizować wniosku dotyczącego danych osobowych. {reason}\n\n"
            "Pytania: {support}.\n",
        ),
    },
    "personal_data": {
        "en": (
            "Your personal data",
            "Good day, {name}!\n\nThe file you asked for is attached: what Kabinet keeps about you.\n",
        ),
        "uk": (
            "Ваші персональні дані",
            "Добрий день, {name}!\n\nУ вкладенні — файл, про який ви просили: те, що Kabinet зберігає про вас.\n",
        ),
        "ru": (
            "Ваши персональные данные",
            "Здравствуйте, {name}!\n\nВо вложении — файл, о котором вы просили: то, что Kabinet хранит о вас.\n",
        ),
        "pl": (
            "Państwa dane osobowe",
            "Dzień dobry, {name}!\n\nW załączniku jest żądany plik: to, co Kabinet o Państwu przechowuje.\n",
        ),
    },
    "password": {
        "en": (
            "{code}: your code for a new password",
            "Good day,\n\nsomebody asked for a new password for this address. The code:\n\n    {code}\n\nIt is good "
            "for {minutes} minutes and works once. If it was not you, do nothing: your password stays as it is.\n",
        ),
        "uk": (
            "{code}: ваш код для нового пароля",
            "Добрий день!\n\nХтось попросив новий пароль для цієї адреси. Код:\n\n    {code}\n\nВін діє {minutes} хв і "
            "лише один раз. Якщо це були не ви, нічого не робіть: пароль не зміниться.\n",
        ),
        "ru": (
            "{code}: ваш код для нового пароля",
            "Здравствуйте!\n\nКто-то попросил новый пароль для этого адреса. Код:\n\n    {code}\n\nОн действует "
            "{minutes} мин и только один раз. Если это были не вы, ничего не делайте: пароль не изменится.\n",
        ),
        "pl": (
            "{code}: kod do nowego hasła",
            "Dzień dobry,\n\nktoś poprosił o nowe hasło dla tego adresu. Kod:\n\n    {code}\n\nDziała przez {minutes} "
            "min i tylko raz. Jeśli to nie Państwo, proszę nic nie robić: hasło się nie zmieni.\n",
        ),
    },
    "register": {
        "en": (
            "{code}: your code to register",
            "Good day,\n\nenter this code to confirm your address:\n\n    {code}\n\nIt is good for {minutes} minutes "
            "and works once. If you did not register, do nothing.\n",
        ),
        "uk": (
            "{code}: ваш код для реєстрації",
            "Добрий день!\n\nВведіть цей код, щоб підтвердити адресу:\n\n    {code}\n\nВін діє {minutes} хв і лише "
            "один раз. Якщо ви не реєструвалися, нічого не робіть.\n",
        ),
        "ru": (
            "{code}: ваш код для регистрации",
            "Здравствуйте!\n\nВведите этот код, чтобы подтвердить адрес:\n\n    {code}\n\nОн действует {minutes} мин и "
            "только один раз. Если вы не регистрировались, ничего не делайте.\n",
        ),
        "pl": (
            "{code}: kod do rejestracji",
            "Dzień dobry,\n\nproszę wpisać ten kod, aby potwierdzić adres:\n\n    {code}\n\nDziała przez {minutes} min "
            "i tylko raz. Jeśli to nie Państwo się rejestrują, proszę nic nie robić.\n",
        ),
    },
    "sign_in": {
        "en": (
            "{code} is your code to sign in",
            "Good day,\n\nenter this code to sign in:\n\n    {code}\n\nIt is good for {minutes} minutes and works "
            "once. If you are not signing in, change your password: somebody knows it.\n",
        ),
        "uk": (
            "{code} — ваш код для входу",
            "Добрий день!\n\nВведіть цей код, щоб увійти:\n\n    {code}\n\nВін діє {minutes} хв і лише один раз. "
            "Якщо ви не входите, змініть пароль: його хтось знає.\n",
        ),
        "ru": (
            "{code} — ваш код для входа",
            "Здравствуйте!\n\nВведите этот код, чтобы войти:\n\n    {code}\n\nОн действует {minutes} мин и только "
            "один раз. Если вы не входите, смените пароль: его кто-то знает.\n",
        ),
        "pl": (
            "{code} to kod do logowania",
            "Dzień dobry,\n\nproszę wpisać ten kod, aby się zalogować:\n\n    {code}\n\nJest ważny {minutes} min i "
            "działa tylko raz. Jeśli to nie Państwo się logują, proszę zmienić hasło: ktoś je zna.\n",
        ),
    },
    "phone": {
        "en": ("{code} is your code to confirm the telephone", "{code}\n"),
        "uk": ("{code} — ваш код підтвердження телефону", "{code}\n"),
        "ru": ("{code} — ваш код подтверждения телефона", "{code}\n"),
        "pl": ("{code} to kod potwierdzający telefon", "{code}\n"),
    },
    "known": {
        "en": (
            "You already have an account",
            "Good day,\n\nsomebody wanted to register with this address, which has an account already. If it was you, "
            "sign in; a forgotten password can be renewed on the sign-in page. If it was not you, do nothing.\n",
        ),
        "uk": (
            "У вас уже є обліковий запис",
            "Добрий день!\n\nХтось хотів зареєструватися з цією адресою, але для неї вже є обліковий запис. Якщо це "
            "були ви, увійдіть; забутий пароль можна змінити на сторінці входу. Якщо ні, нічого не робіть.\n",
        ),
        "ru": (
            "У вас уже есть учётная запись",
            "Здравствуйте!\n\nКто-то хотел зарегистрироваться с этим адресом, но для него уже есть учётная запись. "
            "Если это были вы, войдите; забытый пароль можно сменить на странице входа. Если нет, ничего не делайте.\n",
        ),
        "pl": (
            "Mają już Państwo konto",
            "Dzień dobry,\n\nktoś chciał się zarejestrować z tym adresem, ale istnieje już dla niego konto. Jeśli to "
            "Państwo, proszę się zalogować; zapomniane hasło można zmienić na stronie logowania. Jeśli nie, proszę nic "
            "nie robić.\n",
        ),
    },
    "welcome": {
        "en": (
            "Welcome, {name}",
            "Good day, {name}!\n\nYou are registered.\n\nYour name in the online services: {domain}\nYour user name "
            "here: {username}\n\nQuestions: {support}.\n\nThis address was given when somebody registered here. If it "
            "was not you, write to us: {support}.\n",
        ),
        "uk": (
            "Вітаємо, {name}",
            "Добрий день, {name}!\n\nВас зареєстровано.\n\nВаше ім’я в онлайн-сервісах: {domain}\nВаше ім’я "
            "користувача тут: {username}\n\nЗапитання: {support}.\n\nЦю адресу вказали під час реєстрації. Якщо це "
            "були не ви, напишіть нам: {support}.\n",
        ),
        "ru": (
            "Добро пожаловать, {name}",
            "Здравствуйте, {name}!\n\nВы зарегистрированы.\n\nВаше имя в онлайн-сервисах: {domain}\nВаше имя "
            "пользователя здесь: {username}\n\nВопросы: {support}.\n\nЭтот адрес указали при регистрации. Если это "
            "были не вы, напишите нам: {support}.\n",
        ),
        "pl": (
            "Witamy, {name}",
            "Dzień dobry, {name}!\n\nRejestracja zakończona.\n\nPaństwa nazwa w usługach online: {domain}\nNazwa "
            "użytkownika tutaj: {username}\n\nPytania: {support}.\n\nTen adres podano przy rejestracji. Jeśli to nie "
            "Państwo, proszę do nas napisać: {support}.\n",
        ),
    },
    "welcome_without_domain": {
        "en": (
            "Welcome, {name}",
            "Good day, {name}!\n\nYou are registered.\n\nYour user name here: {username}\n\nQuestions: {support}.\n\n"
            "This address was given when somebody registered here. If it was not you, write to us: {support}.\n",
        ),
        "uk": (
            "Вітаємо, {name}",
            "Добрий день, {name}!\n\nВас зареєстровано.\n\nВаше ім’я користувача тут: {username}\n\nЗапитання: "
            "{support}.\n\nЦю адресу вказали під час реєстрації. Якщо це були не ви, напишіть нам: {support}.\n",
        ),
        "ru": (
            "Добро пожаловать, {name}",
            "Здравствуйте, {name}!\n\nВы зарегистрированы.\n\nВаше имя пользователя здесь: {username}\n\nВопросы: "
            "{support}.\n\nЭтот адрес указали при регистрации. Если это были не вы, напишите нам: {support}.\n",
        ),
        "pl": (
            "Witamy, {name}",
            "Dzień dobry, {name}!\n\nRejestracja zakończona.\n\nNazwa użytkownika tutaj: {username}\n\n"
            "Pytania: {support}.\n\nTen adres podano przy rejestracji. Jeśli to nie Państwo, proszę do nas napisać: "
            "{support}.\n",
        ),
    },
}


@dataclass(frozen=True)
class Desk:
    """Where letters leave from: the server (none: they are caught), the sender, and the secret of codes."""

    smtp_url: str
    sender: str
    secret: str
    sms_url: str = ""
    data_dir: Path | None = None  # where files that a letter carries lie


def send(session: Session, payload: Mapping[str, Any], desk: Desk) -> None:
    """Make the letter a wish asks for and hand it to the mail channel; a code that has run out is not sent."""
    values = _values(session, payload, desk)
    if values is None:
        return
    kind, texts = payload["kind"], LETTERS[payload["letter"]]
    subject, body = texts.get(payload["locale"], texts["en"])
    if kind != "email":
        subject, body = kind, subject
    message = Message(
        message_id=f"<{payload['key']}@kabinet>",
        recipient=payload["address"],
        subject=subject.format(**values),
        body=body.format(**values),
        sender=desk.sender,
        attachments=_attached(payload, desk),
        locale=payload["locale"],
    )
    if kind == "email":
        mail_channel(session, desk.smtp_url).send(message)
    else:
        phone_channel(session, desk.sms_url).send(message)


def _values(session: Session, payload: Mapping[str, Any], desk: Desk) -> dict[str, Any] | None:
    if "code_id" in payload:
        code = session.get(OneTimeCode, int(payload["code_id"]))
        digits = codes.digits_of(code, desk.secret) if code is not None else ""
        return {"code": digits, "minutes": codes.RULE.minutes} if digits else None
    if "invitation_id" in payload:
        return _of_invitation(session, payload, desk)
    user = session.get(User, int(payload["user_id"]))
    if user is None:
        return None
    return {
        "reason": payload.get("reason", ""),
        "name": payload.get("about") or user.display_name or user.first_name,
        "username": user.username,
        "domain": payload.get("domain", ""),
        "support": (user.company.seller.email if user.company else "") or desk.sender,
    }


def _of_invitation(session: Session, payload: Mapping[str, Any], desk: Desk) -> dict[str, Any] | None:
    one = session.get(Invitation, int(payload["invitation_id"]))
    if one is None or one.accepted_at is not None or one.withdrawn_at is not None or one.nonce not in payload["key"]:
        return None  # withdrawn, or sent again, before it left
    company = session.get_one(Company, one.company_id)
    return {
        "name": one.first_name,
        "company": company.name,
        "link": f"{payload['base']}/invited/{link_token(desk.secret, one.id, one.nonce)}",
        "until": Formats(words_of(payload["locale"]).language).date(one.ends_at.date()),
        "support": company.seller.email or desk.sender,
    }


def _attached(payload: Mapping[str, Any], desk: Desk) -> tuple[Attachment, ...]:
    if "file" not in payload or desk.data_dir is None:
        return ()
    path = desk.data_dir / str(payload["file"])
    if not path.is_file():
        raise NotFound(N_("The file of this letter is no longer there. Order it again."))
    return (Attachment(str(payload["name"]), "text/csv", path.read_bytes()),)


def order(
    session: Session, letter: str, key: str, address: str, locale: str, *, kind: str = "email", **about: int | str
) -> None:
    """Wish for a letter (or an «sms», a «call») in the caller's transaction; the same key is one letter.

    `about` is code_id, user_id or invitation_id, and what the letter says besides. A short message is the letter's
    subject alone.
    """
    payload = {"letter": letter, "key": key, "kind": kind, "address": address, "locale": locale, **about}
    work.put_outbox(session, Topic.SEND_LETTER, payload, key)
