//! The calls, against a library of our own in place of the card's: what goes where, and what is given back.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::*;

/// A CUDA runtime in the host's memory; it has one card, and 1 MiB to pin.
const STAND_IN: &str = r#"
#include <stdlib.h>
#include <string.h>
static int streams, pinned, synchronized;
int cudaSetDevice(int device) { return device == 0 ? 0 : 101; }
int cudaGetDeviceCount(int *count) { *count = 1; return 0; }
int cudaStreamCreateWithFlags(void **stream, unsigned flags) { streams++; *stream = &streams; return flags == 1 ? 0 : 1; }
int cudaStreamDestroy(void *stream) { streams--; return stream == &streams ? 0 : 1; }
int cudaStreamSynchronize(void *stream) { synchronized++; return stream == &streams ? 0 : 1; }
int cudaHostAlloc(void **memory, size_t bytes, unsigned flags) {
    if (bytes > 1 << 20) return 2;
    *memory = malloc(bytes); pinned++; return flags == 1 ? 0 : 1;
}
int cudaFreeHost(void *memory) { free(memory); pinned--; return 0; }
int cudaMemcpyAsync(void *to, const void *from, size_t bytes, int kind, void *stream) {
    if (stream != &streams || (kind != 1 && kind != 2)) return 1;
    memcpy(to, from, bytes); return 0;
}
const char *cudaGetErrorName(int error) { return error == 1 ? "cudaErrorInvalidValue" : "cudaErrorOther"; }
const char *cudaGetErrorString(int error) { return error == 1 ? "invalid argument" : "other"; }
int cudaGetLastError(void) { return 0; }
int standing(void) { return streams * 100 + pinned * 10 + synchronized; }
"#;

fn built(name: &str, source: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("scumble-cudart-{}", std::process::id()));
    let (code, library) = (folder.join(format!("{name}.c")), folder.join(format!("{name}.so")));
    let made = std::fs::create_dir_all(&folder).and_then(|()| std::fs::write(&code, source));
    assert!(made.is_ok(), "{made:?}");
    let done = Command::new("cc").args(["-shared", "-fPIC", "-o"]).arg(&library).arg(&code).status();
    assert!(done.as_ref().is_ok_and(std::process::ExitStatus::success), "{done:?}");
    library
}

fn opened(library: &Path) -> std::result::Result<Arc<Cudart>, String> {
    Cudart::open(&library.to_string_lossy()).map(Arc::new)
}

fn standing(library: &Path) -> c_int {
    // SAFETY: the library is the one above.
    unsafe {
        let library = libloading::Library::new(library);
        library.ok().and_then(|l| l.get::<unsafe extern "C" fn() -> c_int>(b"standing\0").ok().map(|call| call()))
    }
    .unwrap_or(-1)
}

#[test]
fn numbers_go_to_the_card_and_back_and_everything_is_given_back() {
    let library = built("round", STAND_IN);
    let cudart = opened(&library).unwrap_or_else(|e| unreachable!("{e}"));
    {
        let copies = CudaCopies::new(Arc::clone(&cudart), 0).unwrap_or_else(|e| unreachable!("{e}"));
        assert!(copies.stream().is_some_and(|stream| !stream.is_null()));
        let mut host = copies.host(5).unwrap_or_else(|e| unreachable!("{e}"));
        assert_eq!(*host, [0.0; 5]);
        host.copy_from_slice(&[1.0, 2.0, 3.0, 4.0, 5.0]);
        let mut card = [0.0f32; 5];
        let mut back = copies.host(5).unwrap_or_else(|e| unreachable!("{e}"));
        // SAFETY: all have five numbers and live on.
        let copied = unsafe {
            copies
                .upload(card.as_mut_ptr().cast(), &host)
                .and_then(|()| copies.download(&mut back, card.as_ptr().cast()))
        };
        assert_eq!((copied, copies.finish()), (Ok(()), Ok(())));
        assert_eq!((*back).to_vec(), card);
        assert_eq!(standing(&library), 121);
    }
    assert_eq!(standing(&library), 1);
}

#[test]
fn what_the_card_refuses_is_told_by_its_name() {
    let library = built("refused", STAND_IN);
    let cudart = opened(&library).unwrap_or_else(|e| unreachable!("{e}"));
    let no_card = CudaCopies::new(Arc::clone(&cudart), 3).map(|_| ());
    assert!(matches!(&no_card, Err(Error::ProviderUnavailable { reason, .. }) if reason.contains("no card 3")));
    let copies = CudaCopies::new(Arc::clone(&cudart), 0).unwrap_or_else(|e| unreachable!("{e}"));
    assert!(matches!(copies.host(1 << 20).map(|_| ()), Err(Error::OutOfMemory { .. })));
    let wrong = cudart.check(1, "cudaMemcpyAsync");
    assert!(matches!(&wrong, Err(Error::ProviderUnavailable { reason, .. })
        if reason == "cudaMemcpyAsync said cudaErrorInvalidValue: invalid argument"));
}

#[test]
fn a_library_that_lacks_a_call_is_refused_by_it() {
    let library = built("lacking", "int cudaSetDevice(int device) { return device; }");
    let reason = opened(&library).map(|_| ()).err().unwrap_or_default();
    assert!(reason.ends_with("has no cudaGetDeviceCount"), "{reason}");
    assert!(opened(Path::new("/nowhere/libcudart.so.13")).is_err());
}
