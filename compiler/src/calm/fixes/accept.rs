//! An output that is taken as it is, with a reason that every report prints.

use super::{Context, Effort, Proposal, inserted};
use crate::calm::report::Place;

pub(super) fn propose(cx: Context<'_>, place: Place) -> Option<Proposal> {
    let collection = cx.collection(place);
    if collection.nondeterministic.is_some() {
        return None;
    }
    let keyword = cx.declaration(collection)?.keyword()?;
    let indent = cx.indent(keyword);
    let attribute = format!("#[nondeterministic(\"why this may differ\")]\n{indent}");
    let title = format!("accept that `{}` differs, and say why", collection.name);
    let edit = inserted(keyword, keyword.span.start, attribute);
    Some(Proposal::new(Effort::Accept, title, vec![edit]))
}
