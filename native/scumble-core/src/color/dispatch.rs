//! Chooses at run time between a plain and an AVX2 build of one inlined body. Both give the same bits.

#[cfg(target_arch = "x86_64")]
use std::sync::OnceLock;

/// Whether the processor has AVX2, and the environment does not ask for plain kernels (`SCUMBLE_KERNELS=plain`).
#[cfg(target_arch = "x86_64")]
pub(crate) fn has_avx2() -> bool {
    static FOUND: OnceLock<bool> = OnceLock::new();
    let asked = || std::env::var_os("SCUMBLE_KERNELS").is_some_and(|kernels| kernels == "plain");
    *FOUND.get_or_init(|| !asked() && std::is_x86_feature_detected!("avx2"))
}

/// `fast_path!(name<generics>(args) -> ret = body;)` defines `name`, which calls the `#[inline(always)]` `body`
/// compiled twice: for any processor, and on x86-64 for those with AVX2.
macro_rules! fast_path {
    ($(#[$meta:meta])* $vis:vis fn $name:ident<$($generic:ident: $bound:path),*>($($arg:ident: $ty:ty),* $(,)?) = $body:ident;) => {
        $(#[$meta])*
        $vis fn $name<$($generic: $bound),*>($($arg: $ty),*) {
            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx2")]
                fn with_avx2<$($generic: $bound),*>($($arg: $ty),*) {
                    $body($($arg),*);
                }
                if $crate::color::has_avx2() {
                    // SAFETY: the processor has the feature.
                    return unsafe { with_avx2($($arg),*) };
                }
            }
            $body($($arg),*);
        }
    };
}

pub(crate) use fast_path;
