"""Normalised texts and an inverted index: documents with a word, a stem or a phrase."""

import bisect
import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Sequence

_WORD = re.compile(r"[^\W_]+")


def fold(text: str) -> list[str]:
    """The words of a text in small letters, compatibility forms unified, hyphens as spaces."""
    return _WORD.findall(unicodedata.normalize("NFKC", text).casefold())


class Index:
    """Texts of one field, by position in the corpus."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.texts = [f" {' '.join(fold(text))} " for text in texts]
        postings: defaultdict[str, set[int]] = defaultdict(set)
        for place, text in enumerate(self.texts):
            for word in set(text.split()):
                postings[word].add(place)
        self.postings = dict(postings)
        self.vocabulary = sorted(self.postings)

    def word(self, word: str, stem: bool) -> set[int]:
        """Positions that hold the word, or a word that begins with it."""
        if not stem:
            return set(self.postings.get(word, ()))
        found: set[int] = set()
        start = bisect.bisect_left(self.vocabulary, word)
        for one in self.vocabulary[start:]:
            if not one.startswith(word):
                break
            found |= self.postings[one]
        return found

    def phrase(self, words: list[str], stem: bool) -> set[int]:
        """Positions that hold the words in a row; with `stem` the last one is a beginning."""
        if not words:
            return set()
        found = self.word(words[-1], stem)
        for word in words[:-1]:
            found &= self.word(word, stem=False)
        if len(words) == 1:
            return found
        needle = f" {' '.join(words)}{'' if stem else ' '}"
        return {place for place in found if needle in self.texts[place]}


class Fields:
    """The searchable fields of one source, indexed when first asked."""

    def __init__(self, count: int, texts: dict[str, Callable[[int], str]]) -> None:
        self.count = count
        self._texts = texts
        self._made: dict[str, Index] = {}

    def find(self, field: str, words: list[str], stem: bool) -> set[int]:
        """Positions whose field holds the phrase."""
        if field not in self._made:
            reader = self._texts[field]
            self._made[field] = Index([reader(place) for place in range(self.count)])
        return self._made[field].phrase(words, stem)
