"""The content of the public page as plain data, and its fingerprint."""

import hashlib
import json
from dataclasses import asdict
from typing import Any

from review.site.models import SiteContent


def content_to_dict(content: SiteContent) -> dict[str, Any]:
    """The content as it comes back from JSON: lists for tuples. Accuracy is left out if there is
    none, so that editions published before pages showed it keep their fingerprint."""
    plain = asdict(content)
    if not content.accuracy:
        del plain["accuracy"]
    return dict(json.loads(json.dumps(plain, ensure_ascii=True)))


def compute_digest(content: SiteContent) -> str:
    """SHA-256 (hex) of what is published; equal for equal content."""
    text = json.dumps(content_to_dict(content), sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()
