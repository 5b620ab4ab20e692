"""Encryption towards a database server: whom we trust, and what we show."""

from __future__ import annotations

import ssl

from gleanery.errors import ConfigError


def client_context(*, ca: str, cert: str, key: str, prefix: str) -> ssl.SSLContext | None:
    """Return what a driver needs; ``None`` if neither ``ca`` nor ``cert`` is set.

    The server's certificate and its host's name are always checked.

    Args:
        ca: File (PEM) of those who may vouch for the server; empty = the system's.
        cert: File (PEM) of the certificate that we show; empty = none.
        key: File (PEM) of its key; empty = it is in ``cert``.
        prefix: Of the settings, e.g. ``GLEANERY_MYSQL``, for errors.

    Raises:
        ConfigError: A file cannot be read, or a key stands alone or does not fit.
    """
    if key and not cert:
        raise ConfigError(f"{prefix}_KEY needs {prefix}_CERT (인증서도 필요합니다)")
    if not (ca or cert):
        return None
    name = f"{prefix}_CA"
    try:
        context = ssl.create_default_context(cafile=ca or None)
        # Python 3.13 switches it on; what MySQL generates for itself does not pass it.
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        name = f"{prefix}_CERT"
        if cert:
            context.load_cert_chain(cert, key or None, password=_no_password)
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        raise ConfigError(f"{name}: {error} (인증서 파일을 읽을 수 없습니다)") from None
    return context


def _no_password() -> str:
    """Refuse a key with a password: OpenSSL would ask for it on the terminal."""
    raise ValueError("its key has a password; give one without, readable by you alone")
