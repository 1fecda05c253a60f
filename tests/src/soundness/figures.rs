//! The figures of a run, and the table of them in `docs/soundness.md`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Display, Formatter};

use super::judge::{Found, Judged, Verdict};

/// Marks of the table in the document.
const BEGIN: &str = "<!-- figures -->";
const END: &str = "<!-- end of figures -->";

#[derive(Clone, Debug, Default)]
pub struct Figures {
    pub programs: u64,
    /// Drawn, and refused by the front end.
    pub refused: u64,
    /// Programs with a flagged output or view.
    pub flagged_programs: u64,
    /// Of these, programs none of whose flagged outputs and views has two outcomes.
    pub false_alarm_programs: u64,
    /// Programs, and those of them not explored to the end for some inputs.
    pub bounded_programs: u64,
    pub clean: Split,
    pub flagged: Split,
    /// Flagged results by cause.
    pub causes: BTreeMap<String, Split>,
    /// Clean results by what the verdict rests on.
    pub grounds: BTreeMap<String, u64>,
    pub mended: Mended,
    /// Flagged programs by what they were made from, and how many of them are false alarms.
    pub origins: BTreeMap<String, [u64; 2]>,
    pub features: BTreeSet<String>,
    /// Schedules' states that were visited.
    pub states: u64,
}

/// Results by what exploration found.
#[derive(Clone, Copy, Debug, Default)]
pub struct Split {
    pub one: u64,
    pub bounded: u64,
    pub two: u64,
}

/// What coordination did to flagged programs.
#[derive(Clone, Copy, Debug, Default)]
pub struct Mended {
    /// Programs in which something was inserted.
    pub programs: u64,
    pub insertions: u64,
    /// Insertions without which a second outcome was not found.
    pub redundant: u64,
    /// Mended results that were explored, by what was found.
    pub results: Split,
}

impl Figures {
    /// Counts a program.
    pub fn add(&mut self, made_of: &[&str], judged: &[Judged]) {
        self.programs += 1;
        let flagged: Vec<&Judged> = judged.iter().filter(|j| j.is_flagged()).collect();
        let witnessed = |judged: &&Judged| judged.found.is_bad();
        if !flagged.is_empty() {
            self.flagged_programs += 1;
            let origin = self.origins.entry(made_of.join(", ")).or_default();
            origin[0] += 1;
            let bounded = flagged.iter().any(|j| j.found == Found::Bounded);
            if !bounded && !flagged.iter().any(witnessed) {
                self.false_alarm_programs += 1;
                origin[1] += 1;
            }
        }
        if judged.iter().any(|j| j.found == Found::Bounded) {
            self.bounded_programs += 1;
        }
        for judged in judged {
            match &judged.verdict {
                Verdict::Clean { because } => {
                    self.clean.add(&judged.found);
                    for ground in because {
                        *self.grounds.entry(ground.clone()).or_default() += 1;
                    }
                }
                Verdict::Flagged { cause } => {
                    self.flagged.add(&judged.found);
                    self.causes
                        .entry(cause.clone())
                        .or_default()
                        .add(&judged.found);
                }
            }
        }
    }

    /// Adds what another part of the run counted.
    pub fn merge(&mut self, other: Figures) {
        self.programs += other.programs;
        self.refused += other.refused;
        self.flagged_programs += other.flagged_programs;
        self.false_alarm_programs += other.false_alarm_programs;
        self.bounded_programs += other.bounded_programs;
        self.states += other.states;
        self.clean.merge(other.clean);
        self.flagged.merge(other.flagged);
        for (cause, split) in other.causes {
            self.causes.entry(cause).or_default().merge(split);
        }
        for (ground, count) in other.grounds {
            *self.grounds.entry(ground).or_default() += count;
        }
        self.mended.programs += other.mended.programs;
        self.mended.insertions += other.mended.insertions;
        self.mended.redundant += other.mended.redundant;
        self.mended.results.merge(other.mended.results);
        for (origin, [flagged, alarms]) in other.origins {
            let counted = self.origins.entry(origin).or_default();
            counted[0] += flagged;
            counted[1] += alarms;
        }
        self.features.extend(other.features);
    }

    /// The document with its table replaced by this one.
    pub fn written_into(&self, document: &str) -> Option<String> {
        let (before, rest) = document.split_once(BEGIN)?;
        let (_, after) = rest.split_once(END)?;
        Some(format!("{before}{BEGIN}\n{self}{END}{after}"))
    }
}

impl Split {
    pub fn add(&mut self, found: &Found) {
        match found {
            Found::One => self.one += 1,
            Found::Bounded => self.bounded += 1,
            Found::Two(_) | Found::Unsettled(_) => self.two += 1,
        }
    }

    fn merge(&mut self, other: Split) {
        self.one += other.one;
        self.bounded += other.bounded;
        self.two += other.two;
    }

    fn all(self) -> u64 {
        self.one + self.bounded + self.two
    }
}

impl Display for Figures {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let results = self.clean.all() + self.flagged.all();
        writeln!(f, "| figure | | share |")?;
        writeln!(f, "| --- | --: | --: |")?;
        let mut row = |name: &str, count: u64, of: u64| {
            let share = match of {
                0 => String::new(),
                of => format!("{:.2} %", 100.0 * count as f64 / of as f64),
            };
            writeln!(f, "| {name} | {count} | {share} |")
        };
        row("programs", self.programs, 0)?;
        row("drawn and refused by the front end", self.refused, 0)?;
        row(
            "programs not explored to the end for some inputs",
            self.bounded_programs,
            self.programs,
        )?;
        row(
            "programs with a flagged output or view",
            self.flagged_programs,
            self.programs,
        )?;
        row(
            "flagged programs of which all schedules agree (false alarms)",
            self.false_alarm_programs,
            self.flagged_programs,
        )?;
        for (name, is_of) in [("from templates", false), ("from random rules alone", true)] {
            let origins = self.origins.iter();
            let own = origins.filter(|(origin, _)| (*origin == "random rules") == is_of);
            let [flagged, alarms] = own.fold([0, 0], |[a, b], (_, [c, d])| [a + c, b + d]);
            row(
                &format!("flagged programs {name}"),
                flagged,
                self.flagged_programs,
            )?;
            row(&format!("false alarms {name}"), alarms, flagged)?;
        }
        row("outputs and views", results, 0)?;
        row("clean", self.clean.all(), results)?;
        row(
            "clean with two outcomes (unsound)",
            self.clean.two,
            self.clean.all(),
        )?;
        row(
            "clean, not explored to the end",
            self.clean.bounded,
            self.clean.all(),
        )?;
        row("flagged", self.flagged.all(), results)?;
        row(
            "flagged with two outcomes",
            self.flagged.two,
            self.flagged.all(),
        )?;
        row(
            "flagged with one (false alarms)",
            self.flagged.one,
            self.flagged.all(),
        )?;
        row(
            "flagged, one so far, not explored to the end",
            self.flagged.bounded,
            self.flagged.all(),
        )?;
        row(
            "programs with coordination inserted",
            self.mended.programs,
            self.programs,
        )?;
        row(
            "insertions of which all that they mend is explored",
            self.mended.insertions,
            0,
        )?;
        row(
            "insertions without which no second outcome was found",
            self.mended.redundant,
            self.mended.insertions,
        )?;
        row(
            "mended outputs and views that were explored",
            self.mended.results.all(),
            0,
        )?;
        row(
            "with two outcomes after all",
            self.mended.results.two,
            self.mended.results.all(),
        )?;
        row(
            "different features of programs",
            self.features.len() as u64,
            0,
        )?;
        row("states explored", self.states, 0)?;
        for (cause, split) in &self.causes {
            row(
                &format!("flagged for {cause}"),
                split.all(),
                self.flagged.all(),
            )?;
            row(
                &format!("of these false alarms ({cause})"),
                split.one,
                split.all(),
            )?;
        }
        for (ground, count) in &self.grounds {
            row(
                &format!("clean, resting on {ground}"),
                *count,
                self.clean.all(),
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_a_document_is_replaced() {
        let document = format!("before\n{BEGIN}\nold\n{END}\nafter\n");
        let written = Figures::default()
            .written_into(&document)
            .expect("it has marks");
        assert!(written.starts_with("before\n") && written.ends_with("after\n"));
        assert!(written.contains("| programs | 0 |") && !written.contains("old"));
        assert_eq!(Figures::default().written_into("no marks"), None);
    }
}
