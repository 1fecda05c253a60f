//! `bloom why-not`: for a row that is not there, the rules that nearly derived it, and what they lacked.

use bloom_plan::value::Row;
use bloom_sim::lineage::{Absence, Explainer, History, Lack, Missing, Moment, Reason, missing};
use serde::Serialize;
use serde_json::Value as Json;

use super::explained::{self, Absent, absent};
use super::question::Question;
use super::{find, source};
use crate::args::{WhyArgs, WhyFormat};
use crate::outcome::{Misuse, Outcome, Verdict};
use crate::terminal::{self, Color, painted};

/// A row that is not there, as data.
#[derive(Serialize)]
struct Told {
    #[serde(flatten)]
    what: Absent,
    /// It is told elsewhere, or lies too deep.
    cut: bool,
    reasons: Vec<Because>,
}

#[derive(Serialize)]
#[serde(rename_all = "lowercase", tag = "why")]
enum Because {
    /// It was there in ticks before.
    Was { row: String, first: u64, last: u64 },
    /// It was sent, and did not arrive by then.
    Sent {
        row: String,
        from: String,
        tick: u64,
        /// When it was taken in; never, if it was lost or is under way.
        taken: Option<u64>,
    },
    /// Only what is outside gives such rows.
    Outside,
    /// It was given in that tick and did not merge.
    Given {
        row: String,
        tick: u64,
        /// What its key has instead; nothing, if unequal rows were given for it.
        held: Option<String>,
    },
    Rule {
        at: String,
        text: String,
        node: String,
        tick: u64,
        lacks: Vec<Lacks>,
    },
}

#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Lacks {
    Row(Told),
    /// `not`, and there it is.
    There {
        row: String,
        node: String,
        tick: u64,
    },
    /// A condition that does not hold, with the variables that it reads.
    Condition(Json),
    /// The head comes out as another row.
    Differs(String),
}

pub(crate) fn why_not(args: &WhyArgs) -> Outcome {
    let Some(history) = source::history(args)? else {
        return Ok(Verdict::Failed);
    };
    let question = Question::new(args, &history)?;
    let moments: Vec<(Moment, _)> = question
        .places
        .iter()
        .filter_map(|&(life, relation)| {
            let tick = question.tick.unwrap_or(history.last_tick(life));
            let is_lived = (1..=history.last_tick(life)).contains(&tick);
            is_lived.then_some((Moment { life, tick }, relation))
        })
        .collect();
    if moments.is_empty() {
        return Err(Misuse::new("no node with that collection ran so long"));
    }
    let mut told = Vec::new();
    let mut explainer = Explainer::new(&history).map_err(Misuse::new)?;
    for (moment, relation) in moments {
        let plan = history.plan(moment.life);
        let is_there = history
            .rows(moment, relation)
            .any(|row| question.fits(plan, relation, row));
        if is_there {
            continue;
        }
        let columns = question.values(plan, relation)?;
        let what = Absence {
            moment,
            relation,
            columns,
        };
        told.push(told_of(&history, &missing(&mut explainer, what)));
    }
    if told.is_empty() {
        let when = find(&history, &question)?.map(|found| found.moment.tick);
        let when = when
            .map(|tick| format!(" in tick {tick}"))
            .unwrap_or_default();
        terminal::error(format_args!(
            "{} is there{when}; `bloom why` says why",
            question.shown()
        ));
        return Ok(Verdict::Failed);
    }
    terminal::print(&match args.format {
        WhyFormat::Human => told.iter().map(human).collect(),
        WhyFormat::Json => told.iter().map(explained::json).collect::<String>(),
    });
    Ok(Verdict::Fine)
}

fn told_of(history: &History, missing: &Missing) -> Told {
    let life = missing.what.moment.life;
    let shown = |row: &Row| explained::pattern_of(history, life, missing.what.relation, row);
    let reasons = missing.reasons.iter().map(|reason| match reason {
        Reason::Was { row, span } => Because::Was {
            row: shown(row),
            first: span.first,
            last: span.last,
        },
        Reason::Sent { row, by, taken } => Because::Sent {
            row: shown(row),
            from: history.address(by.life).to_string(),
            tick: by.tick,
            taken: *taken,
        },
        Reason::NotGiven => Because::Outside,
        Reason::Given { row, tick, held } => Because::Given {
            row: shown(row),
            tick: *tick,
            held: held.as_ref().map(&shown),
        },
        Reason::Rule {
            rule,
            moment,
            lacks,
        } => {
            let rule = &history.plan(moment.life).rules[rule.0 as usize];
            Because::Rule {
                at: rule.at.to_string(),
                text: rule.text.to_string(),
                node: history.address(moment.life).to_string(),
                tick: history.number(*moment),
                lacks: lacks
                    .iter()
                    .map(|lack| lacks_of(history, lack, &shown))
                    .collect(),
            }
        }
    });
    Told {
        what: absent(history, &missing.what),
        cut: missing.cut,
        reasons: reasons.collect(),
    }
}

fn lacks_of(history: &History, lack: &Lack, shown: &dyn Fn(&Row) -> String) -> Lacks {
    match lack {
        Lack::Row(missing) => Lacks::Row(told_of(history, missing)),
        Lack::There(fact) => Lacks::There {
            row: explained::shown(history, fact),
            node: history.address(fact.moment.life).to_string(),
            tick: history.number(fact.moment),
        },
        Lack::Condition(reads) => {
            let reads = reads.iter();
            let pairs = reads.map(|(name, value)| (name.clone(), Json::String(value.clone())));
            Lacks::Condition(Json::Object(pairs.collect()))
        }
        Lack::Differs(row) => Lacks::Differs(shown(row)),
    }
}

fn human(told: &Told) -> String {
    let mut text = String::new();
    write(&mut text, "", "", told);
    text
}

fn write(text: &mut String, first: &str, rest: &str, told: &Told) {
    let Absent {
        node, tick, shown, ..
    } = &told.what;
    let shown = painted(shown, Color::Bold);
    let cut = if told.cut {
        "; see above, or ask for it"
    } else {
        ""
    };
    text.push_str(&format!(
        "{first}no {shown} at {node} in tick {tick}{cut}\n"
    ));
    for (place, reason) in told.reasons.iter().enumerate() {
        let (tee, bar) = branch(place + 1 == told.reasons.len());
        let bar = format!("{rest}{bar}");
        match reason {
            Because::Was { row, first, last } => {
                let when = match first == last {
                    true => format!("tick {first}"),
                    false => format!("ticks {first} to {last}"),
                };
                text.push_str(&format!(
                    "{rest}{tee}{row} was there in {when}, and then no more\n"
                ));
            }
            Because::Sent {
                row,
                from,
                tick,
                taken,
            } => {
                let taken = match taken {
                    Some(taken) => format!("it was taken in in tick {taken}"),
                    None => "it was never taken in".to_owned(),
                };
                text.push_str(&format!(
                    "{rest}{tee}{row} was sent by {from} in its tick {tick}; {taken}\n"
                ));
            }
            Because::Outside => {
                text.push_str(&format!(
                    "{rest}{tee}it comes from outside only, and was not given\n"
                ));
            }
            Because::Given { row, tick, held } => {
                let held = match held {
                    Some(held) => format!("its key had {held}"),
                    None => {
                        "unequal rows were given for its key, and none of them merged".to_owned()
                    }
                };
                text.push_str(&format!(
                    "{rest}{tee}{row} was given in tick {tick}, and lost to a key conflict: {held}\n"
                ));
            }
            Because::Rule {
                at,
                text: rule,
                node,
                tick,
                lacks,
            } => {
                let at = painted(at, Color::Faint);
                let nothing = match lacks.is_empty() {
                    true => ", which derived it: it did not merge, as after a key conflict",
                    false => "",
                };
                text.push_str(&format!(
                    "{rest}{tee}{at} {rule} at {node} in tick {tick}{nothing}\n"
                ));
                for (place, lack) in lacks.iter().enumerate() {
                    let (tee, inner) = branch(place + 1 == lacks.len());
                    write_lack(text, &format!("{bar}{tee}"), &format!("{bar}{inner}"), lack);
                }
            }
        }
    }
}

fn write_lack(text: &mut String, first: &str, rest: &str, lack: &Lacks) {
    match lack {
        Lacks::Row(told) => write(text, first, rest, told),
        Lacks::There { row, node, tick } => {
            text.push_str(&format!(
                "{first}there is {row} at {node} since tick {tick}\n"
            ));
        }
        Lacks::Condition(reads) => {
            let reads: Vec<String> = reads
                .as_object()
                .into_iter()
                .flatten()
                .map(|(name, value)| format!("{name} = {}", value.as_str().unwrap_or_default()))
                .collect();
            let with = match reads.is_empty() {
                true => String::new(),
                false => format!(" with {}", reads.join(", ")),
            };
            text.push_str(&format!("{first}a condition does not hold{with}\n"));
        }
        Lacks::Differs(row) => text.push_str(&format!("{first}it gives {row} instead\n")),
    }
}

fn branch(is_last: bool) -> (&'static str, &'static str) {
    match is_last {
        true => ("└─ ", "   "),
        false => ("├─ ", "│  "),
    }
}
