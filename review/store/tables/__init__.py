"""The tables of the store, one module per kind; importing any of them makes all of them known."""

from review.store.tables import appraisal as appraisal
from review.store.tables import fulltexts as fulltexts
from review.store.tables import images as images
from review.store.tables import people as people
from review.store.tables import review as review
