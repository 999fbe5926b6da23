"""What one person keeps for themselves: one value under a name, replaced and taken away."""

import gzip
from pathlib import Path

from review.store import open_store, personal_settings
from review.store.timestamps import utc_now


def test_each_person_has_one_value_under_a_name(tmp_path):
    store = open_store(tmp_path)
    with store.write() as conn:
        for who, value in (("ada", {"text": "é"}), ("ben", ["b"]), ("ada", {"text": "2"})):
            personal_settings.set_value(conn, who, "draft", value, utc_now())
        personal_settings.set_value(conn, "ada", "words", ["ct*"], utc_now())
        personal_settings.set_value(conn, "ben", "words", None, utc_now())
    with store.write() as conn:
        found, at = personal_settings.get_value(conn, "ada", "draft")
        assert (found, at[:2]) == ({"text": "2"}, "20")
        personal_settings.set_value(conn, "ada", "draft", None, utc_now())
        assert personal_settings.get_value(conn, "ada", "draft") is None
        assert personal_settings.get_value(conn, "ben", "draft")[0] == ["b"]
        assert personal_settings.get_value(conn, "ben", "words") is None
        assert personal_settings.get_value(conn, "ada", "words")[0] == ["ct*"]


def test_a_store_of_the_first_version_takes_them(tmp_path):
    stores = Path(__file__).parents[1] / "data" / "stores"
    packed = (stores / "review-0001.db.gz").read_bytes()
    (tmp_path / "review.db").write_bytes(gzip.decompress(packed))
    store = open_store(tmp_path)
    with store.write() as conn:
        personal_settings.set_value(conn, "ada", "draft", {"a": 1}, utc_now())
        assert personal_settings.get_value(conn, "ada", "draft")[0] == {"a": 1}
