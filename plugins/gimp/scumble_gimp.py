#!/usr/bin/env python3
"""Scumble in GIMP 3: a procedure for every effect and every layer of hints, made from the schema alone.

GIMP keeps what a plug-in answers to its *query* until the plug-in's file changes, but asks its *init* question at
every start. So the procedures are named at init, and a new effect is in the menu at the next start without an install.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent / "lib"))  # the host-side part of scumble, beside this file

import gi

for name, version in (("Gimp", "3.0"), ("Gegl", "0.4"), ("Babl", "0.1")):
    gi.require_version(name, version)

from gi.repository import Gegl, Gimp, GLib  # noqa: E402
from gimp_arguments import (  # noqa: E402
    READ_WRITE,
    add_argument,
    add_button,
    add_choice,
    json_from_argument,
    make_it_open,
)
from gimp_layers import add_painted_layer, painted_layer, selected_region, source_layer  # noqa: E402
from gimp_run import create, filter_layer  # noqa: E402

from scumble.errors import HostError, JobCancelled  # noqa: E402
from scumble.hosts.adapter import (  # noqa: E402
    Adapter,
    asked_params,
    clip_layer_name,
    error_text,
    painted_clips,
    setup_from_file,
)
from scumble.hosts.gimpwords import argument_names, label_of, procedure_name  # noqa: E402
from scumble.params import FileParam, PaletteParam, RegionParam  # noqa: E402
from scumble.schema import ClipSchema, EffectSchema  # noqa: E402

MENUS = {"filter": "<Image>/Filters/Scumble", "generator": "<Image>/File/Create/Scumble"}
_RESULTS = {
    "filter": {"new-layer": "New layer above", "in-place": "In place"},
    "generator": {"new-image": "New image", "new-layer": "New layer in this image"},
}


def procedures_of(adapter: Adapter) -> dict[str, Procedure]:
    """Return everything that the installed effects offer to pictures, by the procedure's name. Raises HostError."""
    found: dict[str, Procedure] = {}
    for schema in adapter.effects():
        needed = [clip.media for clip in schema.clips if not clip.optional]
        if schema.output.media != "image" or needed not in ([], ["image"]):
            continue  # sounds, and filters of two pictures, have no place in this menu
        for clip in (None, *(painted_clips(schema) if schema.context == "filter" else ())):
            procedure = Procedure(adapter, schema, clip)
            found.setdefault(procedure.name, procedure)
    return found


class Procedure:
    """One entry of the menu: an effect, or the making of the layer on which one of its clips is painted."""

    def __init__(self, adapter: Adapter, schema: EffectSchema, clip: ClipSchema | None) -> None:
        self._adapter, self._schema, self._clip = adapter, schema, clip
        self._creates = schema.context == "generator" and clip is None
        self._arguments = {} if clip else argument_names(asked_params(schema))
        self.name = procedure_name(schema.id, clip.name, "layer") if clip else procedure_name(schema.id)

    def make(self, plug_in: Gimp.PlugIn) -> Gimp.Procedure:
        """Return the procedure for GIMP, with its arguments and its place in the menus."""
        schema, clip, results = self._schema, self._clip, _RESULTS[self._schema.context]
        procedure = Gimp.ImageProcedure.new(plug_in, self.name, Gimp.PDBProcType.PLUGIN, self.run, None)
        procedure.set_image_types("*")
        mask = Gimp.ProcedureSensitivityMask
        procedure.set_sensitivity_mask(mask.ALWAYS if self._creates else mask.DRAWABLE)
        procedure.set_attribution("Scumble", "Scumble", schema.version)
        procedure.add_layer_return_value("layer", "Layer", "The layer that was made or changed", True, READ_WRITE)
        text = f"Adds a transparent layer to paint on, which {schema.title} reads\n{clip.doc}" if clip else schema.doc
        blurb, _, more = text.strip().partition("\n")
        label = f"{clip_layer_name(schema, clip)} (new layer)" if clip else f"{schema.title}…"
        procedure.set_menu_label(label_of(label))
        procedure.add_menu_path(MENUS[schema.context])
        procedure.set_documentation(blurb or schema.title, more.strip(), self.name)
        for name, param in self._arguments.items():
            add_argument(procedure, name, param)
        if clip is None:
            add_choice(procedure, "result", "Result", "Where the result goes.", results, next(iter(results)))
        return procedure

    def run(self, procedure: Any, run_mode: Any, image: Any, drawables: list[Any], config: Any, data: Any) -> Any:
        """Do the work that GIMP asks for; a refusal reaches the user as GIMP's own error message."""
        try:
            source = None if self._creates else source_layer(image, drawables, self._schema)
            if self._clip:
                layer = add_painted_layer(image, source, clip_layer_name(self._schema, self._clip))
            elif run_mode == Gimp.RunMode.INTERACTIVE and not self._confirmed(procedure, config, image, source):
                raise JobCancelled("the dialog was closed")
            else:
                layer = self._result(run_mode, image, source, config)
        except JobCancelled:
            return procedure.new_return_values(Gimp.PDBStatusType.CANCEL, GLib.Error())
        except Exception as problem:
            return _refuse(procedure, error_text(problem))
        Gimp.displays_flush()
        values = procedure.new_return_values(Gimp.PDBStatusType.SUCCESS, GLib.Error())
        values.remove(1)
        values.insert(1, layer)
        return values

    def _result(self, run_mode: Any, image: Any, source: Any, config: Any) -> Gimp.Layer:
        params = {param.name: json_from_argument(config, name, param) for name, param in self._arguments.items()}
        result = config.get_property("result")
        if source is not None:
            return filter_layer(self._adapter, self._schema, params, image, source, result == "in-place")
        layer = create(self._adapter, self._schema, params, image if result == "new-layer" else None)
        if run_mode != Gimp.RunMode.NONINTERACTIVE and result == "new-image":
            Gimp.Display.new(layer.get_image())
        return layer

    def _confirmed(self, procedure: Gimp.Procedure, config: Any, image: Any, source: Gimp.Layer | None) -> bool:
        gi.require_version("GimpUi", "3.0")
        from gi.repository import GimpUi  # only a dialog needs a display

        GimpUi.init("scumble")
        dialog = GimpUi.ProcedureDialog.new(procedure, config, self._schema.title)
        for name in [name for name, param in self._arguments.items() if param.kind == "float" and not param.optional]:
            dialog.get_scale_entry(name, 1.0)  # a slider; GIMP's own choice has none
        for name, param in self._arguments.items():
            if isinstance(param, FileParam) and param.role == "read":
                make_it_open(dialog.get_widget(name, GimpUi.FileChooser), optional=param.optional)
            elif isinstance(param, (PaletteParam, RegionParam)):
                row = dialog.get_widget(name, GimpUi.LabelEntry)
                add_button(row, row.get_entry(), param, selected_region(image, source))
        dialog.fill(None)
        for clip in () if self._creates else painted_clips(self._schema):
            name = clip_layer_name(self._schema, clip)
            there = painted_layer(image, name) is not None
            text = f"Guided by the layer “{name}”." if there else f"To guide it, paint on a layer “{name}”."
            dialog.get_label(f"layer-{clip.name}", text, False, False)
            dialog.fill([f"layer-{clip.name}"])
        confirmed = bool(dialog.run())
        dialog.destroy()
        return confirmed


class ScumblePlugIn(Gimp.PlugIn):  # type: ignore[misc]  # gi has no types
    """What GIMP starts: once at its own start to hear the names, and again for every run of a procedure."""

    def do_set_i18n(self, name: str) -> bool:
        """Say that there are no translations."""
        return False

    def do_init_procedures(self) -> list[str]:
        """Return the names of all procedures; a Scumble that cannot be asked has one that says why."""
        try:
            return list(procedures_of(Adapter(setup_from_file(__file__))))
        except Exception:  # the menu entry tells of it, when somebody asks
            return ["scumble-problem"]

    def do_create_procedure(self, name: str) -> Gimp.Procedure:
        """Return the procedure of that name; one that cannot be made becomes one that says why."""
        Gegl.init(None)
        try:
            procedures = procedures_of(Adapter(setup_from_file(__file__)))
            if name not in procedures:
                raise HostError("The effects have changed since GIMP was started", "Start GIMP again.", "host.stale")
            return procedures[name].make(self)
        except Exception as error:
            procedure = Gimp.ImageProcedure.new(self, name, Gimp.PDBProcType.PLUGIN, _refuse, error_text(error))
            procedure.set_menu_label("Why are there no effects?")
            procedure.add_menu_path(MENUS["filter"])
            procedure.set_sensitivity_mask(Gimp.ProcedureSensitivityMask.ALWAYS)
            return procedure


def _refuse(procedure: Gimp.Procedure, *arguments: object) -> Gimp.ValueArray:
    error = GLib.Error.new_literal(Gimp.PlugIn.error_quark(), str(arguments[-1]), 0)
    return procedure.new_return_values(Gimp.PDBStatusType.EXECUTION_ERROR, error)


Gimp.main(ScumblePlugIn.__gtype__, sys.argv)
