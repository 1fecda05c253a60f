//! `bloom explain`.

use std::fmt::Write;

use bloom_compiler::base::Code;
use bloom_compiler::base::codes::{ALL, Severity};

use crate::args::ExplainArgs;
use crate::embedded;
use crate::outcome::{Misuse, Outcome, Verdict};
use crate::terminal;

pub(crate) fn explain(args: &ExplainArgs) -> Outcome {
    let Some(id) = &args.code else {
        terminal::print(&list());
        return Ok(Verdict::Fine);
    };
    let code = Code::find(id).ok_or_else(|| Misuse::new(unknown(id)))?;
    match embedded::page(code.id()) {
        Some(page) => terminal::print(page),
        None => terminal::print(&format!("# {code}: {}\n", code.title())),
    }
    Ok(Verdict::Fine)
}

fn list() -> String {
    let mut text = String::new();
    for code in ALL {
        let severity = match code.severity() {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "info",
        };
        writeln!(text, "{:<6} {severity:<8} {}", code.id(), code.title())
            .expect("writing to a string never fails");
    }
    text
}

fn unknown(id: &str) -> String {
    let upper = id.to_ascii_uppercase();
    let near = bloom_stdx::nearest(&upper, ALL.iter().map(|code| code.id()));
    match near {
        Some(near) => format!("there is no code `{id}`; did you mean `{near}`?"),
        None => format!("there is no code `{id}`; `bloom explain` lists them all"),
    }
}
