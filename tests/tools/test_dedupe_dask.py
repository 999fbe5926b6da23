"""The same groups on a cluster of processes, even if one of them is killed midway."""

import os
import signal

import pytest
from support.duplicates import write_table
from support.papers import PAPERS, write_papers
from typer.testing import CliRunner

from review import fulltext
from review.cli import app
from review.errors import ReviewError, SourceError
from review.parallel.dask_client import connect_client, open_client, read_many, start_local_client
from review.tools import dedupe_dask
from review.tools.dedupe_csv import dedupe_file
from review.tools.dedupe_dask import dedupe_on_cluster


@pytest.fixture(scope="module")
def client():
    with start_local_client(2) as opened:
        opened.wait_for_workers(2, timeout=300)
        yield opened


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    return write_table(tmp_path_factory.mktemp("table") / "in.csv", 1_500)


def test_two_workers_give_the_groups_and_doubts_of_one_process(tmp_path, client, table):
    alone = dedupe_file(table, tmp_path / "one.csv", tmp_path / "p1.csv")
    spread = dedupe_on_cluster(
        table, tmp_path / "two.csv", tmp_path / "p2.csv", client=client, part=700
    )
    assert spread == alone
    assert (tmp_path / "two.csv").read_bytes() == (tmp_path / "one.csv").read_bytes()
    assert sorted((tmp_path / "p2.csv").read_text().splitlines()) == sorted(
        (tmp_path / "p1.csv").read_text().splitlines()
    )


def test_a_worker_killed_midway_changes_nothing(tmp_path, client, table, monkeypatch):
    dedupe_file(table, tmp_path / "one.csv")
    pids = client.run(os.getpid)
    killed = []
    plain = dedupe_dask._group_by_parts

    def after_reading(*given):
        """Kills a worker that holds parts, once they are read and before they are compared."""
        killed.append(next(iter(pids.values())))
        os.kill(killed[0], signal.SIGKILL)
        return plain(*given)

    monkeypatch.setattr(dedupe_dask, "_group_by_parts", after_reading)
    dedupe_on_cluster(table, tmp_path / "two.csv", client=client, part=300)
    assert killed
    assert (tmp_path / "two.csv").read_bytes() == (tmp_path / "one.csv").read_bytes()
    assert killed[0] not in client.run(os.getpid).values()


def test_an_empty_table_and_a_bad_one_end_as_on_one_machine(tmp_path, client):
    (tmp_path / "in.csv").write_text("record_id,title\n")
    assert dedupe_on_cluster(tmp_path / "in.csv", tmp_path / "o.csv", client=client).records == 0
    assert (tmp_path / "o.csv").read_text() == "record_id,cluster_id\n"
    (tmp_path / "in.csv").write_text("record_id,title\n1,A\n1,B\n")
    with pytest.raises(SourceError, match="appears twice"):
        dedupe_on_cluster(tmp_path / "in.csv", tmp_path / "bad.csv", client=client)
    assert not (tmp_path / "bad.csv").exists()


def same_text(one, other):
    return fulltext.full_text_to_dict(one) == fulltext.full_text_to_dict(other)


@pytest.fixture(scope="module")
def pdfs(tmp_path_factory):
    folder = write_papers(tmp_path_factory.mktemp("papers"))
    return [folder / name for name in PAPERS]


def test_full_texts_are_read_on_the_same_engine(pdfs, client):
    paths, told = pdfs, []
    spread = read_many(paths, client, progress=lambda *given: told.append(given[:3]))
    alone = fulltext.read_full_texts(paths, workers=1)
    assert len(paths) == len(PAPERS)
    assert all(map(same_text, spread, alone))
    assert {"ok", "encrypted", "damaged"} <= {text.state for text in spread}
    assert [done for done, *_ in told] == list(range(1, len(PAPERS) + 1))


def test_a_reader_killed_midway_changes_nothing(pdfs, client, monkeypatch):
    monkeypatch.setattr("review.parallel.dask_client.FILES_PER_TASK", 1)
    client.wait_for_workers(2, timeout=300)
    paths, killed = pdfs, []

    def kill_once(*given):
        if not killed:
            killed.append(next(iter(client.run(os.getpid).values())))
            os.kill(killed[0], signal.SIGKILL)

    spread = read_many(paths, client, progress=kill_once)
    assert killed
    assert all(map(same_text, spread, fulltext.read_full_texts(paths, workers=1)))


def test_a_scheduler_that_runs_elsewhere_is_used_by_its_address(tmp_path, client, table):
    address = client.scheduler.address
    dedupe_file(table, tmp_path / "one.csv")
    words = ["file", str(table), "--out", str(tmp_path / "two.csv"), "--cluster", address]
    done = CliRunner().invoke(app, ["dedupe", *words, "--shared", str(tmp_path)])
    assert done.exit_code == 0, done.output
    assert (tmp_path / "two.csv").read_bytes() == (tmp_path / "one.csv").read_bytes()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["one.csv", "two.csv"]


def test_where_nobody_listens_is_said():
    with pytest.raises(ReviewError, match="No Dask scheduler answers"):
        connect_client("tcp://127.0.0.1:9")
    with open_client() as nothing:
        assert nothing is None


def test_no_workers_is_refused():
    with pytest.raises(ReviewError, match="At least 1 worker"):
        start_local_client(0)
