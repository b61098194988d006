//! Where ONNX Runtime put a graph: which provider runs its nodes, and where it wants inputs and outputs.

use std::collections::BTreeMap;
use std::ffi::{CStr, c_char};

use ort::AsPointer;
use ort::sys::{OrtDeviceMemoryType, OrtEpAssignedNode, OrtEpAssignedSubgraph, OrtMemoryInfo, OrtMemoryInfoDeviceType};

/// The session option that `nodes_by_provider` needs.
pub(super) const RECORD: &str = "session.record_ep_graph_assignment_info";

/// Operators by the provider that runs them, by ONNX Runtime's names; an operator is named once for each node.
pub type Nodes = BTreeMap<String, Vec<String>>;

/// Reads which provider runs which nodes.
pub(super) fn nodes_by_provider(session: &ort::session::Session) -> ort::Result<Nodes> {
    let api = ort::api();
    let session = session.inner();
    let mut found = Nodes::new();
    // SAFETY: each call fills the places it is given; what it returns lives as long as the session.
    unsafe {
        let (mut subgraphs, mut count) = (std::ptr::null::<*const OrtEpAssignedSubgraph>(), 0);
        checked((api.Session_GetEpGraphAssignmentInfo)(session.ptr(), &raw mut subgraphs, &raw mut count))?;
        for subgraph in listed(subgraphs, count) {
            let mut name = std::ptr::null();
            checked((api.EpAssignedSubgraph_GetEpName)(*subgraph, &raw mut name))?;
            let (mut nodes, mut count) = (std::ptr::null::<*const OrtEpAssignedNode>(), 0);
            checked((api.EpAssignedSubgraph_GetNodes)(*subgraph, &raw mut nodes, &raw mut count))?;
            let operators = found.entry(text(name)).or_default();
            for node in listed(nodes, count) {
                let mut operator = std::ptr::null();
                checked((api.EpAssignedNode_GetOperatorType)(*node, &raw mut operator))?;
                operators.push(text(operator));
            }
        }
    }
    Ok(found)
}

/// Whether ONNX Runtime wants each input, and gives each output, in the device's own memory.
pub(super) fn on_device(session: &ort::session::Session) -> ort::Result<(Vec<bool>, Vec<bool>)> {
    let api = ort::api();
    let mut inputs = vec![std::ptr::null(); session.inputs().len()];
    let mut outputs = vec![std::ptr::null(); session.outputs().len()];
    let session = session.inner();
    // SAFETY: both calls fill as many places as they are told; what they return lives as long as the session.
    unsafe {
        checked((api.SessionGetMemoryInfoForInputs)(session.ptr(), inputs.as_mut_ptr(), inputs.len()))?;
        checked((api.SessionGetMemoryInfoForOutputs)(session.ptr(), outputs.as_mut_ptr(), outputs.len()))?;
        Ok((
            inputs.into_iter().map(|info| is_device(info)).collect(),
            outputs.into_iter().map(|info| is_device(info)).collect(),
        ))
    }
}

/// # Safety
/// `info` is null or one of ONNX Runtime's.
unsafe fn is_device(info: *const OrtMemoryInfo) -> bool {
    if info.is_null() {
        return false;
    }
    let api = ort::api();
    let mut device = OrtMemoryInfoDeviceType::OrtMemoryInfoDeviceType_CPU;
    // SAFETY: the caller's promise. Pinned memory counts as the card's, and is the host's all the same.
    unsafe {
        (api.MemoryInfoGetDeviceType)(info, &raw mut device);
        let kind = (api.MemoryInfoGetDeviceMemType)(info);
        device == OrtMemoryInfoDeviceType::OrtMemoryInfoDeviceType_GPU
            && kind != OrtDeviceMemoryType::OrtDeviceMemoryType_HOST_ACCESSIBLE
    }
}

fn checked(status: ort::sys::OrtStatusPtr) -> ort::Result<()> {
    // SAFETY: the status comes from ONNX Runtime, and is taken here once.
    unsafe { ort::Error::result_from_status(status) }
}

/// # Safety
/// `items` is null or has `count` items that outlive the result.
unsafe fn listed<'a, T>(items: *const T, count: usize) -> &'a [T] {
    if items.is_null() || count == 0 {
        return &[];
    }
    // SAFETY: the caller's promise.
    unsafe { std::slice::from_raw_parts(items, count) }
}

/// # Safety
/// `text` is null or ends with a zero.
unsafe fn text(text: *const c_char) -> String {
    if text.is_null() {
        return String::new();
    }
    // SAFETY: the caller's promise.
    unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned()
}
