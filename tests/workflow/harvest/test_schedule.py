"""Schedules: cron lines and systemd units that run as requested."""

import re
import shutil
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from support.harvesting import make, review

from review.errors import ReviewError
from review.workflow.harvest.schedule import (
    build_systemd_units,
    build_unit_name,
    format_crontab,
    parse_interval,
)


@pytest.mark.parametrize(("text", "hours"), [("1d", 24), ("12h", 12), ("30m", 0.5), (" 2 W ", 336)])
def test_intervals(text, hours):
    assert parse_interval(text) == timedelta(hours=hours)


@pytest.mark.parametrize("text", ["", "1", "1s", "d", "1m", "-1d", "1d12h", "999999999999d"])
def test_intervals_that_make_no_sense_are_refused(text):
    with pytest.raises(ReviewError, match="--every"):
        parse_interval(text)


def when(every, folder=Path("/r")):
    """The five time fields of the cron line."""
    return format_crontab(folder, "review", every).splitlines()[-1].split(" review")[0]


def test_schedules_name_the_review_and_keep_away_from_midnight(tmp_path):
    folder = tmp_path / "my review"
    line = format_crontab(folder, "/usr/bin/review", timedelta(days=1))
    assert f"23 5 * * * /usr/bin/review --review '{folder}' harvest --quiet" in line
    assert "CRON_TZ=UTC" in line
    service, timer = build_systemd_units(folder, "/usr/bin/review", timedelta(days=1)).values()
    assert f'--review "{folder}" harvest' in service
    assert "OnCalendar=*-*-* 05:23:00 UTC" in timer
    assert "SuccessExitStatus=75" in service
    assert (
        "OnCalendar=Sat"
        in build_systemd_units(folder, "x", timedelta(days=7))[build_unit_name(folder) + ".timer"]
    )


@pytest.mark.parametrize(
    ("every", "fields"),
    [
        (timedelta(minutes=30), "23-59/30 * * * *"),
        (timedelta(minutes=13), "11-59/12 * * * *"),
        (timedelta(minutes=90), "23 * * * *"),
        (timedelta(hours=5), "23 1,5,9,13,17,21 * * *"),
        (timedelta(hours=12), "23 5,17 * * *"),
        (timedelta(days=3), "23 5 */3 * *"),
        (timedelta(days=7), "23 5 * * 6"),
        (timedelta(days=14), "23 5 */14 * *"),
        (timedelta(days=40), "23 5 1 * *"),
    ],
)
def test_cron_runs_as_often_as_asked_or_oftener(every, fields):
    assert when(every) == fields


def test_a_folder_with_odd_signs_reaches_cron_whole():
    folder = Path("/data/50% Ben's review")
    line = format_crontab(folder, "echo", timedelta(days=1)).splitlines()[-1]
    command = line.split("* * * ")[1]
    assert not re.search(r"(?<!\\)%", command)
    said = subprocess.run(["sh", "-c", command.replace("\\%", "%")], capture_output=True, text=True)
    assert said.stdout == f"--review {folder} harvest --quiet\n"


def test_two_reviews_of_one_person_have_units_of_their_own():
    one, other = Path("/a/covid"), Path("/b/covid")
    assert not set(build_systemd_units(one, "x", timedelta(days=1))) & set(
        build_systemd_units(other, "x", timedelta(days=1))
    )


@pytest.mark.parametrize("every", ["1d", "90m", "1w"])
def test_schedule_writes_files_that_systemd_accepts(tmp_path, every):
    folder = tmp_path / "50% Ben's review"
    make(folder)
    done = review(folder, {}, "schedule", "--every", every)
    out, _ = done.communicate(timeout=300)
    assert done.returncode == 0, out
    target = folder / "schedule"
    name = build_unit_name(folder.resolve())
    assert {one.name for one in target.iterdir()} == {"crontab", f"{name}.service", f"{name}.timer"}
    assert f"systemctl --user enable --now {name}.timer" in out
    if shutil.which("systemd-analyze"):
        files = [str(target / f"{name}.{kind}") for kind in ("service", "timer")]
        said = subprocess.run(["systemd-analyze", "verify", *files], capture_output=True, text=True)
        assert (said.returncode, said.stderr) == (0, "")
