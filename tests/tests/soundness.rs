//! The analysis against all schedules of random programs: those of fixed seeds, and of seeds that the
//! clock chooses, which a failure names.

use std::time::{SystemTime, UNIX_EPOCH};

use bloom_stdx::random::Random;
use bloom_tests::soundness::campaign::{Campaign, Results};
use bloom_tests::soundness::inputs::input_sets;
use bloom_tests::soundness::template::draw;
use bloom_tests::soundness::templates::TEMPLATES;
use bloom_tests::soundness::trial::compile;

const FIXED_PROGRAMS: u64 = 1_500;
const FRESH_PROGRAMS: u64 = 500;

fn campaign(seed: u64, programs: u64) -> Results {
    let campaign = Campaign {
        seed,
        programs,
        threads: 1,
        time: None,
        false_alarms: 0,
    };
    let results = campaign.run(|_| {});
    assert!(
        results.failures.is_empty(),
        "{}",
        results.failures.join("\n")
    );
    assert_eq!(results.figures.programs, programs);
    results
}

#[test]
fn no_program_of_the_fixed_seeds_is_called_clean_and_has_two_outcomes() {
    let figures = campaign(1, FIXED_PROGRAMS).figures;
    // A test that flags everything, or nothing, tests nothing.
    let share = figures.flagged_programs as f64 / figures.programs as f64;
    assert!(
        (0.3..0.7).contains(&share),
        "{share} of the programs are flagged"
    );
    assert!(figures.flagged.two > 0 && figures.clean.one > 0);
}

#[test]
fn no_program_of_fresh_seeds_is_called_clean_and_has_two_outcomes() {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    campaign(now.map_or(0, |now| now.as_secs() << 20), FRESH_PROGRAMS);
}

#[test]
fn every_template_compiles_with_every_choice() {
    for (name, text) in TEMPLATES {
        for seed in 0..20 {
            let random = &mut Random::new(seed);
            let mut subject = draw(random, name, text);
            subject.sets = input_sets(random, &subject);
            if let Err(errors) = compile(&subject) {
                panic!("{name}: {errors:#?}\n{subject}");
            }
        }
    }
}
