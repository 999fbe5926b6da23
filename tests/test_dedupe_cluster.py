"""The same groups on a cluster of processes, also when one of them is killed midway."""

import os
import signal

import pytest
from conftest import SHARED

from review.errors import ReviewError, SourceError
from review.workflow import dedupe_cluster
from review.workflow.dedupe_cluster import dedupe_on_cluster, local_client
from review.workflow.dedupe_files import dedupe_file

SETS = SHARED / "bench" / "dedupe"


@pytest.fixture(scope="module")
def client():
    with local_client(2) as opened:
        opened.wait_for_workers(2, timeout=60)
        yield opened


@pytest.mark.parametrize("name", ["synthetic_2k", "diabetes", "medrxiv_links"])
def test_two_workers_give_the_groups_and_doubts_of_one_process(tmp_path, client, shared, name):
    table = SETS / f"{name}.csv.gz"
    alone = dedupe_file(table, tmp_path / "one.csv", tmp_path / "p1.csv")
    spread = dedupe_on_cluster(
        table, tmp_path / "two.csv", tmp_path / "p2.csv", client=client, part=700
    )
    assert spread == alone
    assert (tmp_path / "two.csv").read_bytes() == (tmp_path / "one.csv").read_bytes()
    assert sorted((tmp_path / "p2.csv").read_text().splitlines()) == sorted(
        (tmp_path / "p1.csv").read_text().splitlines()
    )


def test_a_worker_killed_midway_changes_nothing(tmp_path, client, shared, monkeypatch):
    table = SETS / "synthetic_2k.csv.gz"
    dedupe_file(table, tmp_path / "one.csv")
    pids = client.run(os.getpid)
    killed = []
    plain = dedupe_cluster._by_parts

    def after_reading(*given):
        """Kills a worker that holds parts, once they are read and before they are compared."""
        killed.append(next(iter(pids.values())))
        os.kill(killed[0], signal.SIGKILL)
        return plain(*given)

    monkeypatch.setattr(dedupe_cluster, "_by_parts", after_reading)
    dedupe_on_cluster(table, tmp_path / "two.csv", client=client, part=300)
    assert killed
    assert (tmp_path / "two.csv").read_bytes() == (tmp_path / "one.csv").read_bytes()
    assert killed[0] not in client.run(os.getpid).values()


def test_an_empty_table_and_a_bad_one_end_as_on_one_machine(tmp_path, client):
    (tmp_path / "in.csv").write_text("record_id,title\n")
    assert dedupe_on_cluster(tmp_path / "in.csv", tmp_path / "o.csv", client=client).records == 0
    assert (tmp_path / "o.csv").read_text() == "record_id,cluster_id\n"
    (tmp_path / "in.csv").write_text("record_id,title\n1,A\n1,B\n")
    with pytest.raises(SourceError, match="comes twice"):
        dedupe_on_cluster(tmp_path / "in.csv", tmp_path / "bad.csv", client=client)
    assert not (tmp_path / "bad.csv").exists()


def test_no_workers_is_refused():
    with pytest.raises(ReviewError, match="1 or more"):
        local_client(0)
