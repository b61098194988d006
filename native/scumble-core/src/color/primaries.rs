//! What light of three channels is in CIE XYZ, and the way back: sRGB's own, and those of profiles.

/// Rows of XYZ (D65) from linear channels, each divided by its own sum: so white is (1, 1, 1) and gray has exactly no
/// chroma.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Primaries {
    /// Red, green and blue share of X.
    pub x: [f32; 3],
    /// Of Y.
    pub y: [f32; 3],
    /// Of Z.
    pub z: [f32; 3],
    /// Channels = Y + these · (X − Y, Z − Y): the inverse of the three rows, with its rows' sum of 1 used up.
    pub back: [[f32; 2]; 3],
}

/// XYZ under D65 from XYZ under D50, the connection space of profiles, by Bradford (ICC.1, annex E).
const D65_FROM_D50: [[f64; 3]; 3] = [
    [0.955_576_6, -0.023_039_3, 0.063_163_6],
    [-0.028_289_5, 1.009_941_6, 0.021_007_7],
    [0.012_298_2, -0.020_483_0, 1.329_909_8],
];

impl Primaries {
    /// ITU-R BT.709, which sRGB shares.
    pub const SRGB: Self = Self::from_rows([
        [0.412_453, 0.357_580, 0.180_423],
        [0.212_671, 0.715_160, 0.072_169],
        [0.019_334, 0.119_193, 0.950_227],
    ]);

    /// ITU-R BT.2020, wide enough for any device.
    pub const WIDE: Self = Self::from_rows([
        [0.636_958, 0.144_617, 0.168_881],
        [0.262_700, 0.677_998, 0.059_302],
        [0.000_000, 0.028_073, 1.060_985],
    ]);

    /// Of a profile's colorants: X, Y and Z (D50) of red, green and blue. None when they span no space of colours.
    pub fn from_colorants(colorants: [[f64; 3]; 3]) -> Option<Self> {
        let row = |to: [f64; 3]| colorants.map(|from| (0..3).map(|i| to[i] * from[i]).sum::<f64>());
        let rows = D65_FROM_D50.map(row);
        let whole = rows.iter().flatten().all(|share| share.is_finite() && share.abs() < 10.0);
        if !whole || rows.iter().any(|row| sum_of(*row) < 0.1) {
            return None;
        }
        let primaries = Self::from_rows(rows);
        let steepest = primaries.back.iter().flatten().fold(0.0_f32, |most, share| most.max(share.abs()));
        // Beyond this the three lie next to one line; ACES AP0, the widest in use, has 2.4.
        (steepest < 100.0).then_some(primaries)
    }

    const fn from_rows(rows: [[f64; 3]; 3]) -> Self {
        let (x, y, z) = (normalised(rows[0]), normalised(rows[1]), normalised(rows[2]));
        Self { x, y, z, back: inverse_without_y(x, y, z) }
    }

    /// Whether every share is the other's, to `within`.
    pub fn is_near(&self, other: &Self, within: f32) -> bool {
        let shares = |p: &Self| [p.x, p.y, p.z].concat();
        shares(self).iter().zip(shares(other)).all(|(one, two)| (one - two).abs() <= within)
    }
}

const fn sum_of(row: [f64; 3]) -> f64 {
    row[0] + row[1] + row[2]
}

const fn normalised(row: [f64; 3]) -> [f32; 3] {
    let sum = sum_of(row);
    [(row[0] / sum) as f32, (row[1] / sum) as f32, (row[2] / sum) as f32]
}

const fn inverse_without_y(x: [f32; 3], y: [f32; 3], z: [f32; 3]) -> [[f32; 2]; 3] {
    const fn widened(row: [f32; 3]) -> [f64; 3] {
        [row[0] as f64, row[1] as f64, row[2] as f64]
    }
    let (x, y, z) = (widened(x), widened(y), widened(z));
    const fn minor(p: [f64; 3], q: [f64; 3], i: usize, j: usize) -> f64 {
        p[i] * q[j] - p[j] * q[i]
    }
    let det = x[0] * minor(y, z, 1, 2) - x[1] * minor(y, z, 0, 2) + x[2] * minor(y, z, 0, 1);
    [
        [(minor(y, z, 1, 2) / det) as f32, (minor(x, y, 1, 2) / det) as f32],
        [(-minor(y, z, 0, 2) / det) as f32, (-minor(x, y, 0, 2) / det) as f32],
        [(minor(y, z, 0, 1) / det) as f32, (minor(x, y, 0, 1) / det) as f32],
    ]
}
