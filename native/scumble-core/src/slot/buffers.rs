//! A slot's tensors for one shape: filled by the host, bound once, and copied to the device and back where that is apart.

use ort::memory::Allocator;
use ort::session::IoBinding;
use ort::value::Tensor;

use super::copies::{Copies, Host};
use crate::error::{Error, Result};

/// A tensor's name and its size along each axis.
pub(crate) type Named = (String, Vec<usize>);

/// Inputs, in order, and the one output that is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Layout {
    pub inputs: Vec<Named>,
    pub output: Named,
}

/// Tensors with one layout, bound to one session.
#[derive(Debug)]
pub(crate) struct Buffers {
    layout: Layout,
    inputs: Vec<Buffer>,
    output: Buffer,
    pub(super) binding: IoBinding,
    /// Under which number the CUDA graph of these very addresses is kept; none where none is captured.
    pub(super) graph: Option<Graph>,
}

/// A captured graph's number, and whether it was captured.
#[derive(Debug, Clone, Copy)]
pub(super) struct Graph {
    pub id: u32,
    pub captured: bool,
}

#[derive(Debug)]
enum Buffer {
    /// The session reads or writes the host's memory.
    Direct(Tensor<f32>),
    /// It has a tensor of its own on the device.
    Staged { host: Host, device: Tensor<f32>, changed: bool },
}

impl Buffer {
    fn values(&self) -> &[f32] {
        match self {
            Self::Direct(tensor) => tensor.extract_tensor().1,
            Self::Staged { host, .. } => host,
        }
    }

    fn values_mut(&mut self) -> &mut [f32] {
        match self {
            Self::Direct(tensor) => tensor.extract_tensor_mut().1,
            Self::Staged { host, changed, .. } => {
                *changed = true;
                host
            }
        }
    }

    fn tensor(&mut self) -> &mut Tensor<f32> {
        match self {
            Self::Direct(tensor) | Self::Staged { device: tensor, .. } => tensor,
        }
    }
}

impl Buffers {
    /// Makes zeros of a layout and binds them. `copies` are the way to the device, if it is apart; `staged` tells for
    /// each input, and for the output, whether the session has it there.
    pub(super) fn new(
        session: &ort::session::Session,
        layout: Layout,
        copies: Option<&dyn Copies>,
        staged: impl Fn(&str) -> bool,
        during: &str,
    ) -> Result<Self> {
        let failed = |e: ort::Error| Error::from_ort(&e, during);
        let heap = Allocator::default();
        let device = match copies {
            Some(copies) => Some(copies.memory().and_then(|memory| Allocator::new(session, memory)).map_err(failed)?),
            None => None,
        };
        let buffer = |(name, shape): &Named| match (copies, &device) {
            (Some(copies), Some(device)) if staged(name) => {
                let host = copies.host(shape.iter().product())?;
                let device = Tensor::new(device, shape.clone()).map_err(failed)?;
                Ok(Buffer::Staged { host, device, changed: true })
            }
            _ => Ok(Buffer::Direct(Tensor::new(&heap, shape.clone()).map_err(failed)?)),
        };
        let mut inputs = layout.inputs.iter().map(buffer).collect::<Result<Vec<_>>>()?;
        let mut output = buffer(&layout.output)?;
        let mut binding = session.create_binding().map_err(failed)?;
        for ((name, _), input) in layout.inputs.iter().zip(&mut inputs) {
            binding.bind_input(name, input.tensor()).map_err(failed)?;
        }
        binding.bind_output(&layout.output.0, output.tensor()).map_err(failed)?;
        Ok(Self { layout, inputs, output, binding, graph: None })
    }

    pub(super) fn layout(&self) -> &Layout {
        &self.layout
    }

    /// The numbers of some inputs, to be changed.
    pub(crate) fn inputs(&mut self, which: std::ops::Range<usize>) -> Vec<&mut [f32]> {
        self.inputs[which].iter_mut().map(Buffer::values_mut).collect()
    }

    /// What the last run gave.
    pub(crate) fn output(&self) -> &[f32] {
        self.output.values()
    }

    /// Queues the copies of what was changed to the device.
    pub(super) fn upload(&mut self, copies: &dyn Copies) -> Result<()> {
        for input in &mut self.inputs {
            if let Buffer::Staged { host, device, changed } = input
                && std::mem::take(changed)
            {
                // SAFETY: both have the layout's size, and nobody touches them before the run has ended.
                unsafe { copies.upload(device.data_ptr_mut(), host) }?;
            }
        }
        Ok(())
    }

    /// Copies the output to the host, and waits for it.
    pub(super) fn download(&mut self, copies: &dyn Copies) -> Result<()> {
        if let Buffer::Staged { host, device, .. } = &mut self.output {
            // SAFETY: both have the layout's size, and nobody touches them before the copy has ended.
            unsafe { copies.download(host, device.data_ptr()) }?;
        }
        copies.finish()
    }
}
