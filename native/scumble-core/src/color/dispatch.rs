//! Chooses at run time between a plain, an AVX2 and an AVX-512 build of one inlined body.

use std::sync::OnceLock;

/// Which build of the kernels this process runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    /// For any processor.
    Plain,
    /// For x86-64 with AVX2 and fused multiplications.
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
    match (has!("avx2") && has!("fma"), has_avx512) {
        (true, true) => Level::Avx512,
        (true, false) => Level::Avx2,
        _ => Level::Plain,
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn best() -> Level {
    Level::Plain
}

/// How a product and a sum are rounded: `a · b + c`.
pub(crate) trait Rounding {
    /// See `Rounding`.
    fn sum(a: f32, b: f32, c: f32) -> f32;
}

/// Once, by one instruction (IEEE 754, fusedMultiplyAdd).
pub(crate) struct Once;
/// As the build for any processor can: twice on x86-64, where once would take hundreds of instructions.
pub(crate) struct Plain;

impl Rounding for Once {
    #[inline(always)]
    fn sum(a: f32, b: f32, c: f32) -> f32 {
        a.mul_add(b, c)
    }
}

impl Rounding for Plain {
    #[inline(always)]
    fn sum(a: f32, b: f32, c: f32) -> f32 {
        if cfg!(all(target_arch = "x86_64", not(target_feature = "fma"))) { a * b + c } else { Once::sum(a, b, c) }
    }
}

/// `fast_path!(name<generics>(args) = body;)` defines `name`, which calls the `#[inline(always)]` `body` compiled for
/// each `Level`. None fuses multiplications by itself, so the bits are the same; but with `body<Rounding>` the body has
/// one more generic, which the vector builds give as `Once`.
macro_rules! fast_path {
    ($(#[$meta:meta])* $vis:vis fn $name:ident<$($generic:ident: $bound:path),*>($($arg:ident: $ty:ty),* $(,)?) = $body:ident;) => {
        $crate::color::fast_path! {
            @ $(#[$meta])* $vis fn $name<$($generic: $bound),*>($($arg: $ty),*)
            = { $body::<$($generic),*> } or { $body::<$($generic),*> }
        }
    };
    ($(#[$meta:meta])* $vis:vis fn $name:ident<$($generic:ident: $bound:path),*>($($arg:ident: $ty:ty),* $(,)?) = $body:ident<Rounding>;) => {
        $crate::color::fast_path! {
            @ $(#[$meta])* $vis fn $name<$($generic: $bound),*>($($arg: $ty),*)
            = { $body::<$($generic,)* $crate::color::Once> } or { $body::<$($generic,)* $crate::color::Plain> }
        }
    };
    (@ $(#[$meta:meta])* $vis:vis fn $name:ident<$($generic:ident: $bound:path),*>($($arg:ident: $ty:ty),*)
        = { $($vector:tt)* } or { $($plain:tt)* }) => {
        $(#[$meta])*
        $vis fn $name<$($generic: $bound),*>($($arg: $ty),*) {
            #[cfg(target_arch = "x86_64")]
            {
                use $crate::color::Level;
                #[target_feature(enable = "avx2,fma")]
                fn with_avx2<$($generic: $bound),*>($($arg: $ty),*) {
                    $($vector)*($($arg),*);
                }
                #[target_feature(enable = "avx2,fma,avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi")]
                fn with_avx512<$($generic: $bound),*>($($arg: $ty),*) {
                    $($vector)*($($arg),*);
                }
                match $crate::color::level() {
                    // SAFETY: the processor has the features.
                    Level::Avx512 => return unsafe { with_avx512::<$($generic),*>($($arg),*) },
                    // SAFETY: as above.
                    Level::Avx2 => return unsafe { with_avx2::<$($generic),*>($($arg),*) },
                    Level::Plain => (),
                }
            }
            $($plain)*($($arg),*);
        }
    };
}

pub(crate) use fast_path;
