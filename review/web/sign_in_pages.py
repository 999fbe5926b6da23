"""The few pages that need no session, as plain HTML, and the small forms they send."""

import asyncio
import html
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse

from review.web.page_font import FONT_FACE, FONT_FAMILY

MAX_FORM_BYTES = 8_192
"""Most that a form of these pages may send (bytes); a name and a password are far smaller."""
MAX_FORM_FIELDS = 10
FORM_SECONDS = 20
"""How long a form may take to arrive (seconds)."""

PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{heading}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">{head}<style>{font_face}
:root{{color-scheme:light dark;--page:light-dark(#f6f7f9,#16191d);--card:light-dark(#fff,#22262c);
--text:light-dark(#1c2430,#e8eaed);--muted:light-dark(#57606e,#b3bcc8);
--line:light-dark(#8a939f,#6b7482);--bar:light-dark(#23507c,#6ea3d8);--on-bar:light-dark(#fff,#10161d);
--bad:light-dark(#a11,#ff9d94)}}
body{{font:16px/1.5 {font_family};background:var(--page);color:var(--text);display:grid;
place-items:center;min-height:100vh;margin:0}}main{{background:var(--card);padding:2.2rem 2.4rem;
border-radius:12px;box-shadow:0 2px 18px #0001;width:20rem;
max-width:calc(100vw - 7rem);margin:1rem}}h1{{font-size:1.25rem;margin:0}}
p{{margin:.3rem 0 1.2rem;color:var(--muted);font-size:.92rem}}
.hint{{margin:.2rem 0 0;font-size:.84rem}}.help{{margin-top:1.2rem}}
label{{display:block;margin:.9rem 0 .25rem}}
input{{width:100%;box-sizing:border-box;font:inherit;color:inherit;background:var(--page);
padding:.5rem .6rem;border:1px solid var(--line);border-radius:7px}}
button,.button{{display:block;box-sizing:border-box;text-align:center;text-decoration:none;
margin-top:1.3rem;width:100%;font:inherit;font-weight:600;padding:.6rem;border:0;border-radius:7px;
background:var(--bar);color:var(--on-bar);cursor:pointer}}.said{{color:var(--bad);margin:.8rem 0 0}}
</style></head><body><main><h1>{heading}</h1>{body}</main></body></html>"""


class FormRefused(Exception):
    """A form that is too large, too slow, or none of ours."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


async def read_form(request: Request) -> dict[str, str]:
    """The fields of a small form.

    Reads no more than MAX_FORM_BYTES, whatever the headers say, and never a file: a multipart body
    is refused before any of it is read.

    Raises:
        FormRefused: with the status to answer.
    """
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise FormRefused(415, "This page accepts only its own form.")
    announced = request.headers.get("content-length", "0")
    if not announced.isdecimal() or len(announced) > 12 or int(announced) > MAX_FORM_BYTES:
        raise FormRefused(413, "This form is too large.")
    try:
        body = await asyncio.wait_for(_read_body(request), FORM_SECONDS)
    except TimeoutError as error:
        raise FormRefused(408, "The form took too long to arrive.") from error
    except ClientDisconnect as error:
        raise FormRefused(400, "The form did not arrive.") from error
    try:
        fields = parse_qsl(
            body.decode("latin-1"),
            keep_blank_values=True,
            max_num_fields=MAX_FORM_FIELDS,
            errors="strict",
        )
    except (ValueError, UnicodeDecodeError) as error:
        raise FormRefused(400, "The form cannot be read.") from error
    return dict(fields)


async def _read_body(request: Request) -> bytes:
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MAX_FORM_BYTES:
            raise FormRefused(413, "This form is too large.")
    return body


def build_page(
    heading: str, body_html: str, status: int = 200, *, head_html: str = ""
) -> HTMLResponse:
    """A page; the heading is text, the body is HTML whose names are escaped already."""
    page_html = PAGE.format(
        heading=html.escape(heading),
        head=head_html,
        body=body_html,
        font_face=FONT_FACE,
        font_family=FONT_FAMILY,
    )
    headers = {"Cache-Control": "no-store"}
    if status >= 400:
        headers["Connection"] = "close"  # what is left of a body that was refused is not read
    return HTMLResponse(page_html, status, headers=headers)


def build_message_page(
    message: str, status: int = 200, *, link: tuple[str, str] | None = ("/signin", "Sign in")
) -> HTMLResponse:
    """A page that only says something, with the way on, if any: address and label of a link."""
    body = f'<p role="alert">{html.escape(message)}</p>'
    if link is not None:
        address, label = (html.escape(part) for part in link)
        body += f'<a class="button" href="{address}">{label}</a>'
    return build_page("Funnel", body, status)


def build_sign_in_form(
    *, title: str, message: str, name: str, target: str, services: dict[str, str], passwords: bool
) -> str:
    """The form's HTML; after a wrong password with the name as it was typed, and the password
    comes next.

    Args:
        services: address -> label of each institution's sign-in.
        passwords: whether anybody signs in with a password.
    """
    name_focus, password_focus = ("", "autofocus") if name else ("autofocus", "")
    message_html = f'<p class="said" role="alert">{html.escape(message)}</p>' if message else ""
    links = "".join(
        f'<a class="button" href="{html.escape(address)}">{html.escape(label)}</a>'
        for address, label in services.items()
    )
    form = (
        '<form method="post" action="/signin">'
        f'<input type="hidden" name="to" value="{html.escape(target)}">'
        '<label for="name">Name</label><input id="name" name="name" autocomplete="username" '
        f'maxlength="200" value="{html.escape(name)}" {name_focus}>'
        '<label for="password">Password</label><input id="password" name="password" '
        f'type="password" autocomplete="current-password" {password_focus}>'
        f"<button>Sign in</button></form>"
        '<p class="hint help">Forgotten your password, or no account yet? Ask the lead of the '
        "review for a link.</p>"
    )
    return f"<p>{html.escape(title)}</p>{links}{form if passwords else ''}{message_html}"


def build_invitation_form(*, title: str, name: str, key: str, least: int, message: str) -> str:
    """The form by which somebody chooses a password through a one-time link."""
    message_html = f'<p class="said" role="alert">{html.escape(message)}</p>' if message else ""
    return (
        f"<p>{html.escape(title)}</p>"
        '<form method="post" action="/invitation">'
        f'<input type="hidden" name="key" value="{html.escape(key)}">'
        '<label for="name">Name</label><input id="name" name="name" autocomplete="username" '
        f'value="{html.escape(name)}" readonly>'
        f'<label for="password">New password, at least {least} characters</label>'
        '<input id="password" name="password" type="password" autocomplete="new-password" '
        f'minlength="{least}" autofocus>'
        '<label for="again">Password again</label>'
        '<input id="again" name="again" type="password" autocomplete="new-password">'
        f"<button>Save and sign in</button></form>{message_html}"
    )


def build_first_account_form(
    *, title: str, purpose: str, key: str, name: str, full_name: str, least: int, message: str
) -> str:
    """The form by which the lead makes the first account; after a mistake with the names as they
    were typed.

    Args:
        purpose: what one can do with this account.
    """
    message_html = f'<p class="said" role="alert">{html.escape(message)}</p>' if message else ""
    return (
        f"<p>{html.escape(title)}</p><p>Nobody has an account yet. {html.escape(purpose)}</p>"
        '<form method="post" action="/setup">'
        f'<input type="hidden" name="key" value="{html.escape(key)}">'
        '<label for="full">Full name</label><input id="full" name="full_name" autocomplete="name" '
        f'maxlength="100" required value="{html.escape(full_name)}" autofocus>'
        '<label for="name">Name to sign in with</label><input id="name" name="name" '
        'autocomplete="username" maxlength="60" required aria-describedby="name-rule" '
        f'value="{html.escape(name)}">'
        '<p class="hint" id="name-rule">Short, for example your first name. It signs each of your '
        "decisions and cannot be changed later.</p>"
        '<label for="password">Password</label><input id="password" name="password" '
        'type="password" autocomplete="new-password" required aria-describedby="password-rule" '
        f'minlength="{least}">'
        f'<p class="hint" id="password-rule">At least {least} characters. A few words you can '
        "remember are better than a short, complicated password.</p>"
        '<label for="again">Password again</label>'
        '<input id="again" name="again" type="password" autocomplete="new-password" required>'
        f"{message_html}<button>Create account and sign in</button></form>"
    )
