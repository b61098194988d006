//! Chooses at run time between a plain, an AVX2 and an AVX-512 build of one inlined body. All give the same bits.

use std::sync::OnceLock;

/// Which build of the kernels this process runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    /// For any processor.
    Plain,
    /// For x86-64 with AVX2.
    Avx2,
    /// For x86-64 with the AVX-512 of Ice Lake and Zen 4, which run it at full clock.
    Avx512,
}

/// The best that the processor has, or less where the environment asks for it (`SCUMBLE_KERNELS=plain` or `avx2`).
pub(crate) fn level() -> Level {
    static FOUND: OnceLock<Level> = OnceLock::new();
    *FOUND.get_or_init(|| {
        let asked = match std::env::var_os("SCUMBLE_KERNELS") {
            Some(kernels) if kernels == "plain" => Level::Plain,
            Some(kernels) if kernels == "avx2" => Level::Avx2,
            _ => Level::Avx512,
        };
        asked.min(best())
    })
}

#[cfg(target_arch = "x86_64")]
fn best() -> Level {
    use std::is_x86_feature_detected as has;
    let has_avx512 = has!("avx512f") && has!("avx512bw") && has!("avx512dq") && has!("avx512vl") && has!("avx512vbmi");
    match (has!("avx2"), has_avx512) {
        (true, true) => Level::Avx512,
        (true, false) => Level::Avx2,
        _ => Level::Plain,
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn best() -> Level {
    Level::Plain
}

/// `fast_path!(name<generics>(args) = body;)` defines `name`, which calls the `#[inline(always)]` `body` compiled for
/// each `Level`. Without fused multiplications in any of them, the bits are the same.
macro_rules! fast_path {
    ($(#[$meta:meta])* $vis:vis fn $name:ident<$($generic:ident: $bound:path),*>($($arg:ident: $ty:ty),* $(,)?) = $body:ident;) => {
        $(#[$meta])*
        $vis fn $name<$($generic: $bound),*>($($arg: $ty),*) {
            #[cfg(target_arch = "x86_64")]
            {
                use $crate::color::Level;
                #[target_feature(enable = "avx2")]
                fn with_avx2<$($generic: $bound),*>($($arg: $ty),*) {
                    $body::<$($generic),*>($($arg),*);
                }
                #[target_feature(enable = "avx2,avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi")]
                fn with_avx512<$($generic: $bound),*>($($arg: $ty),*) {
                    $body::<$($generic),*>($($arg),*);
                }
                match $crate::color::level() {
                    // SAFETY: the processor has the features.
                    Level::Avx512 => return unsafe { with_avx512::<$($generic),*>($($arg),*) },
                    // SAFETY: as above.
                    Level::Avx2 => return unsafe { with_avx2::<$($generic),*>($($arg),*) },
                    Level::Plain => (),
                }
            }
            $body::<$($generic),*>($($arg),*);
        }
    };
}

pub(crate) use fast_path;
