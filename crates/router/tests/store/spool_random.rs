//! R1 and R3: whatever happens to the program or the disk, a spool is what it was at the last commit
//! or after one of the calls since, in order, and nothing else.

use tuyau_router::store::Fault;

use crate::{seeds::each_seed, spool_world::World};

#[test]
fn a_spool_does_what_the_model_does() {
    each_seed("a_spool_does_what_the_model_does", 100, |seed| {
        let mut world = World::new(seed);
        for _ in 0..400 {
            world.step().unwrap();
        }
    });
}

#[test]
fn a_spool_outlives_the_program() {
    each_seed("a_spool_outlives_the_program", 100, |seed| {
        let mut world = World::new(seed);
        for step in 1..300 {
            world.step().unwrap();
            if step % 20 == 0 {
                world.kill();
            }
        }
    });
}

#[test]
fn what_was_committed_outlives_power_cuts() {
    each_seed("what_was_committed_outlives_power_cuts", 300, |seed| {
        let mut world = World::new(seed);
        for _ in 0..6 {
            for _ in 0..20 {
                world.step().unwrap();
            }
            world.cut_power();
        }
    });
}

#[test]
fn what_a_killed_program_left_outlives_power_cuts() {
    each_seed(
        "what_a_killed_program_left_outlives_power_cuts",
        200,
        |seed| {
            let mut world = World::new(seed);
            for round in 0..8 {
                for _ in 0..20 {
                    world.step().unwrap();
                }
                world.kill();
                for _ in 0..round % 4 {
                    world.step().unwrap();
                }
                world.cut_power();
            }
        },
    );
}

#[test]
fn what_was_committed_outlives_a_full_disk() {
    each_seed("what_was_committed_outlives_a_full_disk", 100, |seed| {
        let mut world = World::new(seed);
        for _ in 0..6 {
            for _ in 0..20 {
                world.step().unwrap();
            }
            world.refuse(Fault::NoSpace);
        }
    });
}

#[test]
fn nothing_is_believed_after_a_sync_that_failed() {
    each_seed(
        "nothing_is_believed_after_a_sync_that_failed",
        100,
        |seed| {
            let mut world = World::new(seed);
            for _ in 0..6 {
                for _ in 0..20 {
                    world.step().unwrap();
                }
                world.refuse(Fault::Broken);
            }
        },
    );
}
