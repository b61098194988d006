//! Properties that every plan has.

use proptest::prelude::*;

use super::*;
use crate::budget::Budget;

fn grains() -> impl Strategy<Value = Grain> {
    (0_usize..70, prop::sample::select(vec![1_usize, 2, 4, 8, 16, 32]), 1_usize..80)
        .prop_map(|(halo, stride, min_size)| Grain { halo, stride, min_size })
}

/// Picture size, tile size (always possible) and grain.
fn cases() -> impl Strategy<Value = (usize, usize, usize, Grain)> {
    (1_usize..700, 1_usize..700, 0_usize..400, grains())
        .prop_map(|(width, height, room, grain)| (width, height, grain.smallest_tile() + room, grain))
}

fn padded(size: usize, grain: Grain) -> usize {
    size.max(grain.min_size).next_multiple_of(grain.stride)
}

/// Cores cover the picture exactly once; reads lie on the grid, inside the padded picture, and a halo around them.
fn check_plan(plan: &TilePlan, grain: Grain) -> std::result::Result<(), TestCaseError> {
    let mut covered = vec![0_u8; plan.width * plan.height];
    for Tile { core, read } in &plan.tiles {
        for y in core.y..core.y + core.height {
            covered[y * plan.width + core.x..][..core.width].iter_mut().for_each(|n| *n += 1);
        }
        let axes = [
            (core.x, core.width, read.x, read.width, plan.width),
            (core.y, core.height, read.y, read.height, plan.height),
        ];
        for (core, core_size, read, read_size, size) in axes {
            let (core_end, read_end, padded) = (core + core_size, read + read_size, padded(size, grain));
            prop_assert!(read % grain.stride == 0 && read_size % grain.stride == 0 && read_end <= padded);
            prop_assert!(read <= core && core_end <= read_end && read_size >= grain.min_size);
            prop_assert!(read == 0 || core - read >= grain.halo);
            prop_assert!(read_end == padded || read_end - core_end >= grain.halo);
        }
    }
    prop_assert!(covered.iter().all(|n| *n == 1));
    Ok(())
}

proptest! {
    #[test]
    fn any_two_sides_make_a_plan(
        (width, height, across, grain) in cases(), down in 0_usize..300, is_whole in any::<(bool, bool)>(),
    ) {
        let sides = (across, grain.smallest_tile() + down);
        let side = |whole: bool, size: usize, tile: usize| if whole { padded(size, grain).max(tile) } else { tile };
        let tile = (side(is_whole.0, width, sides.0), side(is_whole.1, height, sides.1));
        let plan = TilePlan::cut(width, height, tile, grain)?;
        check_plan(&plan, grain)?;
        let uniform = plan.clone().uniform();
        check_plan(&uniform, grain)?;
        prop_assert!(uniform.shapes().len() == 1 && plan.shapes().contains(&uniform.shapes()[0]));
        if is_whole.0 {
            prop_assert!(plan.tiles.iter().all(|tile| tile.read.x == 0 && tile.core.width == width));
        }
    }

    #[test]
    fn tiles_of_one_size_all_read_just_that(
        (width, height, _, grain) in cases(), cells in (1_usize..9, 1_usize..9), room in 0_usize..5,
    ) {
        let side = |cells: usize| 2 * grain.halo.next_multiple_of(grain.stride) + (cells + room) * grain.stride;
        let tile = (side(cells.0), side(cells.1));
        let plan = TilePlan::fixed(width, height, tile, Grain { min_size: 1, ..grain })?;
        prop_assert!(plan.tiles.iter().all(|found| (found.read.width, found.read.height) == tile));
        let cores: usize = plan.tiles.iter().map(|tile| tile.core.width * tile.core.height).sum();
        prop_assert_eq!(cores, width * height);
    }

    #[test]
    fn no_request_makes_the_planner_fail_in_another_way_than_by_refusing(
        size in any::<(u16, u16)>(), tile in any::<(u16, u16)>(), halo in any::<u16>(), stride in any::<u8>(),
        min_size in any::<u16>(), (workers, bytes, weights) in any::<(u8, u32, u32)>(), bytes_per_pixel in any::<f32>(),
    ) {
        let (width, height) = (usize::from(size.0), usize::from(size.1));
        let grain = Grain { halo: usize::from(halo), stride: usize::from(stride), min_size: usize::from(min_size) };
        let budget = Budget {
            bytes_per_pixel: f64::from(bytes_per_pixel),
            weights_bytes: u64::from(weights),
            workers: usize::from(workers),
            bytes: u64::from(bytes),
            taken: u64::from(weights) / 3,
        };
        if let Ok(fitted) = TilePlan::fit(width, height, grain, budget) {
            let cores: usize = fitted.plan.tiles.iter().map(|tile| tile.core.width * tile.core.height).sum();
            prop_assert!(cores == width * height && fitted.bytes <= budget.bytes);
        }
        // A tile of its smallest size makes millions of a large picture: fuzzed on small ones.
        let (width, height) = (width % 600, height % 600);
        let tile = (usize::from(tile.0), usize::from(tile.1));
        for plan in [TilePlan::cut(width, height, tile, grain), TilePlan::fixed(width, height, tile, grain)] {
            match plan {
                Ok(plan) => {
                    let cores: usize = plan.tiles.iter().map(|tile| tile.core.width * tile.core.height).sum();
                    prop_assert_eq!(cores, width * height);
                }
                Err(error) => prop_assert_eq!(error.code(), "param.invalid"),
            }
        }
    }

    #[test]
    fn cores_cover_the_picture_exactly_once((width, height, tile, grain) in cases()) {
        let plan = TilePlan::new(width, height, tile, grain)?;
        let mut covered = vec![0_u8; width * height];
        for Tile { core, .. } in &plan.tiles {
            for y in core.y..core.y + core.height {
                covered[y * width + core.x..y * width + core.x + core.width].iter_mut().for_each(|n| *n += 1);
            }
        }
        prop_assert!(covered.iter().all(|n| *n == 1));
    }

    #[test]
    fn reads_are_aligned_inside_and_within_the_tile_size((width, height, tile, grain) in cases()) {
        let plan = TilePlan::new(width, height, tile, grain)?;
        let (padded_width, padded_height) = (padded(width, grain), padded(height, grain));
        for Tile { read, .. } in &plan.tiles {
            for value in [read.x, read.y, read.width, read.height] {
                prop_assert_eq!(value % grain.stride, 0);
            }
            prop_assert!(read.x + read.width <= padded_width && read.y + read.height <= padded_height);
            prop_assert!(read.width <= tile.max(padded_width.min(tile)) && read.height <= tile);
            prop_assert!(read.width >= grain.min_size && read.height >= grain.min_size);
        }
    }

    #[test]
    fn cores_have_their_halo_except_at_the_border((width, height, tile, grain) in cases()) {
        let plan = TilePlan::new(width, height, tile, grain)?;
        for Tile { core, read } in &plan.tiles {
            let axes = [
                (core.x, core.width, read.x, read.width, width),
                (core.y, core.height, read.y, read.height, height),
            ];
            for (core, core_size, read, read_size, size) in axes {
                prop_assert!(read == 0 || core - read >= grain.halo);
                let read_end = read + read_size;
                prop_assert!(read_end == padded(size, grain) || read_end - (core + core_size) >= grain.halo);
                prop_assert!(core >= read && core + core_size <= read_end);
            }
        }
    }

    #[test]
    fn reads_have_few_shapes_and_work_is_shared_evenly((width, height, tile, grain) in cases()) {
        let plan = TilePlan::new(width, height, tile, grain)?;
        let shapes = plan.shapes();
        let sides = |side: fn(&(usize, usize)) -> usize| {
            let (least, most) = (shapes.iter().map(side).min(), shapes.iter().map(side).max());
            most.zip(least).map(|(most, least)| most - least)
        };
        prop_assert!(shapes.len() <= 4);
        prop_assert!(sides(|shape| shape.0) <= Some(grain.stride) && sides(|shape| shape.1) <= Some(grain.stride));
        prop_assert!(plan.computed_pixels() >= (width * height) as u64);
        // Balanced: no tile is larger than an even share, rounded up to the stride, needs to be.
        let columns = plan.tiles.iter().filter(|tile| tile.core.y == 0).count();
        if columns > 1 {
            let halo = grain.aligned_halo();
            let all = padded(width, grain) + 2 * halo * (columns - 1);
            let least = grain.min_size.next_multiple_of(grain.stride);
            let even = all.div_ceil(columns).next_multiple_of(grain.stride);
            prop_assert!(plan.tiles[0].read.width <= even.max(least));
            let read: usize = plan.tiles[..columns].iter().map(|tile| tile.read.width).sum();
            prop_assert!(read == all || plan.tiles[0].read.width == least, "nothing beyond the halos is read twice");
        }
    }

    #[test]
    fn a_fitted_plan_obeys_its_budget(
        (width, height, _, grain) in cases(), (mib, taken_mib) in (1_u64..512, 0_u64..300), workers in 1_usize..9,
        bytes_per_pixel in 1.0_f64..3000.0, more in 0_u64..1 << 30,
    ) {
        let budget = Budget { bytes_per_pixel, weights_bytes: 4 << 20, workers, bytes: mib << 20, taken: taken_mib << 20 };
        match TilePlan::fit(width, height, grain, budget) {
            Ok(fitted) => {
                prop_assert!(fitted.bytes <= budget.bytes && (1..=workers).contains(&fitted.workers));
                let pixels = fitted.plan.tiles.iter().map(|tile| tile.read.width * tile.read.height).max().unwrap_or(0);
                let working_set = bytes_per_pixel * pixels as f64;
                let counted = (budget.weights_bytes + working_set as u64) * fitted.workers as u64 + budget.taken;
                prop_assert!(fitted.bytes >= counted, "{} of {counted}", fitted.bytes);
                check_plan(&fitted.plan, grain)?;
            }
            Err(Error::BudgetTooSmall { needed_bytes, .. }) => {
                prop_assert!(needed_bytes > budget.bytes);
                for bytes in [needed_bytes, needed_bytes + more] {
                    let fitted = TilePlan::fit(width, height, grain, Budget { bytes, ..budget });
                    prop_assert!(fitted.is_ok_and(|fitted| fitted.bytes <= bytes));
                }
            }
            Err(other) => prop_assert!(false, "{other}"),
        }
    }
}

#[test]
fn a_balanced_plan_computes_less_than_fixed_tiles() -> Result<()> {
    // Halo 32: fixed tiles of 512 with 448 kept compute 1.376 of the picture. At 48 MP 18 by 14 tiles are needed.
    let grain = Grain { halo: 32, stride: 4, min_size: 1 };
    let (medium, large) = (TilePlan::new(4000, 3000, 512, grain)?, TilePlan::new(8000, 6000, 512, grain)?);
    assert!(medium.overhead() < 1.28 && large.overhead() < 1.294, "{} {}", medium.overhead(), large.overhead());
    Ok(())
}

#[test]
fn impossible_requests_are_refused() {
    let grain = Grain { halo: 40, stride: 8, min_size: 16 };
    let refused = [
        TilePlan::new(0, 10, 256, grain),
        TilePlan::new(500, 500, 80, grain),
        TilePlan::new(10, 10, 256, Grain { stride: 0, ..grain }),
        TilePlan::new(10, 10, 256, Grain { min_size: 0, ..grain }),
    ];
    assert!(refused.iter().all(|plan| matches!(plan, Err(Error::Argument { .. }))));
}

#[test]
fn a_model_that_sees_far_gets_strips_where_memory_allows() -> Result<()> {
    let grain = Grain { halo: 250, stride: 8, min_size: 16 };
    let budget = Budget { bytes_per_pixel: 600.0, weights_bytes: 4 << 20, workers: 1, bytes: 1 << 30, taken: 0 };
    let far = TilePlan::fit(1500, 12_000, grain, budget)?;
    assert!(far.plan.tiles.iter().all(|tile| tile.core.width == 1500), "{:?}", far.plan.shapes());
    let near = TilePlan::fit(1500, 12_000, Grain { halo: 16, ..grain }, budget)?;
    assert!(near.plan.tiles.iter().all(|tile| tile.read.width <= 560 && tile.read.height <= 560));
    // Square tiles of the usual core would compute four times the picture.
    let square = TilePlan::new(1500, 12_000, 512 + 2 * 256, grain)?;
    assert!(far.plan.overhead() < 0.75 * square.overhead());
    Ok(())
}
