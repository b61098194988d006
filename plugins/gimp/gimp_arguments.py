"""Parameters as arguments of a GIMP procedure: declared from the schema, read back as plain JSON values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gi.repository import Babl, Gegl, Gimp, Gio, GObject

from scumble import params as kinds
from scumble.errors import ParamError
from scumble.hosts.adapter import never
from scumble.hosts.gimpwords import UNSET, choice_words, label_of

READ_WRITE = GObject.ParamFlags.READWRITE


def add_argument(procedure: Gimp.Procedure, name: str, param: kinds.Param) -> None:
    """Declare one parameter: its kind's own widget, or text where GIMP has no kind like it or None is a value."""
    label, doc, unit = label_of(param.title or param.name), param.doc, getattr(param, "unit", "")
    label += f" ({unit})" if unit else ""
    written = param.optional and not isinstance(param, (kinds.ChoiceParam, kinds.FileParam))
    if written or isinstance(param, (kinds.PaletteParam, kinds.PointsParam, kinds.RegionParam)):
        doc = f"{doc} Takes {param.allowed()}{'; leave it empty for none' if param.optional else ''}.".strip()
        procedure.add_string_argument(name, label, doc, param.text(param.default), READ_WRITE)
    elif isinstance(param, (kinds.FloatParam, kinds.IntParam, kinds.SeedParam)):
        real = isinstance(param, kinds.FloatParam)
        add = procedure.add_double_argument if real else procedure.add_int_argument
        add(name, label, doc, param.min, param.max, param.default, READ_WRITE)
    elif isinstance(param, kinds.BoolParam):
        procedure.add_boolean_argument(name, label, doc, param.default, READ_WRITE)
    elif isinstance(param, kinds.ChoiceParam):
        add_choice(procedure, name, label, doc, choice_words(param), param.default or UNSET)
    elif isinstance(param, kinds.ColorParam):
        procedure.add_color_argument(name, label, doc, False, Gegl.Color.new(param.text(param.default)), READ_WRITE)
    elif isinstance(param, kinds.FileParam):
        default = None if param.optional else Gio.File.new_for_path(param.text(param.default))
        # Of a file to open that is gone GIMP would say that a value is out of range, or take the default unasked.
        procedure.add_file_argument(name, label, doc, Gimp.FileChooserAction.SAVE, param.optional, default, READ_WRITE)
    elif isinstance(param, kinds.TextParam):
        procedure.add_string_argument(name, label, doc, param.default, READ_WRITE)
    else:
        never(param)


def add_choice(procedure: Gimp.Procedure, name: str, label: str, doc: str, words: dict[str, str], first: str) -> None:
    """Declare an argument that is one of some words, each with what people see for it."""
    choice = Gimp.Choice.new()
    for number, (word, shown) in enumerate(words.items()):
        choice.add(word, number, shown, "")
    procedure.add_choice_argument(name, label, doc, choice, first, READ_WRITE)


def make_it_open(chooser: Any, *, optional: bool) -> None:
    """Let a dialog's chooser, which is there to save, choose a file to open, and have a button for none if optional."""
    from gi.repository import Gtk  # only a dialog needs a display

    def put(file: Gio.File | None) -> None:
        chooser.set_action(Gimp.FileChooserAction.SAVE)  # GTK's widget for opening cannot be emptied, but made anew
        chooser.set_property("file", None)
        chooser.set_action(Gimp.FileChooserAction.OPEN)
        if file is not None:
            chooser.set_file(file)

    put(chooser.get_file())
    if optional:
        button = Gtk.Button.new_from_icon_name("edit-clear", Gtk.IconSize.BUTTON)
        button.set_tooltip_text("No file")
        button.connect("clicked", lambda _: put(None))
        chooser.pack_end(button, False, False, 0)
        button.show()


def add_button(row: Any, entry: Any, param: kinds.PaletteParam | kinds.RegionParam, region: Sequence[int]) -> None:
    """Let a dialog's row of text be filled without typing: by a colour that is chosen, or by `region`, as selected."""
    from gi.repository import GimpUi, Gtk  # only a dialog needs a display

    if isinstance(param, kinds.PaletteParam):
        button = GimpUi.ColorButton.new("Add a colour", 26, 22, Gegl.Color.new("#808080"), GimpUi.ColorAreaType.FLAT)
        added = lambda _: entry.set_text(f"{entry.get_text()},{hex_of(button.get_color())}".lstrip(","))  # noqa: E731
        button.connect("color-changed", added)
        button.set_tooltip_text("Add a colour")
    else:
        button = Gtk.Button.new_from_icon_name("gimp-selection", Gtk.IconSize.BUTTON)
        button.connect("clicked", lambda _: entry.set_text(",".join(map(str, region))))
        button.set_tooltip_text("Take the bounds of the selection")
        button.set_sensitive(bool(region))
    row.attach(button, 2, 0, 1, 1)
    button.show()


def hex_of(color: Gegl.Color) -> str:
    """Return a colour of GIMP's as #rrggbb."""
    return "#" + bytes(color.get_bytes(Babl.format("R'G'B' u8")).get_data()).hex()


def json_from_argument(config: Gimp.ProcedureConfig, name: str, param: kinds.Param) -> Any:
    """Return what the user set, as plain data. Raises ParamError, naming the parameter, for text that cannot be it."""
    value = config.get_property(name)
    if isinstance(value, Gegl.Color):
        # GIMP 3.0 forgets a colour's default on its way to scripts, and hands on transparent black.
        value = hex_of(value) if value.get_rgba()[3] else param.default
    elif isinstance(value, Gio.File):
        value = value.get_path()
        if value is None:
            raise ParamError(f"{param.title} is not on this machine's disk", "Choose a local file.", "param.file")
    elif isinstance(param, kinds.ChoiceParam) and value == UNSET and param.optional:
        value = None
    elif isinstance(value, str):
        value = param.parse(value)
    return param.to_json(param.check(value))
