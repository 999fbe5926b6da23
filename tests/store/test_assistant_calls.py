"""Questions to the assistant in the store, on both databases."""

from datetime import timedelta

from support.assisted import assisted_review, keep_call

from review.store import assistant_calls
from review.store.timestamps import utc_now


def test_questions_are_kept_counted_and_read_again(tmp_path, database):
    project = assisted_review(tmp_path / "r", "http://localhost:9/v1", kinds=())
    yesterday = utc_now() - timedelta(days=1)
    keep_call(project, "title", "yes", at=yesterday)
    keep_call(project, "title", None, state="dropped", reason="quotation", who="ben")
    with project.store.read() as conn:
        assert assistant_calls.count_calls(conn) == 2
        assert assistant_calls.count_calls(conn, since=yesterday) == 2
        assert assistant_calls.count_calls(conn, since=yesterday + timedelta(seconds=1)) == 1
        first, second = assistant_calls.list_calls(conn)
        assert (first.call.sentences, first.call.answered) == ({"S1": 2, "S2": 3}, True)
        assert (first.answer.answer, first.answer.version) == ("yes", "fp_1")
        assert (second.answer.state, second.answer.reason) == ("dropped", "quotation")
        assert [one.call.id for one in assistant_calls.list_calls(conn, until=yesterday)] == [
            first.call.id
        ]
        assert assistant_calls.list_calls(conn, [2]) == []
        assert len(assistant_calls.list_calls(conn, [1], who="ben")) == 1
    project.store.close()
