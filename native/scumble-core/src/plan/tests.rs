//! Properties that every plan has.

use proptest::prelude::*;

use super::*;

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

proptest! {
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
    fn reads_have_one_shape_and_work_is_shared_evenly((width, height, tile, grain) in cases()) {
        let plan = TilePlan::new(width, height, tile, grain)?;
        prop_assert_eq!(plan.shapes().len(), 1);
        prop_assert!(plan.computed_pixels() >= (width * height) as u64);
        // Balanced: no tile is larger than an even share, rounded up to the stride, needs to be.
        let columns = plan.tiles.iter().filter(|tile| tile.core.y == 0).count();
        if columns > 1 {
            let halo = grain.aligned_halo();
            let even = (padded(width, grain) + 2 * halo * (columns - 1)).div_ceil(columns);
            let allowed = even.next_multiple_of(grain.stride).max(grain.min_size.next_multiple_of(grain.stride));
            prop_assert!(plan.tiles[0].read.width <= allowed + grain.stride * columns);
        }
    }

    #[test]
    fn a_fitted_plan_obeys_its_budget(
        (width, height, _, grain) in cases(), mib in 1_u64..512, workers in 1_usize..9, bytes_per_pixel in 1.0_f64..3000.0,
    ) {
        let budget = Budget { bytes_per_pixel, weights_bytes: 4 << 20, workers, bytes: mib << 20 };
        match TilePlan::fit(width, height, grain, budget) {
            Ok(fitted) => {
                prop_assert!(fitted.bytes <= budget.bytes && fitted.workers <= workers);
                prop_assert_eq!(fitted.bytes, budget.needed(&fitted.plan, fitted.workers));
            }
            Err(Error::BudgetTooSmall { needed_bytes, .. }) => {
                prop_assert!(needed_bytes > budget.bytes);
                let enough = Budget { bytes: needed_bytes, ..budget };
                prop_assert!(TilePlan::fit(width, height, grain, enough).is_ok());
            }
            Err(other) => prop_assert!(false, "{other}"),
        }
    }
}

#[test]
fn a_balanced_plan_computes_less_than_fixed_tiles() -> Result<()> {
    // 12 MP, halo 32: fixed tiles of 512 with 448 kept compute 1.376 of the picture.
    let plan = TilePlan::new(4000, 3000, 512, Grain { halo: 32, stride: 1, min_size: 1 })?;
    assert!(plan.overhead() < 1.28, "{}", plan.overhead());
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
