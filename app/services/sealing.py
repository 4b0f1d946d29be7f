"""Secrets kept in the database sealed with the installation's own: of authenticators, of payment gateways."""

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken


def seal(text: str, secret: str) -> str:
    """`text` as it may be stored."""
    return _box(secret).encrypt(text.encode()).decode()


def unseal(text: str, secret: str) -> str:
    """What was sealed; empty where it was sealed with another secret, or is none."""
    try:
        return _box(secret).decrypt(text.encode()).decode()
    except InvalidToken:
        return ""


def _box(secret: str) -> Fernet:
    digest = hashlib.blake2b(secret.encode(), digest_size=32, person=b"kabinet-seal").digest()
    return Fernet(base64.urlsafe_b64encode(digest))
