"""Harvests by the clock: how often, and the lines that cron and systemd need for it."""

import re
from datetime import timedelta
from pathlib import Path

from review.errors import ReviewError
from review.workflow.project import Project

AT = (5, 23)
"""Hour and minute (UTC) harvests are scheduled at: NLM asks for large jobs between 21:00 and 5:00
Eastern time (NBK25497), arXiv is renewed about 22:30 Eastern and was out of order from 0:00 to 1:00
UTC."""
_UNITS = {"m": 60, "h": 3600, "d": 86_400, "w": 604_800}
SHORTEST = timedelta(minutes=10)


def interval(text: str) -> timedelta:
    """'1d', '12h', '30m' or '1w' as a length of time.

    Raises:
        ReviewError: not so written, or shorter than ten minutes.
    """
    found = re.fullmatch(r"\s*(\d+)\s*([mhdw])\s*", text.lower())
    if not found:
        raise ReviewError(f"--every {text}: write a number and m, h, d or w, for example 1d.")
    length = timedelta(seconds=int(found.group(1)) * _UNITS[found.group(2)])
    if length < SHORTEST:
        raise ReviewError(f"--every {text}: no source has news that often; ten minutes at least.")
    return length


def cron_line(folder: Path, command: str, every: timedelta) -> str:
    """The crontab lines that harvest a review so often."""
    hour, minute = AT
    if every < timedelta(days=1):
        hours = max(1, int(every.total_seconds() // 3600))
        when = f"{minute} */{hours} * * *" if hours > 1 else f"{minute} * * * *"
    elif every < timedelta(days=7):
        days = every.days
        when = f"{minute} {hour} */{days} * *" if days > 1 else f"{minute} {hour} * * *"
    else:
        when = f"{minute} {hour} * * 6"
    return (
        f"# Harvests the review in {folder}; exit status 0 whole, 3 something is missing,\n"
        "# 75 a harvest was running already. Times are UTC.\n"
        f"CRON_TZ=UTC\n{when} {command} --review '{folder}' harvest --quiet\n"
    )


def units(folder: Path, command: str, every: timedelta) -> dict[str, str]:
    """The systemd service and timer that harvest a review so often, by file name."""
    hour, minute = AT
    seconds = int(every.total_seconds())
    if seconds % 86_400 == 0 and every.days == 1:
        when = f"OnCalendar=*-*-* {hour:02d}:{minute:02d}:00 UTC"
    elif every.days >= 7:
        when = f"OnCalendar=Sat *-*-* {hour:02d}:{minute:02d}:00 UTC"
    else:
        when = f"OnActiveSec=1min\nOnUnitActiveSec={seconds}s"
    service = (
        "[Unit]\nDescription=Funnel: harvest of a systematic review\n"
        "Wants=network-online.target\nAfter=network-online.target\n\n"
        "[Service]\nType=oneshot\n"
        f"WorkingDirectory={folder}\n"
        f"ExecStart={command} --review {_quoted(folder)} harvest --quiet\n"
        "# 75: another harvest was running; nothing is wrong.\nSuccessExitStatus=75\n"
        "TimeoutStopSec=120\n"
    )
    timer = (
        "[Unit]\nDescription=Funnel: when a systematic review is harvested\n\n"
        f"[Timer]\n{when}\nPersistent=true\nRandomizedDelaySec=600\n\n"
        "[Install]\nWantedBy=timers.target\n"
    )
    return {"funnel-harvest.service": service, "funnel-harvest.timer": timer}


def _quoted(folder: Path) -> str:
    """A path as systemd reads it in ExecStart."""
    text = str(folder).replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"{text}"'


def write(project: Project, command: str, every: timedelta) -> list[Path]:
    """Writes the crontab and systemd files into the review's schedule/ folder; gives their paths.

    Raises:
        ReviewError: the folder cannot be written.
    """
    folder = project.folder.resolve()
    target = folder / "schedule"
    texts = {"crontab": cron_line(folder, command, every), **units(folder, command, every)}
    try:
        target.mkdir(exist_ok=True)
        for name, text in texts.items():
            (target / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise ReviewError(f"{target}: cannot be written ({error.strerror}).") from error
    return [target / name for name in texts]
