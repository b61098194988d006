"""Lets `python -m scumble` run the command line."""

from scumble.cli import main

main()
