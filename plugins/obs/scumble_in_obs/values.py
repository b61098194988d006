"""Parameters as properties of OBS: a widget from the schema, its default, and the value read back as plain data."""

from __future__ import annotations

from typing import Any

import obspython as obs

from scumble import params
from scumble.hosts.adapter import never

_WRITTEN = (params.TextParam, params.PaletteParam, params.PointsParam, params.RegionParam)
"""Text, and the kinds that OBS has no widget for; they are written as on the command line."""


def add_param(page: Any, key: str, param: params.Param) -> None:
    """Add one parameter: its kind's own widget, or text where OBS has no kind like it or None is a value."""
    label, doc = param.title or param.name, param.doc
    optional = param.optional and not isinstance(param, (params.ChoiceParam, params.FileParam))
    if optional or isinstance(param, _WRITTEN):
        doc = f"{doc} Takes {param.allowed()}{'; leave it empty for none' if param.optional else ''}.".strip()
        added = obs.obs_properties_add_text(page, key, label, obs.OBS_TEXT_DEFAULT)
    elif isinstance(param, params.FloatParam):
        added = obs.obs_properties_add_float_slider(page, key, label, param.min, param.max, param.step)
        obs.obs_property_float_set_suffix(added, f" {param.unit}".rstrip())
    elif isinstance(param, params.IntParam):
        added = obs.obs_properties_add_int_slider(page, key, label, param.min, param.max, param.step)
        obs.obs_property_int_set_suffix(added, f" {param.unit}".rstrip())
    elif isinstance(param, params.SeedParam):
        added = obs.obs_properties_add_int(page, key, label, param.min, param.max, 1)
    elif isinstance(param, params.BoolParam):
        added = obs.obs_properties_add_bool(page, key, label)
    elif isinstance(param, params.ChoiceParam):
        words = {word: word.replace("_", " ").capitalize() for word in param.choices}
        added = add_list(page, key, label, {"": "—", **words} if param.optional else words)
    elif isinstance(param, params.ColorParam):
        added = obs.obs_properties_add_color(page, key, label)
    elif isinstance(param, params.FileParam):
        kind = obs.OBS_PATH_FILE_SAVE if param.writes else obs.OBS_PATH_FILE
        kind = obs.OBS_PATH_DIRECTORY if param.is_folder else kind
        endings = " ".join(f"*{suffix}" for suffix in param.suffixes) or "*"
        added = obs.obs_properties_add_path(page, key, label, kind, f"{label} ({endings})", None)
    else:
        never(param)
    obs.obs_property_set_long_description(added, doc)


def add_list(page: Any, key: str, label: str, shown_by_value: dict[str, str]) -> Any:
    """Add a list to choose from: stored words and what is shown for them."""
    added = obs.obs_properties_add_list(page, key, label, obs.OBS_COMBO_TYPE_LIST, obs.OBS_COMBO_FORMAT_STRING)
    for value, shown in shown_by_value.items():
        obs.obs_property_list_add_string(added, shown, value)
    return added


def set_default(settings: Any, key: str, param: params.Param) -> None:
    """Tell OBS the value that the parameter has while the user sets none."""
    storage, default = _storage(param), param.default
    if storage == "string":
        default = param.text(default)
    elif isinstance(default, params.Rgb):
        default = default.red | default.green << 8 | default.blue << 16 | 0xFF << 24
    getattr(obs, f"obs_data_set_default_{storage}")(settings, key, default)


def json_from_settings(settings: Any, key: str, param: params.Param) -> Any:
    """Return what the user set, as plain data. Raises ParamError, naming the parameter, for what it does not take."""
    storage = _storage(param)
    value = getattr(obs, f"obs_data_get_{storage}")(settings, key)
    if storage == "string":
        return param.to_json(param.parse(value))
    if isinstance(param, params.ColorParam):
        value = rgb_from_number(value)
    return param.to_json(param.check(value))


def rgb_from_number(number: int) -> params.Rgb:
    """Return a colour as OBS stores it: red in the lowest byte, then green, blue and alpha."""
    return params.Rgb(number & 255, number >> 8 & 255, number >> 16 & 255)


def _storage(param: params.Param) -> str:
    """Return as what OBS stores the parameter: the end of its functions' names."""
    if not param.optional and isinstance(param, params.FloatParam):
        return "double"
    if not param.optional and isinstance(param, (params.IntParam, params.SeedParam, params.ColorParam)):
        return "int"
    return "bool" if not param.optional and isinstance(param, params.BoolParam) else "string"
