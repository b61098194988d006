#!/usr/bin/env python3
"""Scumble in GIMP 3: one procedure for every effect that is installed, asked for anew at every start of GIMP.

GIMP keeps what a plug-in answers to its *query* until the plug-in's file changes, but asks its *init* question at
every start. So the procedures are told at init, and a new effect is in the menu at the next start without an install.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "lib"))  # the host-side part of scumble, beside this file

import gi  # noqa: E402

gi.require_version("Gimp", "3.0")
gi.require_version("Gegl", "0.4")
gi.require_version("Babl", "0.1")

from gi.repository import Gegl, Gimp, GLib  # noqa: E402
from gimp_procedures import EffectProcedure, PaintProcedure, procedures_of  # noqa: E402
from scumble.hosts.adapter import Adapter, error_text, setup_from_file  # noqa: E402

PROBLEM = "scumble-problem"
MENU = "<Image>/Filters/Scumble"


class ScumblePlugIn(Gimp.PlugIn):  # type: ignore[misc]  # gi has no types
    """What GIMP starts: once at its own start to hear the names, and again for every run of a procedure."""

    def do_set_i18n(self, name: str) -> bool:
        """Say that there are no translations."""
        return False

    def do_init_procedures(self) -> list[str]:
        """Return the names of all procedures; a Scumble that cannot be asked has one that says why."""
        try:
            return list(self._procedures())
        except Exception as error:  # GIMP would show a traceback, and no menu entry
            Gimp.message(error_text(error))
            return [PROBLEM]

    def do_create_procedure(self, name: str) -> Gimp.Procedure:
        """Return the procedure of that name, with its arguments and its place in the menus."""
        Gegl.init(None)
        if name != PROBLEM:
            return self._procedures()[name].make(self)
        procedure = Gimp.Procedure.new(self, name, Gimp.PDBProcType.PLUGIN, self._run_problem)
        procedure.set_menu_label("Why are there no effects?")
        procedure.set_documentation("Says why Scumble cannot show its effects", "", name)
        procedure.add_menu_path(MENU)
        return procedure

    def _procedures(self) -> dict[str, EffectProcedure | PaintProcedure]:
        return procedures_of(Adapter(setup_from_file(__file__)))

    def _run_problem(self, procedure: Gimp.Procedure, config: object, data: object) -> Gimp.ValueArray:
        try:
            found = ", ".join(entry.label for entry in self._procedures().values())
            text = f"Scumble answers again: {found}. Restart GIMP to see them in the menu."
        except Exception as error:
            text = error_text(error)
        return procedure.new_return_values(Gimp.PDBStatusType.EXECUTION_ERROR, GLib.Error(text))


Gimp.main(ScumblePlugIn.__gtype__, sys.argv)
