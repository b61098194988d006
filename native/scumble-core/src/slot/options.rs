//! What ONNX Runtime's CUDA provider is told.

use std::collections::BTreeMap;

use crate::error::{Error, Result};

/// Options by ONNX Runtime's own names.
pub type Options = BTreeMap<String, String>;

/// What differs from ONNX Runtime's defaults, or is too important to depend on them.
///
/// Memory grows by what is asked for, not by powers of two. Convolutions are chosen by cuDNN's heuristics: trying all of
/// them takes seconds for each new shape of a tile. Float32 is float32, not the card's TF32, so that a card and the
/// processor agree to a thousandth.
const DEFAULTS: [(&str, &str); 5] = [
    ("arena_extend_strategy", "kSameAsRequested"),
    ("cudnn_conv_algo_search", "HEURISTIC"),
    ("cudnn_conv_use_max_workspace", "1"),
    ("use_tf32", "0"),
    (GRAPHS, "0"),
];
const GRAPHS: &str = "enable_cuda_graph";
/// A slot decides on these.
const OURS: [&str; 3] = ["device_id", "has_user_compute_stream", "user_compute_stream"];

/// The options for one slot: the defaults, what the caller wants instead, the card's number and the slot's stream.
///
/// # Errors
/// `Argument` when the caller wants what a slot decides on.
pub(super) fn options(wanted: &Options, device: i32, stream: Option<*mut ()>) -> Result<Options> {
    if let Some(ours) = OURS.iter().find(|name| wanted.contains_key(**name)) {
        return Err(Error::argument(format!("the provider option {ours:?} is chosen by Scumble")));
    }
    let mut options: Options = DEFAULTS.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
    options.extend(wanted.clone());
    options.insert("device_id".into(), device.to_string());
    if let Some(stream) = stream {
        options.insert("has_user_compute_stream".into(), "1".into());
        options.insert("user_compute_stream".into(), (stream as usize).to_string());
    }
    Ok(options)
}

/// Whether CUDA graphs are to be captured.
pub(super) fn captures(options: &Options) -> bool {
    options.get(GRAPHS).is_some_and(|value| ["1", "true", "True"].contains(&value.as_str()))
}

/// The same options without CUDA graphs.
pub(super) fn without_graphs(mut options: Options) -> Options {
    options.insert(GRAPHS.into(), "0".into());
    options
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(name: &str, value: &str) -> Options {
        Options::from([(name.to_owned(), value.to_owned())])
    }

    #[test]
    fn the_defaults_keep_float32_and_search_no_algorithms() {
        let found = options(&Options::new(), 1, None).unwrap_or_default();
        let expected = [
            ("arena_extend_strategy", "kSameAsRequested"),
            ("cudnn_conv_algo_search", "HEURISTIC"),
            ("cudnn_conv_use_max_workspace", "1"),
            ("device_id", "1"),
            ("enable_cuda_graph", "0"),
            ("use_tf32", "0"),
        ];
        assert_eq!(found, expected.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
        assert!(!captures(&found));
    }

    #[test]
    fn a_stream_is_told_by_its_address() {
        let stream = std::ptr::without_provenance_mut::<()>(0x7f00_1234);
        let found = options(&Options::new(), 0, Some(stream)).unwrap_or_default();
        assert_eq!(found["has_user_compute_stream"], "1");
        assert_eq!(found["user_compute_stream"], 0x7f00_1234_usize.to_string());
    }

    #[test]
    fn the_callers_options_win_but_for_those_of_the_slot() {
        let found = options(&wanted("use_tf32", "1"), 0, None).unwrap_or_default();
        assert_eq!(found["use_tf32"], "1");
        let graphs = options(&wanted("enable_cuda_graph", "1"), 0, None).unwrap_or_default();
        assert!(captures(&graphs) && !captures(&without_graphs(graphs)));
        assert!(matches!(options(&wanted("device_id", "1"), 0, None), Err(Error::Argument { .. })));
    }
}
