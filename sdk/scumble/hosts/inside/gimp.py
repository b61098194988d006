"""Runs in GIMP 3's console: which of our procedures are registered, and why they are not all."""

from __future__ import annotations

import json
import os
from pathlib import Path

from gi.repository import Gimp

PROBLEM = "scumble-problem"

pdb = Gimp.get_pdb()
names = sorted(pdb.query_procedures("scumble-.*", *[".*"] * 7))
reason = ""
if PROBLEM in names:
    procedure = pdb.lookup_procedure(PROBLEM)
    procedure.run(procedure.create_config())
    reason = pdb.get_last_error()
found = {"names": [name for name in names if name != PROBLEM], "reason": reason, "version": Gimp.version()}
Path(os.environ["SCUMBLE_PROBE"]).write_text(json.dumps(found), "utf-8")
