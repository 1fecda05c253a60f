//! `bloom faults` on Dedalus files: the protocols of the literature in `tests/dedalus`, as its command lines are
//! given there, and what must come out of each.

use std::path::{Path, PathBuf};

use crate::support::{Run, finish, start_in};

fn programs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/dedalus")
}

fn faults(arguments: &str) -> Run {
    finish(start_in(
        &programs(),
        &format!("faults {arguments} --format json"),
    ))
}

fn line(run: &Run) -> serde_json::Value {
    serde_json::from_str(&run.out).unwrap_or_else(|error| panic!("{error}: {run:?}"))
}

/// Verdict, size of a smallest set and number of minimal sets, by command line.
#[test]
fn dedalus_programs_of_the_literature_have_their_verdicts() {
    let expected = programs().join("verdicts.txt");
    let listed = std::fs::read_to_string(&expected).expect("the list is there");
    let mut found = String::new();
    for entry in listed.lines() {
        let (arguments, _) = entry.split_once(':').expect("a command line comes first");
        let run = faults(arguments);
        let line = line(&run);
        let verdict = line["verdict"].as_str().expect("there is a verdict");
        let broken = i32::from(verdict == "counterexample");
        assert_eq!(run.code, Some(broken), "{arguments}: {run:?}");
        found.push_str(&format!("{arguments}: {verdict}"));
        if broken == 1 {
            let (minimum, sets) = (&line["minimum"], &line["minimal_sets"]);
            assert_eq!(sets["complete"], true, "{arguments}");
            found.push_str(&format!(" {minimum}, minimal sets {}", sets["count"]));
        }
        found.push('\n');
    }
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&expected, &found).expect("the list can be written");
        return;
    }
    assert_eq!(
        found, listed,
        "UPDATE_EXPECT=1 writes tests/dedalus/verdicts.txt anew"
    );
}

/// The formula, and every hypothesis one by one where these are few.
#[test]
fn dedalus_programs_end_as_all_their_runs_do() {
    for arguments in [
        "delivery/retrying.ded delivery/all_alive_hear.ded --eot 4 --eff 2 --crashes 1 --nodes a,b,c",
        "delivery/acked.ded delivery/all_hear.ded --eot 4 --eff 2 --crashes 1 --nodes a,b,c --mute-crashes",
        "commit/two_phase_cooperative.ded commit/outcome.ded --eot 6 --eff 0 --crashes 2 --nodes C,a,b,d",
        "commit/three_phase.ded commit/outcome.ded --eot 8 --eff 0 --crashes 2 --nodes C,a,b,d",
        "store/answer_at_once.ded store/durable.ded --eot 7 --eff 3 --crashes 1 --nodes c,p,q,r",
    ] {
        let run = faults(&format!("{arguments} --exhaustive"));
        let line = line(&run);
        let one_by_one = &line["exhaustive"];
        assert_eq!(one_by_one["complete"], true, "{arguments}: {run:?}");
        assert_eq!(one_by_one["agrees"], true, "{arguments}: {run:?}");
    }
}
