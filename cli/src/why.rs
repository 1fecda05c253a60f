//! `bloom why` and `bloom why-not`: why a row is there, or why there is none, in a run that was recorded or that a
//! saved counterexample gives.

mod explained;
mod human;
mod not;
mod question;
mod source;

use bloom_plan::plan::RelationId;
use bloom_plan::value::Row;
use bloom_sim::lineage::{Explainer, History, Moment, lineage};

use crate::args::{WhyArgs, WhyFormat};
use crate::outcome::{Misuse, Outcome, Verdict};
use crate::terminal;
pub(crate) use not::why_not;
use question::Question;

/// The row that is asked for, as of a tick.
struct Found {
    moment: Moment,
    relation: RelationId,
    row: Row,
    /// How many others fit as well.
    others: usize,
}

pub(crate) fn why(args: &WhyArgs) -> Outcome {
    let Some(history) = source::history(args)? else {
        return Ok(Verdict::Failed);
    };
    let question = Question::new(args, &history)?;
    let Some(found) = find(&history, &question)? else {
        terminal::error(format_args!(
            "{} is not there; `bloom why-not` says why",
            question.shown()
        ));
        return Ok(Verdict::Failed);
    };
    if found.others > 0 {
        terminal::note(format_args!(
            "{} other rows fit; name more columns to choose",
            found.others
        ));
    }
    let mut explainer = Explainer::new(&history).map_err(Misuse::new)?;
    let goal = explainer.fact(found.moment, found.relation, &found.row);
    let lineage = lineage(&mut explainer, &goal).map_err(Misuse::new)?;
    let step = explained::step(&history, &lineage, &goal, args.all);
    terminal::print(&match args.format {
        WhyFormat::Human => human::tree(&step),
        WhyFormat::Json => explained::json(&step),
    });
    Ok(Verdict::Fine)
}

/// The first row that fits, in the tick that is asked for or the last in which there is one.
fn find(history: &History, question: &Question) -> Result<Option<Found>, Misuse> {
    let mut best: Option<Found> = None;
    for &(life, relation) in &question.places {
        let last = history.last_tick(life);
        if question.tick.is_some_and(|tick| tick > last) {
            continue;
        }
        let fitting = history
            .all_rows(life, relation)
            .filter(|(row, _)| question.fits(history.plan(life), relation, row));
        let mut rows: Vec<(u64, &Row)> = fitting
            .filter_map(|(row, spans)| match question.tick {
                Some(tick) => {
                    let is_there =
                        |span: &&bloom_sim::lineage::Span| (span.first..=span.last).contains(&tick);
                    spans.iter().find(is_there).map(|_| (tick, row))
                }
                None => spans.last().map(|span| (span.last, row)),
            })
            .collect();
        rows.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(b.1)));
        let Some(&(tick, row)) = rows.first() else {
            continue;
        };
        let moment = Moment { life, tick };
        let is_later = best.as_ref().is_none_or(|best| {
            let at = |moment: Moment| history.taken(moment).at;
            at(best.moment) < at(moment)
        });
        if is_later {
            best = Some(Found {
                moment,
                relation,
                row: row.clone(),
                others: rows.len() - 1,
            });
        }
    }
    Ok(best)
}
