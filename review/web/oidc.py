"""Sign-in through an institution's service (OpenID Connect), as .streamlit/secrets.toml names it.

The service confirms the person; the session is one of our own from then on, so that it ends,
and is listed, like any other.
"""

import html
import importlib
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import Response

from review.errors import ReviewError

if TYPE_CHECKING:
    from authlib.integrations.starlette_client import StarletteOAuth2App

CALLBACK_PATH = "/oauth2callback"
MIN_SECRET_LENGTH = 24
"""Least length of cookie_secret (characters), which signs what a visitor brings back."""
EXAMPLE_SECRET = "a long random text of your own"
CLOCK_LEEWAY = 60
"""How far the service's clock may be from ours (seconds)."""
SECRETS = ".streamlit/secrets.toml"
LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Service:
    """One sign-in service."""

    name: str
    label: str
    """What its button says."""
    redirect_uri: str
    client: "StarletteOAuth2App"


def load_services() -> dict[str, Service]:
    """The services that the secrets file names, by name; none where it has no section [auth].

    Raises:
        ReviewError: the file cannot be read, or something in [auth] is missing or too weak.
    """
    from streamlit import config
    from streamlit.runtime.secrets import secrets_singleton

    if not secrets_singleton.load_if_toml_exists():  # it says no for a file it cannot read, too
        broken = next(
            (path for path in config.get_option("secrets.files") if Path(path).exists()), ""
        )
        if broken:
            raise ReviewError(f"{broken} cannot be read; it must be valid TOML.")
        return {}
    section: Mapping[str, Any] = secrets_singleton.get("auth", {})
    if not section:
        return {}
    if not isinstance(section, Mapping):
        raise ReviewError(f"{SECRETS}: 'auth' must be a section, [auth].")
    redirect_uri = str(_require(section, "redirect_uri", "auth"))
    parts = urlsplit(redirect_uri)
    if parts.scheme not in ("http", "https") or parts.path != CALLBACK_PATH:
        raise ReviewError(f"{SECRETS}: redirect_uri must be https://your.address{CALLBACK_PATH}.")
    secret = str(_require(section, "cookie_secret", "auth"))
    if len(secret) < MIN_SECRET_LENGTH or secret == EXAMPLE_SECRET:
        raise ReviewError(
            f"{SECRETS}: cookie_secret must be a random text of your own of at least "
            f"{MIN_SECRET_LENGTH} characters, for example from 'openssl rand -hex 32'."
        )
    named = {key: value for key, value in section.items() if isinstance(value, Mapping)}
    settings = named or {"default": section}
    return {
        name: _build_service(name, values, redirect_uri, alone=len(settings) == 1)
        for name, values in settings.items()
    }


def _require(section: Mapping[str, Any], key: str, name: str) -> Any:
    value = section.get(key)
    if not value:
        raise ReviewError(f"{SECRETS}: [{name}] lacks {key}.")
    return value


def _build_service(
    name: str, values: Mapping[str, Any], redirect_uri: str, *, alone: bool
) -> Service:
    from authlib.integrations.starlette_client import OAuth

    section = "auth" if name == "default" else f"auth.{name}"
    client = OAuth().register(
        name,
        client_id=str(_require(values, "client_id", section)),
        client_secret=str(_require(values, "client_secret", section)),
        server_metadata_url=str(_require(values, "server_metadata_url", section)),
        client_kwargs={
            "scope": "openid email profile",
            "code_challenge_method": "S256",
            **dict(values.get("client_kwargs", {})),
        },
    )
    label = "Sign in with your institution" if alone else f"Sign in with {name}"
    return Service(name, label, redirect_uri, client)


async def send_to_service(service: Service, request: Request) -> Response:
    """The way to the service. Raises ReviewError where it does not answer."""
    from authlib.integrations.base_client import OAuthError

    request.session["service"] = service.name
    try:
        response: Response = await service.client.authorize_redirect(request, service.redirect_uri)
    except (OAuthError, _get_http_error(), ValueError, KeyError, RuntimeError) as error:
        LOGGER.warning("the sign-in service did not answer: %s", type(error).__name__)
        raise ReviewError("The sign-in service does not answer. Try again later.") from error
    return response


async def confirm_visitor(services: Mapping[str, Service], request: Request) -> tuple[Service, str]:
    """The service and the address it confirms, once its token holds: signed by its key, made for
    us and for this very visit, and not expired.

    Raises:
        ReviewError: anything about it is wrong; which thing is for the log alone.
    """
    from authlib.integrations.base_client import OAuthError
    from joserfc.errors import JoseError

    service = services.get(str(request.session.pop("service", "")))
    if service is None:
        raise ReviewError("This sign-in was not begun here, or took too long. Sign in again.")
    try:
        metadata = await service.client.load_server_metadata()
        token = await service.client.authorize_access_token(
            request,
            leeway=CLOCK_LEEWAY,
            claims_options={
                "iss": {"essential": True, "value": metadata.get("issuer")},
                "aud": {"essential": True, "value": service.client.client_id},
                "exp": {"essential": True},
                "nonce": {"essential": True},
            },
        )
    except (OAuthError, JoseError, _get_http_error(), ValueError, KeyError, TypeError) as error:
        LOGGER.warning("a sign-in was refused: %s", type(error).__name__)
        raise ReviewError(
            "The sign-in service did not confirm who you are. Sign in again; if it keeps "
            "happening, ask whoever runs this app to look into its log."
        ) from error
    return service, _read_email(token.get("userinfo") or {})


def _read_email(claims: Mapping[str, Any]) -> str:
    """The confirmed address. Source: OpenID Connect Core 1.0, section 5.1, email_verified."""
    email = claims.get("email")
    if not isinstance(email, str) or not email:
        raise ReviewError(
            "The sign-in service gave no e-mail address, so it is not known who you are."
        )
    if claims.get("email_verified") in (False, "false"):
        raise ReviewError(
            f"{email} has not been verified by the sign-in service. "
            "Verify the address there, then sign in again."
        )
    return email


async def find_logout_address(service: Service) -> str | None:
    """Where the service ends its own session; None where it has no such address or is away."""
    try:
        metadata = await service.client.load_server_metadata()
    except (_get_http_error(), json.JSONDecodeError, RuntimeError):
        return None
    endpoint = metadata.get("end_session_endpoint")
    if not endpoint:
        return None
    words = {
        "client_id": service.client.client_id,
        "post_logout_redirect_uri": service.redirect_uri,
    }
    return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(words)}"


def _get_http_error() -> type[Exception]:
    """What the library that asks the service raises where it is not reached: authlib takes httpx2
    where it is installed, else httpx."""
    from authlib.integrations.httpx_client import AsyncOAuth2Client

    base = next(
        base_class
        for base_class in AsyncOAuth2Client.__mro__
        if base_class.__module__.startswith("httpx")
    )
    error: type[Exception] = importlib.import_module(base.__module__.split(".")[0]).HTTPError
    return error


def escape_address(target: str) -> str:
    """An address as a meta element's attribute may hold it."""
    return html.escape(target.replace(";", "%3B").replace("'", "%27"), quote=True)
