"""Fetches Rust and Node when the machine has none.

Node comes in a PyPI wheel. Rust comes by rustup, which the PyPI package puccinialin installs; where rustup's server is
out of reach, root gets it from Debian's or Ubuntu's packages, others are told what to install.

Usage: toolchains.py FOLDER; programs appear in FOLDER/bin.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import node_wheel

MIN_RUST = (1, 88)
RUST_INSTALLER = "puccinialin>=0.1.5"
#: (cargo, compiler): Debian keeps a current Rust for its browsers beside the one of the release.
RUST_PACKAGES = (("cargo", "rustc"), ("cargo-web", "rustc-web"))
ADVICE = "install Rust {}.{} or newer (https://rustup.rs, or your distribution's cargo and rustc)".format(
    *MIN_RUST
)


def version_of(program: str) -> tuple[int, ...]:
    """(major, minor) of a program on PATH; empty when it is not there."""
    found = shutil.which(program)
    if found is None:
        return ()
    return version_in(
        subprocess.run([found, "--version"], capture_output=True, text=True, check=False).stdout
    )


def version_in(text: str) -> tuple[int, ...]:
    """The first version of a text; empty when there is none."""
    match = re.search(r"(\d+)\.(\d+)", text)
    return (int(match[1]), int(match[2])) if match else ()


def install(requirement: str) -> None:
    """Into the environment that runs this."""
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", requirement], check=True)


def link(program: Path, folder: Path) -> None:
    """Makes a program callable from FOLDER/bin."""
    target = folder / "bin" / program.name
    target.unlink(missing_ok=True)
    target.symlink_to(program)


def fetch_node(folder: Path) -> None:
    """Node and npm from a wheel."""
    install(node_wheel.REQUIREMENT)
    node_wheel.provide(folder / "bin")


def run_rustup(home: Path) -> bool:
    """Installs the current stable toolchain below `home`; False when that does not work here."""
    install(RUST_INSTALLER)
    code = "import sys, puccinialin; puccinialin.setup_rust(sys.argv[1])"
    if subprocess.run([sys.executable, "-c", code, str(home)], check=False).returncode != 0:
        return False
    environment = os.environ | {"CARGO_HOME": str(home / "cargo"), "RUSTUP_HOME": str(home / "rustup")}
    # `make lint` needs them; puccinialin installs the minimal profile.
    command = [str(home / "cargo/bin/rustup"), "component", "add", "clippy", "rustfmt"]
    return subprocess.run(command, env=environment, check=False).returncode == 0


def link_toolchain(home: Path, folder: Path) -> None:
    """The toolchain's own programs: rustup's stand-ins would need RUSTUP_HOME in everybody's environment."""
    for program in sorted(home.glob("rustup/toolchains/*/bin/*")):
        link(program, folder)


def distribution_packages() -> tuple[str, ...]:
    """Packages of the distribution with a Rust that is new enough; empty when it has none."""
    if shutil.which("apt-cache") is None:
        return ()
    for packages in RUST_PACKAGES:
        asked = subprocess.run(
            ["apt-cache", "policy", packages[1]], capture_output=True, text=True, check=False
        )
        candidate = re.search(r"Candidate: (.+)", asked.stdout)
        if candidate and version_in(candidate[1]) >= MIN_RUST:
            return packages
    return ()


def install_packages() -> bool:
    """Rust from the distribution; False when it has none that is new enough, or we may not install it."""
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return False
    subprocess.run(["apt-get", "update", "-qq"], check=False)
    packages = distribution_packages()
    command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages]
    quiet = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    return bool(packages) and subprocess.run(command, env=quiet, check=False).returncode == 0


def fetch_rust(folder: Path) -> None:
    """By rustup into FOLDER/rust, else from the distribution."""
    home = folder / "rust"
    if run_rustup(home):
        link_toolchain(home, folder)
        return
    print("rustup could not be fetched; looking for Rust in the distribution", file=sys.stderr)
    if not install_packages() or version_of("cargo") < MIN_RUST:
        packages = distribution_packages()
        sys.exit(f"apt-get install {' '.join(packages)}, or {ADVICE}" if packages else ADVICE)


def main() -> None:
    folder = Path(sys.argv[1]).resolve()
    (folder / "bin").mkdir(parents=True, exist_ok=True)
    if node_wheel.wanted():
        fetch_node(folder)
    if version_of("cargo") < MIN_RUST:
        fetch_rust(folder)


if __name__ == "__main__":
    main()
