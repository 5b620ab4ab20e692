"""The login service: where it is, what it is asked, and whether what it says is to be believed.

OpenID Connect Core 1.0 by authorization code (3.1), with PKCE (RFC 7636) and the issuer in the
answer (RFC 9207). Signatures and times of ID tokens are checked by PyJWT.
"""

from __future__ import annotations

import hashlib
import hmac
import ssl
import time
from base64 import urlsafe_b64encode
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import httpx2
import jwt
from pydantic import BaseModel, Field, ValidationError

from admin.oidc.registration import Registration, may_be_asked
from gleanery.errors import ConfigError, GleaneryError

if TYPE_CHECKING:
    from pathlib import Path

    from admin.oidc.begun import Begun
    from gleanery.config import Config

ALGORITHMS = (
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA",
)  # fmt: skip
"""Signatures by a key pair alone: neither ``none`` nor one by a shared secret."""
DISCOVERY = "/.well-known/openid-configuration"
KEPT_SECONDS = 3600.0
"""How long its addresses are believed to be the same."""
TIMEOUT_SECONDS = 10.0
LEEWAY_SECONDS = 30.0
"""How far its clock may be from ours."""
REQUIRED = ("iss", "sub", "aud", "exp", "iat", "nonce")


class ProviderAwayError(GleaneryError):
    """The login service does not answer as one does; try again later."""


class LoginRefusedError(Exception):
    """This login must not go on; the message is for the log and holds no secret."""


class Metadata(BaseModel):
    """What the service says of itself (OpenID Connect Discovery 1.0, 3)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)
    authorization_response_iss_parameter_supported: bool = False


class Returned(BaseModel):
    """What the browser brings back from there; anything else in the address is left aside."""

    state: str = Field("", max_length=4000)
    code: str = Field("", max_length=4000)
    error: str = Field("", max_length=4000)
    iss: str | None = Field(None, max_length=4000)
    """Who gave it; ``None`` if it does not say."""


class Provider:
    """Methods block and may be called from any thread."""

    def __init__(self, config: Config) -> None:
        """Prepare; nothing is asked yet.

        Raises:
            ConfigError: A setting is missing or malformed.
        """
        self._ours = Registration.of(config)
        self._tls = _trusting(config.oidc_ca)  # one for both clients
        self._metadata: tuple[float, Metadata, jwt.PyJWKClient] | None = None

    @property
    def name(self) -> str:
        """Its host, for people."""
        return self._ours.issuer_host

    def address(self, begun: Begun) -> str:
        """Return where the browser is sent to log in.

        Raises:
            ProviderAwayError: It does not answer.
        """
        metadata, _ = self._known()
        digest = hashlib.sha256(begun.verifier.encode()).digest()
        asked = {
            "response_type": "code",
            "client_id": self._ours.client_id,
            "redirect_uri": self._ours.redirect_uri,
            "scope": self._ours.scope,
            "state": begun.state,
            "nonce": begun.nonce,
            "code_challenge": urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        joint = "&" if "?" in metadata.authorization_endpoint else "?"
        return f"{metadata.authorization_endpoint}{joint}{urlencode(asked)}"

    def claims(self, begun: Begun, returned: Returned) -> dict[str, Any]:
        """Return what the ID token says, once all of it has been checked.

        Args:
            begun: The login under way.
            returned: What came back for it.

        Raises:
            LoginRefusedError: The answer, the code or the ID token is not good.
            ProviderAwayError: It does not answer.
        """
        metadata, keys = self._known()
        if returned.iss is None and metadata.authorization_response_iss_parameter_supported:
            raise LoginRefusedError("the answer does not say who gave it")
        if returned.iss not in {None, self._ours.issuer}:
            raise LoginRefusedError("the answer is another login service's")
        if returned.error or not returned.code:
            raise LoginRefusedError(f"the service says {returned.error[:40]!r}")
        token = self._redeem(metadata, begun, returned.code)
        return self._checked(token, keys, begun)

    def _known(self) -> tuple[Metadata, jwt.PyJWKClient]:
        """Return its addresses and keys, asked for anew each hour."""
        if self._metadata is None or self._metadata[0] < time.monotonic():
            found = self._discover()
            keys = jwt.PyJWKClient(found.jwks_uri, timeout=TIMEOUT_SECONDS, ssl_context=self._tls)
            self._metadata = (time.monotonic() + KEPT_SECONDS, found, keys)
        return self._metadata[1:]

    def _discover(self) -> Metadata:
        answer = self._ask("GET", self._ours.issuer.rstrip("/") + DISCOVERY)
        try:
            found = Metadata.model_validate_json(answer.raise_for_status().content)
        except (ValidationError, httpx2.HTTPStatusError) as error:
            raise ProviderAwayError(f"{self._ours.issuer}: no OpenID Connect there") from error
        if found.issuer != self._ours.issuer:
            raise ProviderAwayError(f"{self._ours.issuer} names itself {found.issuer}")
        for each in (found.authorization_endpoint, found.token_endpoint, found.jwks_uri):
            if not may_be_asked(each):
                raise ProviderAwayError(f"{self._ours.issuer}: {each} is not https")
        return found

    def _redeem(self, metadata: Metadata, begun: Begun, code: str) -> str:
        """Return the ID token that ``code`` stands for."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._ours.redirect_uri,
            "code_verifier": begun.verifier,
        }
        pair, secret = None, self._ours.secret.get_secret_value()
        if not secret:
            form["client_id"] = self._ours.client_id
        elif "client_secret_basic" in metadata.token_endpoint_auth_methods_supported:
            # each coded as a form's value first (RFC 6749, 2.3.1)
            pair = (quote(self._ours.client_id, safe=""), quote(secret, safe=""))
        else:
            form |= {"client_id": self._ours.client_id, "client_secret": secret}
        answer = self._ask("POST", metadata.token_endpoint, data=form, auth=pair)
        if answer.status_code >= 500:
            raise ProviderAwayError(f"{metadata.token_endpoint}: {answer.status_code}")
        try:
            token = answer.raise_for_status().json()["id_token"]
        except (httpx2.HTTPStatusError, ValueError, LookupError, TypeError):
            # its text may repeat what we sent
            raise LoginRefusedError(f"no token for this code: {answer.status_code}") from None
        return str(token)

    def _checked(self, token: str, keys: jwt.PyJWKClient, begun: Begun) -> dict[str, Any]:
        try:
            # the key alone: of one that names no algorithm PyJWT would take RS256 for granted
            key = keys.get_signing_key_from_jwt(token).key
            claims: dict[str, Any] = jwt.decode(
                token, key, algorithms=ALGORITHMS,
                audience=self._ours.client_id, issuer=self._ours.issuer,
                leeway=LEEWAY_SECONDS, options={"require": list(REQUIRED)},
            )  # fmt: skip
        except (jwt.PyJWKClientConnectionError, OSError) as error:
            raise ProviderAwayError(f"{keys.uri} does not answer") from error
        except (jwt.PyJWTError, TypeError, ValueError) as error:
            raise LoginRefusedError(f"the ID token is not good: {type(error).__name__}") from None
        if not hmac.compare_digest(str(claims["nonce"]).encode(), begun.nonce.encode()):
            raise LoginRefusedError("the ID token is of another login")
        several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
        if claims.get("azp", None if several else self._ours.client_id) != self._ours.client_id:
            raise LoginRefusedError("the ID token was made for another program")
        return claims

    def _ask(self, method: str, address: str, **given: Any) -> httpx2.Response:
        """Ask; redirects are not followed."""
        try:
            with httpx2.Client(timeout=TIMEOUT_SECONDS, verify=self._tls) as client:
                return client.request(method, address, **given)
        except httpx2.HTTPError as error:
            raise ProviderAwayError(f"{address} does not answer") from error


def _trusting(authority: Path | None) -> ssl.SSLContext:
    """Return what checks the service's certificate.

    Raises:
        ConfigError: The file of the authority is none.
    """
    context = ssl.create_default_context()
    if authority:
        try:
            context.load_verify_locations(authority)
        except OSError as error:  # an SSLError is one
            raise ConfigError(f"GLEANERY_OIDC_CA: {authority}: {error} (인증서 파일)") from error
    return context
