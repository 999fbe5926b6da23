"""Scripted faults: which requests fail, and how.

Of the connection or the status line (the service is not asked):
    429, 429-retry-after, 500, 502, 503, 504, stall, reset, html, empty, slow
Of the body (the service's answer is spoiled):
    cut          body cut short, Content-Length of the whole: the client sees too little
    cut-quiet    body cut short without Content-Length, then closed: looks complete
    reset        connection reset in the middle of the body
    duplicate    the service's previous good answer once more
    bomb         an XML entity bomb in place of XML
Of the content (the service commits them itself):
    empty-page   a page without entries though there are some ('no posts found')
    changed-total  another total than on the other pages
    malformed    one entry of the page is broken
    missing      one PMID of an efetch batch is left out
    inserted     a preprint is posted into the window while it is paged (medRxiv, bioRxiv)
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

CONTENT = frozenset({"empty-page", "changed-total", "malformed", "missing", "inserted"})
KINDS = CONTENT | {
    "404",
    "410",
    *("429", "429-retry-after", "500", "502", "503", "504", "stall", "reset", "html", "empty"),
    *("cut", "cut-quiet", "duplicate", "bomb", "slow"),
}
BOMB = (
    b'<?xml version="1.0"?>\n<!DOCTYPE lolz [<!ENTITY a "ha">'
    + b"".join(
        f'<!ENTITY {name} "{"&" + before + ";"}{("&" + before + ";") * 9}">'.encode()
        for before, name in zip("abcdefghij", "bcdefghijk", strict=True)
    )
    + b"]>\n<feed>&k;</feed>\n"
)


@dataclass(slots=True)
class Fault:
    """One way to go wrong, and when: by number, every so often, or at random from the seed.

    Requests are counted per fault, over the services (and paths) it is meant for, from 1.
    """

    kind: str
    nth: tuple[int, ...] = ()
    every: int = 0
    rate: float = 0.0
    service: str | None = None
    """A service as in the table of addresses (arxiv, biorxiv, eutils, ...); None for all."""
    path: str = ""
    """Only paths that hold this text."""
    times: int | None = None
    """Stops after so many; None for no end."""
    retry_after: str = "1"
    """Value of Retry-After with 429-retry-after: seconds, or an HTTP date."""
    seed: int = 0
    seen: int = 0
    done: int = 0
    _rng: random.Random = field(default_factory=random.Random, repr=False)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"unknown fault {self.kind!r}; expected one of {sorted(KINDS)}")
        self._rng = random.Random(f"fault {self.kind} {self.seed}")

    def strikes(self, service: str, path: str) -> bool:
        """Counts the request in; True if it is to go wrong."""
        if (self.service and self.service != service) or self.path not in path:
            return False
        self.seen += 1
        if self.times is not None and self.done >= self.times:
            return False
        hit = (
            self.seen in self.nth
            or bool(self.every and self.seen % self.every == 0)
            or bool(self.rate and self._rng.random() < self.rate)
        )
        self.done += hit
        return hit

    def wait(self) -> None:
        """Takes a strike back, because another fault struck the same request; the next is hit."""
        self.seen -= 1
        self.done -= 1


def struck(faults: Sequence[Fault], service: str, path: str) -> Fault | None:
    """The fault that strikes a request; each of them counts the request in."""
    hits = [one for one in faults if one.strikes(service, path)]
    for one in hits[1:]:
        one.wait()
    return hits[0] if hits else None
