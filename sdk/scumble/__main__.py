"""Runs the command line; where the installation is too broken for it, examines the installation instead."""

from __future__ import annotations

import sys


def main() -> None:
    """Runs `scumble`; exits with 0, or with the code of the error's class (see scumble.errors)."""
    try:
        from scumble import cli
    except ImportError as error:
        from scumble.hosts.doctor import main_of_a_broken_installation  # the standard library is all it needs

        sys.exit(main_of_a_broken_installation(error))
    cli.main()


if __name__ == "__main__":
    main()
