//! A sheet of facets between the points of a jittered lattice, each leaning its own way.

use super::scene::Frame;

/// Cells around the picture, so that its border shows whole facets.
const MARGIN: i64 = 2;

/// The lattice; each cell is cut into two facets along its shorter diagonal.
#[derive(Debug)]
pub struct Mesh {
    points: Vec<[f32; 2]>,
    facets: Vec<Facet>,
    counts: [usize; 2],
    /// Where the lattice starts, in cells: at no special place of the picture.
    phase: [f32; 2],
    frame: Frame,
}

/// A triangle.
#[derive(Debug, Clone, Copy)]
pub struct Facet {
    points: [usize; 3],
    /// How much it leans towards the light at the upper left: about ±1.
    pub lean: f32,
}

impl Mesh {
    /// Draws points and their heights: `count` cells to the mean side, moved by up to half of `jitter` cells.
    pub fn new(frame: &Frame, stream: i64, count: f32, jitter: f32) -> Self {
        let (nx, ny) = frame.cells(count);
        let wrapped = |i: i64, n: usize| if frame.wrap { i.rem_euclid(n as i64) } else { i };
        let phase = [3, 4].map(|channel| frame.dice.uniform(stream, 0, 0, channel).min(0.999));
        let (mut points, mut heights) = (Vec::new(), Vec::new());
        for y in -MARGIN..ny as i64 + MARGIN {
            for x in -MARGIN..nx as i64 + MARGIN {
                let draw = |channel| frame.dice.uniform(stream, wrapped(y, ny), wrapped(x, nx), channel) - 0.5;
                let place = |i: i64, draw: f32, n: usize, phase: f32| (i as f32 + phase + jitter * draw) / n as f32;
                points.push([
                    place(x, draw(0), nx, phase[0]) * frame.width,
                    place(y, draw(1), ny, phase[1]) * frame.height,
                ]);
                heights.push(draw(2) * frame.width / nx as f32);
            }
        }
        let counts = [nx + 2 * MARGIN as usize, ny + 2 * MARGIN as usize];
        let mut mesh = Self { points, facets: Vec::new(), counts, phase, frame: *frame };
        for y in 0..counts[1] - 1 {
            for x in 0..counts[0] - 1 {
                let corner = |dx: usize, dy: usize| (y + dy) * counts[0] + x + dx;
                for points in mesh.halves([corner(0, 0), corner(1, 0), corner(0, 1), corner(1, 1)]) {
                    let lean = mesh.lean(points, &heights);
                    mesh.facets.push(Facet { points, lean });
                }
            }
        }
        mesh
    }

    /// Every facet; the number of one is its place here.
    pub fn facets(&self) -> &[Facet] {
        &self.facets
    }

    /// The two facets of a cell, cut along the shorter diagonal; corners by rows.
    fn halves(&self, [a, b, c, d]: [usize; 4]) -> [[usize; 3]; 2] {
        let length = |p: usize, q: usize| {
            let (p, q) = (self.points[p], self.points[q]);
            (p[0] - q[0]) * (p[0] - q[0]) + (p[1] - q[1]) * (p[1] - q[1])
        };
        if length(a, d) <= length(b, c) { [[a, b, d], [a, c, d]] } else { [[a, b, c], [b, c, d]] }
    }

    /// The middle of a facet, in shares of width and height.
    pub fn middle(&self, facet: &Facet) -> [f32; 2] {
        let mean = |axis: usize| facet.points.iter().map(|p| self.points[*p][axis]).sum::<f32>() / 3.0;
        [mean(0) / self.frame.width, mean(1) / self.frame.height]
    }

    /// The slope of the plane through three points, along (1, 1).
    fn lean(&self, points: [usize; 3], heights: &[f32]) -> f32 {
        let [p, q, r] = points.map(|i| self.points[i]);
        let [hp, hq, hr] = points.map(|i| heights[i]);
        let (ax, ay, bx, by) = (q[0] - p[0], q[1] - p[1], r[0] - p[0], r[1] - p[1]);
        let area = ax * by - ay * bx;
        if area.abs() < 1e-6 {
            return 0.0;
        }
        let slope_x = ((hq - hp) * by - (hr - hp) * ay) / area;
        let slope_y = ((hr - hp) * ax - (hq - hp) * bx) / area;
        (slope_x + slope_y).clamp(-1.8, 1.8)
    }

    /// The number of the facet at a place in pixels, and the distance to its nearest edge.
    #[inline]
    pub fn facet_at(&self, x: f32, y: f32) -> (usize, f32) {
        let columns = self.counts[0] - 1;
        let at = |place: f32, length: f32, axis: usize| {
            let points = self.counts[axis];
            let cells = (points - 2 * MARGIN as usize) as f32;
            let cell = (place / length * cells - self.phase[axis]).floor() as i64 + MARGIN;
            cell.clamp(1, points as i64 - 3) as usize
        };
        let (column, row) = (at(x, self.frame.width, 0), at(y, self.frame.height, 1));
        let (mut nearest, mut best) = (0, f32::NEG_INFINITY);
        for (dy, dx) in NEAR {
            let first = 2 * ((row + dy - 1) * columns + column + dx - 1);
            for index in first..first + 2 {
                let inside = self.depth(self.facets[index].points, x, y);
                if inside > best {
                    (nearest, best) = (index, inside);
                }
                if best > 0.0 {
                    return (nearest, best);
                }
            }
        }
        (nearest, best)
    }

    /// How far a place lies inside a triangle: distance to the nearest edge's line, negative outside.
    #[inline]
    fn depth(&self, points: [usize; 3], x: f32, y: f32) -> f32 {
        let [p, q, r] = points.map(|i| self.points[i]);
        let area = (q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0]);
        let side = |a: [f32; 2], b: [f32; 2]| {
            let (ex, ey) = (b[0] - a[0], b[1] - a[1]);
            let cross = ex * (y - a[1]) - ey * (x - a[0]);
            cross / (ex * ex + ey * ey).max(1e-12).sqrt()
        };
        let inside = [side(p, q), side(q, r), side(r, p)].map(|distance| distance * 1.0_f32.copysign(area));
        inside[0].min(inside[1]).min(inside[2])
    }
}

/// The cell itself first, then its neighbours (row and column, plus one).
const NEAR: [(usize, usize); 9] = [(1, 1), (1, 0), (1, 2), (0, 1), (2, 1), (0, 0), (0, 2), (2, 0), (2, 2)];
