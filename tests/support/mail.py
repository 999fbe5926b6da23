"""A mail server on loopback that keeps what it is given."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage


class Inbox:
    """What the server was given."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.messages: list[EmailMessage] = []
        self.recipients: list[str] = []


@contextmanager
def mail_server(*, refuses: bool = False) -> Iterator[Inbox]:
    """Speaks as much SMTP (RFC 5321) as handing over a message takes.

    Args:
        refuses: it takes no message for anybody.
    """

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.say("220 mail.example")
            while line := self.rfile.readline():
                word = line.split(b" ")[0].strip().upper().decode()
                if word in ("EHLO", "HELO"):
                    self.say("250 mail.example")
                elif word == "RCPT" and refuses:
                    self.say("550 no such person")
                elif word == "DATA":
                    self.say("354 go on")
                    data = b""
                    while (part := self.rfile.readline()) != b".\r\n":
                        data += part[1:] if part.startswith(b"..") else part
                    inbox.messages.append(message_from_bytes(data, policy=policy.default))
                    self.say("250 kept")
                elif word == "QUIT":
                    self.say("221 bye")
                    return
                else:
                    if word == "RCPT":
                        inbox.recipients.append(line.decode().split("<")[1].split(">")[0])
                    self.say("250 ok")

        def say(self, words: str) -> None:
            self.wfile.write(words.encode() + b"\r\n")

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        inbox = Inbox(server.server_address[1])
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield inbox
        server.shutdown()
        thread.join()
