"""The services' rate limits, on a clock that can be scaled or replaced."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

ARXIV_GAP = 3.0  # seconds between requests; arXiv API terms of use
NCBI_RATE, NCBI_KEY_RATE = 3, 10  # requests a second without and with api_key; NLM


@dataclass(slots=True)
class Pace:
    """Says of each request whether it came too fast."""

    scale: float
    """1 for the real limits, 0.01 for gaps a hundred times shorter, 0 for none."""
    clock: Callable[[], float]
    slack: float = 0.05
    """Share of a gap that is forgiven, since requests wait on the way here."""
    _arxiv_last: float | None = None
    _ncbi: deque[float] = field(default_factory=deque)

    def too_fast(self, service: str, at_once: int, key: bool) -> bool:
        """True if the request breaks the limit; `at_once` counts it and those still running."""
        if self.scale <= 0:
            return False
        now = self.clock()
        if service in ("arxiv", "arxiv-oai"):
            last, self._arxiv_last = self._arxiv_last, now
            gap = ARXIV_GAP * self.scale * (1 - self.slack)
            return at_once > 1 or (last is not None and now - last < gap)
        if service == "eutils":
            window = self.scale * (1 - self.slack)
            while self._ncbi and now - self._ncbi[0] >= window:
                self._ncbi.popleft()
            self._ncbi.append(now)
            return len(self._ncbi) > (NCBI_KEY_RATE if key else NCBI_RATE)
        return False
