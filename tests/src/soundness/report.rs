//! Findings as text for a person.

use super::judge::{Found, Judged, Verdict};
use super::subject::Subject;

/// A result, its verdict, and the two runs that differ.
pub fn describe(judged: &Judged) -> String {
    let verdict = match &judged.verdict {
        Verdict::Clean { .. } => "clean".to_owned(),
        Verdict::Flagged { cause } => format!("flagged for {cause}"),
    };
    let mut text = format!("`{}` is {verdict}", judged.result);
    match &judged.found {
        Found::One => text += ", and all runs agree\n",
        Found::Bounded => text += "; not all runs were followed\n",
        Found::Two(witness) | Found::Unsettled(witness) => {
            let repeated = if witness.repeated {
                ", some of them twice"
            } else {
                ""
            };
            text += &format!("; with \"inputs {}\"{repeated}:\n", witness.set);
            for run in &witness.runs {
                text += &format!("{}  => {}\n", run.schedule, run.contents);
            }
        }
    }
    text
}

/// What is flagged though all runs agree.
pub fn describe_false_alarm(seed: u64, subject: &Subject, judged: &Judged) -> String {
    let made_of = subject.made_of.join(", ");
    format!(
        "seed {seed} ({made_of}): {}{}",
        describe(judged),
        subject.program()
    )
}
