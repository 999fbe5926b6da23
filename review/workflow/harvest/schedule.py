"""Scheduled harvests: the interval, and the lines for cron and systemd."""

import hashlib
import re
import shlex
from datetime import timedelta
from pathlib import Path

from review.errors import ReviewError
from review.workflow.project.project import Project

SCHEDULE_TIME = (5, 23)
"""Hour and minute (UTC) harvests are scheduled at: NLM asks for large jobs between 21:00 and 5:00
Eastern time (NBK25497), arXiv is renewed about 22:30 Eastern and was out of order from 0:00 to 1:00
UTC."""
_UNITS = {"m": 60, "h": 3600, "d": 86_400, "w": 604_800}
SHORTEST_INTERVAL, LONGEST_INTERVAL = timedelta(minutes=10), timedelta(days=366)


def parse_interval(text: str) -> timedelta:
    """'1d', '12h', '30m' or '1w' as a length of time.

    Raises:
        ReviewError: not so written, shorter than ten minutes or longer than a year.
    """
    match = re.fullmatch(r"\s*(\d+)\s*([mhdw])\s*", text.lower())
    if not match:
        raise ReviewError(
            f"--every {text}: expected a number followed by m, h, d or w, for example 1d."
        )
    seconds = int(match.group(1)) * _UNITS[match.group(2)]
    if seconds < SHORTEST_INTERVAL.total_seconds():
        raise ReviewError(f"--every {text}: the minimum interval is 10 minutes.")
    if seconds > LONGEST_INTERVAL.total_seconds():
        raise ReviewError(f"--every {text}: the maximum interval is one year.")
    return timedelta(seconds=seconds)


def format_crontab(folder: Path, command: str, period: timedelta) -> str:
    """The crontab lines that harvest a review so often, or oftener where cron cannot count so."""
    when = " ".join(_compute_cron_fields(period))
    # In a crontab an unescaped % ends the command.
    line = f"{command} --review {shlex.quote(str(folder))} harvest --quiet".replace("%", "\\%")
    return (
        f"# Harvests the review in {folder}; exit status 0 complete, 3 incomplete,\n"
        "# 75 another harvest is running. Times are in UTC if cron supports CRON_TZ, else in "
        "local\n# time. To use a PubMed API key, add a line above: NCBI_API_KEY=...\n"
        f"CRON_TZ=UTC\n{when} {line}\n"
    )


def _compute_cron_fields(period: timedelta) -> tuple[str, ...]:
    """The five time fields. Cron starts anew each hour, day and month, so that only parts of
    these can be kept; the next shorter one is taken."""
    hour, minute = SCHEDULE_TIME
    minutes = int(period.total_seconds()) // 60
    if minutes < 60:
        step = max(n for n in (10, 12, 15, 20, 30) if n <= minutes)
        return f"{minute % step}-59/{step}", "*", "*", "*", "*"
    if minutes < 24 * 60:
        step = max(n for n in (1, 2, 3, 4, 6, 8, 12) if n * 60 <= minutes)
        hours = ",".join(str(run_hour) for run_hour in range(hour % step, 24, step))
        return str(minute), hours if step > 1 else "*", "*", "*", "*"
    if period.days == 1:
        return str(minute), str(hour), "*", "*", "*"
    if period.days == 7:
        return str(minute), str(hour), "*", "*", "6"
    return str(minute), str(hour), f"*/{period.days}" if period.days < 28 else "1", "*", "*"


def build_systemd_units(folder: Path, command: str, period: timedelta) -> dict[str, str]:
    """The systemd service and timer that harvest a review so often, by file name."""
    hour, minute = SCHEDULE_TIME
    if period == timedelta(days=1):
        when = f"OnCalendar=*-*-* {hour:02d}:{minute:02d}:00 UTC"
    elif period == timedelta(days=7):
        when = f"OnCalendar=Sat *-*-* {hour:02d}:{minute:02d}:00 UTC"
    else:
        when = f"OnActiveSec=1min\nOnUnitActiveSec={int(period.total_seconds())}s"
    service = (
        "[Unit]\nDescription=Funnel: harvest of a systematic review\n"
        "Wants=network-online.target\nAfter=network-online.target\n\n"
        "[Service]\nType=oneshot\n"
        f"WorkingDirectory={str(folder).replace('%', '%%')}\n"
        f"ExecStart={command} --review {_quote_path(folder)} harvest --quiet\n"
        "# PubMed API key: Environment=NCBI_API_KEY=...\n"
        "# 75: another harvest is running; not an error.\nSuccessExitStatus=75\n"
        "TimeoutStopSec=120\n"
    )
    timer = (
        "[Unit]\nDescription=Funnel: schedule of a systematic review harvest\n\n"
        f"[Timer]\n{when}\nPersistent=true\nRandomizedDelaySec=600\n\n"
        "[Install]\nWantedBy=timers.target\n"
    )
    name = build_unit_name(folder)
    return {f"{name}.service": service, f"{name}.timer": timer}


def build_unit_name(folder: Path) -> str:
    """The name of a review's units: two reviews of one person must not share one."""
    slug = re.sub(r"[^a-z0-9]+", "-", folder.name.lower()).strip("-") or "review"
    return f"funnel-{slug[:40]}-{hashlib.sha256(str(folder).encode()).hexdigest()[:6]}"


def describe_installation(target: Path) -> str:
    """What to type so that cron or systemd keeps the schedule in a folder."""
    name = next(path.stem for path in target.iterdir() if path.suffix == ".timer")
    quoted_target = shlex.quote(str(target))
    return (
        f"cron:    (crontab -l; cat {quoted_target}/crontab) | crontab -\n"
        f"systemd: cp {quoted_target}/{name}.* ~/.config/systemd/user/ && systemctl --user "
        "daemon-reload && "
        f"systemctl --user enable --now {name}.timer"
    )


def _quote_path(folder: Path) -> str:
    """A path as systemd reads it in ExecStart."""
    text = (
        str(folder).replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    )
    return f'"{text}"'


def write_schedule(project: Project, command: str, period: timedelta) -> list[Path]:
    """Writes the crontab and systemd files into the review's schedule/ folder; gives their paths.

    Raises:
        ReviewError: the folder cannot be written.
    """
    folder = project.folder.resolve()
    target = folder / "schedule"
    texts = {
        "crontab": format_crontab(folder, command, period),
        **build_systemd_units(folder, command, period),
    }
    try:
        target.mkdir(exist_ok=True)
        for old_unit in target.glob("funnel-*"):
            old_unit.unlink()
        for name, text in texts.items():
            (target / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise ReviewError(f"{target}: cannot be written ({error.strerror}).") from error
    return [target / name for name in texts]
