"""What the Dockerfile and compose.yaml say, run step by step as far as it goes without Docker."""

import json
import os
import pwd
import re
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from support.browser import free_port

ROOT = Path(__file__).parents[1]
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVICES = COMPOSE["services"]
PORT = "8501"


def read_dockerfile():
    """The steps of the Dockerfile as (word, rest), with its continued lines joined."""
    text = re.sub(r"\\\n\s*", "", (ROOT / "Dockerfile").read_text())
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [tuple(line.split(" ", 1)) for line in lines]


STEPS = read_dockerfile()


def find_steps(word):
    return [rest for first, rest in STEPS if first == word]


def find_copied():
    """Files of the repository that the image is built from."""
    sources = []
    for rest in find_steps("COPY"):
        if not rest.startswith("--from"):
            sources += shlex.split(rest)[:-1]
    return sources


def test_every_copied_file_is_there_and_reaches_the_builder():
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert ignored[0] == "*"
    for source in find_copied():
        assert (ROOT / source).exists(), source
        assert f"!{source}" in ignored, source


def test_the_image_runs_the_app_without_root():
    words = [word for word, _ in STEPS]
    assert words.index("USER") < words.index("ENTRYPOINT")
    assert find_steps("USER") == ["funnel"]
    assert json.loads(find_steps("ENTRYPOINT")[0]) == ["review"]
    assert json.loads(find_steps("CMD")[0])[0] == "app"
    assert find_steps("EXPOSE") == [PORT]


def test_the_pinned_versions_are_what_pip_reads(tmp_path):
    shutil.copy(ROOT / "requirements.lock", tmp_path)
    (command,) = [rest for rest in find_steps("RUN") if rest.startswith("sed")]
    subprocess.run(command, shell=True, cwd=tmp_path, check=True)
    lines = (tmp_path / "constraints.txt").read_text().splitlines()
    pinned = {Requirement(line).name.lower(): Requirement(line) for line in lines if line.strip()}
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["postgres"]]
    for text in wanted:
        requirement = Requirement(text)
        (version,) = [one.version for one in pinned[requirement.name.lower()].specifier]
        assert requirement.specifier.contains(version, prereleases=True), text


def test_the_services_hold_together():
    assert set(SERVICES) == {"app", "harvest", "db", "web"}
    networks, volumes = set(COMPOSE["networks"]), set(COMPOSE["volumes"])
    for name, service in SERVICES.items():
        assert set(service["networks"]) <= networks, name
        assert set(service.get("depends_on", ())) <= set(SERVICES), name
        for volume in service["volumes"]:
            assert volume.split(":")[0] in volumes, volume
        image = service["image"]
        assert re.fullmatch(r"[a-z]+(:\d+)?", image), image
        assert service["restart"] == "unless-stopped"
    published = {name for name, service in SERVICES.items() if "ports" in service}
    assert published == {"web"}
    assert COMPOSE["networks"]["inside"]["internal"] is True
    assert SERVICES["db"]["networks"] == ["inside"]
    for name in ("app", "harvest"):
        service = SERVICES[name]
        assert service["read_only"] and service["cap_drop"] == ["ALL"]
        assert "review:/review" in service["volumes"]
        assert "backups:/review/backups" in service["volumes"]
    assert f"app:{PORT}" in SERVICES["web"]["command"]
    for name in ("app", "db"):  # what another service waits for has a health check
        assert "HEALTHCHECK" in dict(STEPS) or SERVICES[name].get("healthcheck")


def test_no_secret_is_written_down_and_every_setting_is_one_the_product_reads():
    text = (ROOT / "compose.yaml").read_text()
    assert text.count("${DATABASE_PASSWORD:?") == 2
    code = "\n".join(path.read_text() for path in (ROOT / "review").rglob("*.py"))
    for name in SERVICES["app"]["environment"]:
        known = name in ("FORWARDED_ALLOW_IPS", "HOME")  # uvicorn's, and the system's
        assert known or f'"{name}"' in code, name
    page = (ROOT / "docs" / "deployment.md").read_text()
    for name in re.findall(r"\$\{([A-Z_]+)", text):
        assert name in page, name


def test_the_commands_of_the_services_and_of_the_page_exist():
    from typer.testing import CliRunner

    from review.cli import app

    page = (ROOT / "docs" / "deployment.md").read_text()
    found = re.findall(r"docker compose run --rm app ([a-z]+)", page)
    found += re.findall(r"docker compose exec app review ([a-z]+)", page)
    found.append(next(word for word in SERVICES["harvest"]["command"] if word == "harvest"))
    assert {"init", "check", "user", "harvest"} <= set(found)
    for command in sorted(set(found)):
        done = CliRunner().invoke(app, [command, "--help"])
        assert done.exit_code == 0, command
    done = CliRunner().invoke(app, [*SERVICES["harvest"]["command"], "--help"])
    assert done.exit_code == 0


def test_each_place_that_a_volume_is_mounted_at_belongs_to_the_user_of_the_app():
    """A new volume is root's unless the image holds its folder: then no backup could be written."""
    (step,) = [rest for rest in find_steps("RUN") if "install -d" in rest]
    folders = set(shlex.split(step.partition("install -d ")[2]))
    assert {"-o", "funnel"} <= folders
    for name in ("app", "harvest"):
        for volume in SERVICES[name]["volumes"]:
            assert volume.split(":")[1] in folders, volume


@pytest.fixture(scope="module")
def prefix(tmp_path_factory):
    """The package installed as the Dockerfile does, from the files it copies, into a clean place;
    the libraries are those of this environment."""
    folder = tmp_path_factory.mktemp("image", numbered=False)
    source, prefix = folder / "src", folder / "install"
    source.mkdir()
    for name in find_copied():
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, source / name)
    words = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder / "out")]
    subprocess.run(words, cwd=source, check=True, capture_output=True)
    (wheel,) = (folder / "out").glob("*.whl")
    shutil.unpack_archive(wheel, prefix, "zip")
    for part in (folder, *folder.parents):
        if part.stat().st_uid == os.geteuid() and part != Path("/"):
            part.chmod(part.stat().st_mode | 0o755)
    return prefix


def test_the_installed_app_starts_without_root_and_its_health_check_answers(prefix, tmp_path):
    """From the wheel alone: no file of the repository is at hand."""
    folder = prefix.parent / "review"
    folder.mkdir(mode=0o700)
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "FUNNEL_REVIEW": str(folder / "made"),
        "FUNNEL_PASSWORD": "correct horse",
        "FUNNEL_USER": "keeper",
        "PYTHONPATH": str(prefix),
        "PYTHONUNBUFFERED": "1",
    }
    start = [sys.executable, "-c", "from review.cli import main; main()"]
    user = os.geteuid()
    if user == 0:
        nobody = pwd.getpwnam("nobody")
        user = nobody.pw_uid
        os.chown(folder, user, nobody.pw_gid)
        # the interpreter may lie in root's home: it may be read there, and nothing written
        reads = ["--inh-caps", "-all,+dac_read_search", "--ambient-caps", "-all,+dac_read_search"]
        ids = ["--reuid", str(user), "--regid", str(nobody.pw_gid), "--clear-groups"]
        start = ["setpriv", *ids, *reads, "--bounding-set", "-all,+dac_read_search", *start]

    def run(*words):
        done = subprocess.run(
            [*start, *words], env=environment, cwd=folder, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    run("init", str(folder / "made"))
    run("user", "add", "ada")
    port = str(free_port())
    (health,) = find_steps("HEALTHCHECK")
    check = json.loads(health[health.index("CMD ") + 4 :])
    check = [sys.executable, *check[1:-1], check[-1].replace(PORT, port)]
    log = (tmp_path / "log").open("wb")
    words = [*start, *json.loads(find_steps("CMD")[0]), "--port", port]
    app = subprocess.Popen(words, env=environment, cwd=folder, stdout=log, stderr=log)
    try:
        end = time.monotonic() + 300
        while subprocess.run(check, capture_output=True, cwd=folder).returncode:
            assert app.poll() is None and time.monotonic() < end, (tmp_path / "log").read_text()
            time.sleep(0.5)
        assert Path(f"/proc/{app.pid}").stat().st_uid == user != 0
    finally:
        app.terminate()
        app.wait(60)
        log.close()
    assert (folder / "made" / "review.db").stat().st_mode & 0o777 == 0o600
