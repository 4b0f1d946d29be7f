"""Every setting, read from the environment once; nothing else reads os.environ. The table is in docs/operating.md."""

import hashlib
import os
import secrets
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

DEFAULT_SECRET = "only-for-this-machine-and-the-demo-change-it"  # noqa: S105  # refused in production
ROOT = Path(__file__).resolve().parent
SOCKET_BYTES = 100


def _flag(name: str, default: bool) -> bool:
    return os.environ.get(name, "1" if default else "0").strip().lower() in ("1", "true", "yes", "on")


def _number(name: str, default: int) -> int:
    said = os.environ.get(name) or str(default)
    try:
        return int(said)
    except ValueError:
        raise SystemExit(f"{name} is to be a whole number, not {said!r}.") from None


def own_secret(data_dir: Path) -> str:
    """This installation's own secret, made once and readable by its owner alone: a shared default could be forged."""
    path = data_dir / "secret"
    try:
        return path.read_text("ascii")
    except FileNotFoundError:
        data_dir.mkdir(parents=True, exist_ok=True)
    part = data_dir / f".secret.{os.getpid()}"
    part.touch(0o600)
    part.write_text(secrets.token_urlsafe(48), "ascii")
    try:
        os.link(part, path)  # the first of several processes wins
    except FileExistsError:
        pass
    finally:
        part.unlink()
    return path.read_text("ascii")


def _kept_secret(data_dir: Path) -> str:
    try:
        return own_secret(data_dir)
    except OSError as error:
        raise SystemExit(f"DATA_DIR cannot be used: {error.strerror}. Name a folder that can be written.") from None


@dataclass(frozen=True)
class Settings:
    """The settings of one process; `from_environment` reads them, tests make their own."""

    data_dir: Path = ROOT / "var"
    database_url: str = ""
    redis_url: str = ""
    secret_key: str = DEFAULT_SECRET
    production: bool = False
    host: str = "127.0.0.1"
    port: int = 8080
    workers: int = 2
    job_wait_minutes: int = 60
    demo: bool = True
    demo_password: str = "kabinet-demo"  # noqa: S105  # of the demo's people only
    demo_size: str = "full"
    smtp_url: str = ""
    sms_url: str = ""
    mail_from: str = "kabinet@localhost"
    public_url: str = ""
    trusted_hosts: tuple[str, ...] = ()
    proxies: int = 0
    session_idle_minutes: int = 30
    session_hours: int = 12
    upload_megabytes: int = 32
    default_country: str = "UA"
    domain_register: str = "own"
    domain_suffix: str = ".kabinet.example"
    testing: bool = False
    extra: dict[str, object] = field(default_factory=dict)

    @classmethod
    def from_environment(cls) -> "Settings":
        """Read the environment; SystemExit with a sentence where it is wrong, or unsafe for production."""
        env = os.environ
        data_dir = Path(env.get("DATA_DIR") or ROOT / "var").resolve()
        production = env.get("KABINET_ENV", "") == "production"
        settings = cls(
            data_dir=data_dir,
            database_url=env.get("DATABASE_URL", ""),
            redis_url=env.get("REDIS_URL", ""),
            secret_key=env.get("SECRET_KEY") or (DEFAULT_SECRET if production else _kept_secret(data_dir)),
            production=production,
            host=env.get("HOST") or "127.0.0.1",
            port=_number("PORT", 8080),
            workers=_number("WORKERS", 2),
            job_wait_minutes=_number("JOB_WAIT_MINUTES", 60),
            demo=_flag("DEMO", not production),
            demo_password=env.get("DEMO_PASSWORD") or "kabinet-demo",
            demo_size=env.get("DEMO_SIZE") or "full",
            smtp_url=env.get("SMTP_URL", ""),
            sms_url=env.get("SMS_URL", ""),
            mail_from=env.get("MAIL_FROM") or "kabinet@localhost",
            public_url=env.get("PUBLIC_URL", "").rstrip("/"),
            trusted_hosts=tuple(h for h in env.get("TRUSTED_HOSTS", "").split(",") if h),
            proxies=_number("PROXIES", 0),
            session_idle_minutes=_number("SESSION_IDLE_MINUTES", 30),
            session_hours=_number("SESSION_HOURS", 12),
            upload_megabytes=_number("UPLOAD_MEGABYTES", 32),
            default_country=env.get("DEFAULT_COUNTRY") or "UA",
            domain_register=env.get("DOMAIN_REGISTER") or "own",
            domain_suffix=env.get("DOMAIN_SUFFIX") or ".kabinet.example",
        )
        settings.refuse_unsafe()
        return settings

    def refuse_unsafe(self) -> None:
        """SystemExit with a sentence where production would start with a default secret or the demo's data."""
        if not self.production:
            return
        if self.secret_key == DEFAULT_SECRET or len(self.secret_key) < 32:
            raise SystemExit("Set SECRET_KEY to at least 32 random characters: production does not start without it.")
        if self.demo:
            raise SystemExit("Set DEMO=0: production does not start with the demo's people.")
        if not self.database_url:
            raise SystemExit(
                "Set DATABASE_URL to a PostgreSQL database: production does not run on the embedded SQLite."
            )

    @property
    def database(self) -> str:
        """SQLAlchemy's address of the database; SQLite under `data_dir` by default."""
        if not self.database_url:
            return f"sqlite:///{self.data_dir / 'kabinet.db'}"
        url = self.database_url
        for plain in ("postgresql://", "postgres://"):
            if url.startswith(plain):
                return "postgresql+psycopg://" + url[len(plain) :]
        return url

    @property
    def redis(self) -> str:
        """Redis's address; the embedded server's socket under `data_dir` by default."""
        return self.redis_url or f"unix://{self.redis_socket}"

    @property
    def redis_socket(self) -> Path:
        """The embedded Redis's socket; a kernel takes 107 bytes, so a deep `data_dir` has it elsewhere."""
        path = self.data_dir / "redis.sock"
        if len(os.fsencode(path)) <= SOCKET_BYTES:
            return path
        digest = hashlib.sha256(os.fsencode(path)).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"kabinet-{os.getuid()}-{digest}" / "redis.sock"

    @property
    def _limits_storage(self) -> str:
        """Where limits are counted: in Redis where several machines share it, else in the one web process."""
        if self.redis_url.startswith("unix://"):
            return "redis+" + self.redis_url
        return self.redis_url or "memory://"

    @property
    def files_dir(self) -> Path:
        """Where documents' files are kept, by digest."""
        return self.data_dir / "files"

    def flask(self) -> dict[str, object]:
        """The configuration of Flask, FAB and their extensions."""
        return {
            "SECRET_KEY": self.secret_key,
            "TESTING": self.testing,
            "SQLALCHEMY_DATABASE_URI": self.database,
            "SQLALCHEMY_ENGINE_OPTIONS": {"pool_pre_ping": True},
            "KABINET": self,
            "APP_NAME": "Kabinet",
            "FAB_BASE_TEMPLATE": "kabinet/base.html",
            "FAB_INDEX_VIEW": "app.views.home.HomeView",
            "FAB_SECURITY_MANAGER_CLASS": "app.views.security.KabinetSecurityManager",
            "FAB_CREATE_DB": False,
            "FAB_UPDATE_PERMS": False,
            "FAB_ADD_SECURITY_API": False,
            "FAB_ADD_SECURITY_VIEWS": True,
            "FAB_ADD_OPENAPI_VIEWS": False,
            "FAB_ADD_MENU_API": False,
            "FAB_API_SWAGGER_UI": False,
            "FAB_SAFE_REDIRECT_HOSTS": list(self.trusted_hosts),
            "TRUSTED_HOSTS": list(self.trusted_hosts) or None,
            "AUTH_TYPE": 1,
            "AUTH_ROLE_ADMIN": "administrator",
            "AUTH_ROLE_PUBLIC": "public",
            "AUTH_USER_REGISTRATION": False,
            "BABEL_DEFAULT_LOCALE": "en",
            "BABEL_TRANSLATION_DIRECTORIES": str(ROOT / "app" / "translations"),
            "LANGUAGES": {
                "en": {"flag": "gb", "name": "English"},
                "uk": {"flag": "ua", "name": "Українська"},
                "ru": {"flag": "ru", "name": "Русский"},
                "pl": {"flag": "pl", "name": "Polski"},
            },
            "WTF_CSRF_ENABLED": True,
            "WTF_CSRF_TIME_LIMIT": None,
            "SESSION_COOKIE_HTTPONLY": True,
            "SESSION_COOKIE_SAMESITE": "Lax",
            "SESSION_COOKIE_SECURE": self.production,
            "REMEMBER_COOKIE_HTTPONLY": True,
            "REMEMBER_COOKIE_SAMESITE": "Lax",
            "REMEMBER_COOKIE_SECURE": self.production,
            "PERMANENT_SESSION_LIFETIME": self.session_hours * 3600,
            "MAX_CONTENT_LENGTH": self.upload_megabytes * 1024 * 1024,
            "MAX_FORM_MEMORY_SIZE": 4 * 1024 * 1024,
            "RATELIMIT_ENABLED": True,
            "RATELIMIT_STORAGE_URI": self._limits_storage,
            "RATELIMIT_IN_MEMORY_FALLBACK_ENABLED": True,  # without Redis people still sign in, still limited
            "RATELIMIT_HEADERS_ENABLED": False,
            **self.extra,
        }
