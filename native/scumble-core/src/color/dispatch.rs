//! Chooses at run time between a plain and an AVX2 build of one inlined body.

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
                if std::is_x86_feature_detected!("avx2") {
                    // SAFETY: the processor has the feature.
                    return unsafe { with_avx2($($arg),*) };
                }
            }
            $body($($arg),*);
        }
    };
}

pub(crate) use fast_path;
