"""Installs the real clients once, into `.cache/clients`, apart from the project's own packages.

Where they cannot be had (no Node, no registry) their tests are skipped; with CI=true they fail.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest

HERE = Path(__file__).parent
CACHE = HERE.parents[1] / ".cache" / "clients"


@pytest.fixture(scope="session")
def python_clients() -> Path:
    """The Python that has the clients of PyPI."""
    return installed("requirements.txt", _install_python) / "bin" / "python"


@pytest.fixture(scope="session")
def node_clients() -> Path:
    """The folder that has the clients of npm."""
    if not shutil.which("node") or not shutil.which("npm"):
        unavailable("Node and npm are not installed")
    return installed("package.json", _install_node)


def installed(wanted: str, install: Callable[[Path], None]) -> Path:
    """The folder for exactly these versions, made when it is not there yet."""
    content = (HERE / wanted).read_bytes()
    folder = CACHE / f"{Path(wanted).stem}-{hashlib.sha256(content).hexdigest()[:12]}"
    if not folder.exists():
        draft = folder.with_suffix(".draft")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(parents=True)
        try:
            install(draft)
        except subprocess.CalledProcessError as error:
            unavailable(f"{wanted} could not be installed: {error.stderr[-500:]}")
        draft.rename(folder)
    return folder


def unavailable(why: str) -> NoReturn:
    if os.environ.get("CI") == "true":
        pytest.fail(why)
    pytest.skip(why)


def _install_python(folder: Path) -> None:
    run(sys.executable, "-m", "venv", folder)
    pip = (folder / "bin" / "python", "-m", "pip", "--disable-pip-version-check", "install")
    run(*pip, "--quiet", "--retries", "1", "--requirement", HERE / "requirements.txt")


def _install_node(folder: Path) -> None:
    shutil.copy(HERE / "package.json", folder)
    quiet = ("--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock")
    run("npm", "install", *quiet, cwd=folder)


def run(*command: Any, cwd: Path | None = None) -> str:
    """What a command prints; CalledProcessError when it fails."""
    done = subprocess.run(list(map(str, command)), cwd=cwd, capture_output=True, text=True)
    done.check_returncode()
    return done.stdout
