"""Mail: the server's address is read from the environment, and messages reach it whole."""

import pytest
from support.mail import mail_server

from review.errors import ReviewError
from review.mail import MailSettings, load_mail_settings, send_message


@pytest.fixture
def named(monkeypatch):
    def name(address, sender="review@example.org"):
        monkeypatch.setenv("FUNNEL_SMTP", address)
        monkeypatch.setenv("FUNNEL_MAIL_FROM", sender)
        return load_mail_settings()

    return name


def test_no_mail_server_is_no_mistake(monkeypatch):
    monkeypatch.delenv("FUNNEL_SMTP", raising=False)
    assert load_mail_settings() is None


def test_the_server_is_read_with_user_password_and_port(named):
    assert named("smtp+starttls://me%40x:p%2Fw@mail.example.org") == MailSettings(
        scheme="smtp+starttls",
        host="mail.example.org",
        port=587,
        user="me@x",
        password="p/w",
        sender="review@example.org",
    )
    assert named("smtps://mail.example.org").port == 465
    assert named("smtp://mail.example.org:2525").port == 2525


@pytest.mark.parametrize("address", ["mail.example.org", "http://mail", "smtp://", "smtp://m:x"])
def test_what_is_no_mail_server_is_said(named, address):
    with pytest.raises(ReviewError, match="FUNNEL_SMTP is not the address"):
        named(address)


@pytest.mark.parametrize("sender", ["", "nobody", "a@b\nBcc: c@d"])
def test_what_is_no_sender_is_said(named, sender):
    with pytest.raises(ReviewError, match="FUNNEL_MAIL_FROM"):
        named("smtp://mail.example.org", sender)


def test_a_message_arrives_whole(named):
    with mail_server() as inbox:
        settings = named(f"smtp://127.0.0.1:{inbox.port}")
        text = "Zażółć\n.\n..dots\nhttps://review.example.org/invitation?key=abc_-1\n"
        send_message(settings, to="ada@example.org", subject="One\r\nBcc: x@y", text=text)
    (message,) = inbox.messages
    assert inbox.recipients == ["ada@example.org"]
    assert message["Subject"] == "One Bcc: x@y"
    assert message["Bcc"] is None
    assert message.get_content().replace("\r\n", "\n") == text


def test_a_server_that_refuses_or_is_away_is_one_line_without_the_password(named):
    with mail_server(refuses=True) as inbox:
        settings = named(f"smtp://127.0.0.1:{inbox.port}")
        with pytest.raises(ReviewError, match="did not take the message"):
            send_message(settings, to="ada@example.org", subject="s", text="t")
    away = named(f"smtp://user:hidden@127.0.0.1:{inbox.port}")
    with pytest.raises(ReviewError, match="pass it on yourself") as refused:
        send_message(away, to="ada@example.org", subject="s", text="t")
    assert "hidden" not in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "to",
    [
        "ben@example.org, x@evil.example",
        "ben@example.org; x@evil.example",
        "ben@example.org\r\nBcc: x@evil.example",
        "Ben <ben@example.org>",
        "friends: ben@example.org;",
        "ben@example.org x@evil.example",
        "ben@example.org\x00",
        "\u202eben@example.org",
        "ben@",
        "",
    ],
)
def test_a_message_goes_to_one_person_or_to_nobody(named, to):
    with mail_server() as inbox:
        settings = named(f"smtp://127.0.0.1:{inbox.port}")
        with pytest.raises(ReviewError, match="not the e-mail address of one person") as refused:
            send_message(settings, to=to, subject="Hello", text="secret")
    assert (inbox.messages, inbox.recipients) == ([], [])
    assert "\n" not in str(refused.value) and "secret" not in str(refused.value)


@pytest.mark.parametrize(
    "title",
    [
        "Review\r\nBcc: x@evil.example\r\n\r\n<script>alert(1)</script>",
        "Review\x0bBcc: x@evil.example\x85Cc: y@evil.example\u2028Reply-To: z@evil.example",
        "=HYPERLINK(1) \x00\x07\u202etxt.exe \udc80",
        "long " * 2000,
    ],
)
def test_a_hostile_title_adds_no_header_and_no_recipient(named, title):
    with mail_server() as inbox:
        settings = named(f"smtp://127.0.0.1:{inbox.port}")
        send_message(settings, to="ben@example.org", subject=title, text=f"About {title}")
    assert inbox.recipients == ["ben@example.org"]
    (message,) = inbox.messages
    assert not {"bcc", "cc", "reply-to"} & {name.lower() for name in message}
    assert message.get_content_type() == "text/plain" and not message.is_multipart()
    assert not any(letter in str(message["Subject"]) for letter in "\r\n\x00\u202e")
