"""A process pool survives crashes; only the item that crashes its process is lost."""

import os
import signal

import pytest

from review.parallel.process_pool import imap_unordered

HOSTILE = 7


def doubled(number):
    if number == HOSTILE:
        os.kill(os.getpid(), signal.SIGKILL)
    return number * 2


def refused(number):
    raise ValueError(f"{number} is refused")


def test_every_item_but_the_one_that_ends_its_process_comes_back_once():
    items = [(f"key {number}", number) for number in range(30)]
    found = list(imap_unordered(doubled, items, workers=2))
    assert len(found) == 30
    assert dict(found) == {key: None if number == HOSTILE else number * 2 for key, number in items}


def test_nothing_to_do_gives_nothing():
    assert list(imap_unordered(doubled, [], workers=2)) == []


def test_what_the_work_raises_is_raised():
    with pytest.raises(ValueError, match="1 is refused"):
        list(imap_unordered(refused, [("a", 1)], workers=1))


def test_items_are_taken_only_as_they_are_needed():
    taken = []

    def items():
        for number in range(100):
            taken.append(number)
            yield number, 1

    found = imap_unordered(doubled, items(), workers=1)
    next(found)
    assert len(taken) <= 8
    found.close()
