"""What GIMP calls: a procedure for each effect and one for each layer of hints, made from the schema alone."""

from __future__ import annotations

import re
from typing import Any

import gi
from gi.repository import Gimp, GLib
from gimp_arguments import READ_WRITE, add_argument, argument_names, json_from_argument
from gimp_layers import add_painted_layer, source_layer
from gimp_run import create, filter_layer
from scumble.errors import JobCancelled
from scumble.hosts.adapter import Adapter, clip_layer_name, error_text, painted_clips
from scumble.schema import ClipSchema, EffectSchema

_MENUS = {"filter": "<Image>/Filters/Scumble", "generator": "<Image>/File/Create/Scumble"}
_RESULTS = {
    "filter": {"new-layer": "New layer above", "in-place": "In place"},
    "generator": {"new-image": "New image", "new-layer": "New layer in this image"},
}


def procedures_of(adapter: Adapter) -> dict[str, EffectProcedure | PaintProcedure]:
    """Return everything that the installed effects offer to pictures, by the procedure's name. Raises HostError."""
    found: dict[str, EffectProcedure | PaintProcedure] = {}
    for schema in adapter.effects():
        needed = [clip.media for clip in schema.clips if not clip.optional]
        if schema.output.media != "image" or needed not in ([], ["image"]):
            continue  # sounds, and filters of two pictures, have no place in this menu
        effect = EffectProcedure(adapter, schema)
        for procedure in (effect, *(PaintProcedure(schema, clip) for clip in painted_clips(schema))):
            found.setdefault(procedure.name, procedure)
    return found


class _Procedure:
    """What both kinds share: `run` answers GIMP, whatever happens, by a status and words for people."""

    name: str
    label: str

    def run(
        self,
        procedure: Gimp.Procedure,
        run_mode: Gimp.RunMode,
        image: Gimp.Image,
        drawables: list[Gimp.Drawable],
        config: Gimp.ProcedureConfig,
        data: object,
    ) -> Gimp.ValueArray:
        """Do the work that GIMP asks for; a refusal reaches the user as GIMP's own error message."""
        status, error = Gimp.PDBStatusType.SUCCESS, GLib.Error()
        layer = None
        try:
            layer = self._work(procedure, run_mode, image, drawables, config)
        except JobCancelled:
            status = Gimp.PDBStatusType.CANCEL
        except Exception as problem:
            status = Gimp.PDBStatusType.EXECUTION_ERROR
            error = GLib.Error.new_literal(Gimp.PlugIn.error_quark(), error_text(problem), 0)
        values = procedure.new_return_values(status, error)
        if layer is not None:
            values.remove(1)
            values.insert(1, layer)
        Gimp.displays_flush()
        return values

    def _declared(self, plug_in: Gimp.PlugIn, blurb: str, more: str, image_types: str) -> Gimp.Procedure:
        procedure = Gimp.ImageProcedure.new(plug_in, self.name, Gimp.PDBProcType.PLUGIN, self.run, None)
        procedure.set_image_types(image_types)
        procedure.set_menu_label(self.label.replace("_", "__"))
        procedure.set_documentation(blurb, more, self.name)
        procedure.set_attribution("Scumble", "Scumble", "")
        procedure.add_layer_return_value("layer", "Layer", "The layer that was made or changed", True, READ_WRITE)
        return procedure

    def _work(self, procedure: Any, run_mode: Any, image: Any, drawables: list[Any], config: Any) -> Gimp.Layer:
        raise NotImplementedError


class EffectProcedure(_Procedure):
    """One effect: its arguments, its dialog, its run."""

    def __init__(self, adapter: Adapter, schema: EffectSchema) -> None:
        self._adapter, self._schema = adapter, schema
        self._arguments = argument_names(schema.params)
        self.name = f"scumble-{_canonical(schema.id)}"
        self.label = f"{schema.title}…"

    def make(self, plug_in: Gimp.PlugIn) -> Gimp.Procedure:
        """Return the procedure for GIMP."""
        schema = self._schema
        blurb, _, more = schema.doc.partition("\n")
        layers = ", ".join(f"“{clip_layer_name(schema, clip)}”" for clip in painted_clips(schema))
        painted = f"Paint on the layer {layers} to guide it; the menu beside it makes that layer." if layers else ""
        procedure = self._declared(plug_in, blurb.strip() or schema.title, f"{more.strip()}\n{painted}".strip(), "*")
        mask = Gimp.ProcedureSensitivityMask.DRAWABLE
        if schema.context == "generator":
            mask |= Gimp.ProcedureSensitivityMask.DRAWABLES | Gimp.ProcedureSensitivityMask.NO_DRAWABLES
            mask |= Gimp.ProcedureSensitivityMask.NO_IMAGE
        procedure.set_sensitivity_mask(mask)
        procedure.add_menu_path(_MENUS[schema.context])
        for name, param in self._arguments.items():
            add_argument(procedure, name, param)
        choice = Gimp.Choice.new()
        for number, (word, shown) in enumerate(_RESULTS[schema.context].items()):
            choice.add(word, number, shown, "")
        first = next(iter(_RESULTS[schema.context]))
        procedure.add_choice_argument("result", "Result", "Where the result goes.", choice, first, READ_WRITE)
        return procedure

    def _work(self, procedure: Any, run_mode: Any, image: Any, drawables: list[Any], config: Any) -> Gimp.Layer:
        schema = self._schema
        source = source_layer(image, drawables, schema) if schema.context == "filter" else None
        if run_mode == Gimp.RunMode.INTERACTIVE and not _confirmed(procedure, config, schema.title):
            raise JobCancelled("the dialog was closed")
        params = {param.name: json_from_argument(config, name, param) for name, param in self._arguments.items()}
        result = config.get_property("result")
        if source is not None:
            return filter_layer(self._adapter, schema, params, image, source, in_place=result == "in-place")
        layer = create(self._adapter, schema, params, image if result == "new-layer" else None)
        if run_mode != Gimp.RunMode.NONINTERACTIVE and result == "new-image":
            Gimp.Display.new(layer.get_image())
        return layer


class PaintProcedure(_Procedure):
    """Makes the transparent layer on which one optional clip of an effect is painted."""

    def __init__(self, schema: EffectSchema, clip: ClipSchema) -> None:
        self._schema, self._clip = schema, clip
        self.name = f"scumble-{_canonical(schema.id)}-{_canonical(clip.name)}-layer"
        self.label = f"New layer “{clip_layer_name(schema, clip)}”"

    def make(self, plug_in: Gimp.PlugIn) -> Gimp.Procedure:
        """Return the procedure for GIMP."""
        blurb = f"Adds a transparent layer to paint on, which {self._schema.title} reads"
        procedure = self._declared(plug_in, blurb, self._clip.doc, "*")
        procedure.set_sensitivity_mask(Gimp.ProcedureSensitivityMask.DRAWABLE)
        procedure.add_menu_path(_MENUS["filter"])
        return procedure

    def _work(self, procedure: Any, run_mode: Any, image: Any, drawables: list[Any], config: Any) -> Gimp.Layer:
        source = source_layer(image, drawables, self._schema)
        return add_painted_layer(image, source, clip_layer_name(self._schema, self._clip))


def _confirmed(procedure: Gimp.Procedure, config: Gimp.ProcedureConfig, title: str) -> bool:
    gi.require_version("GimpUi", "3.0")
    from gi.repository import GimpUi  # only a dialog needs a display

    GimpUi.init("scumble")
    dialog = GimpUi.ProcedureDialog.new(procedure, config, title)
    dialog.fill(None)
    confirmed = bool(dialog.run())
    dialog.destroy()
    return confirmed


def _canonical(name: str) -> str:
    return re.sub(r"[^a-zA-Z0-9]+", "-", name).strip("-").lower()
