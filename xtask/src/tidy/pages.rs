//! Every diagnostic code has its page in `docs/errors`, and every page its code.

use std::collections::BTreeSet;
use std::path::Path;

use super::{Violation, files_below};

const TABLE: &str = "compiler/src/base/codes.rs";
const PAGES: &str = "docs/errors";

pub fn check(root: &Path) -> Result<Vec<Violation>, String> {
    let table =
        std::fs::read_to_string(root.join(TABLE)).map_err(|error| format!("{TABLE}: {error}"))?;
    let codes: BTreeSet<String> = table.lines().filter_map(code).map(str::to_owned).collect();
    let pages: BTreeSet<String> = files_below(&root.join(PAGES))?
        .iter()
        .filter_map(|path| path.file_stem()?.to_str().map(str::to_owned))
        .filter(|stem| is_code(stem))
        .collect();
    let missing = codes
        .difference(&pages)
        .map(|code| Violation::new(TABLE, format!("`{code}` has no page {PAGES}/{code}.md")));
    let stray = pages
        .difference(&codes)
        .map(|page| Violation::new(format!("{PAGES}/{page}.md"), "is about no code"));
    Ok(missing.chain(stray).collect())
}

/// The code of a row of the table: `    E0101 Error Syntax "unexpected token";`.
fn code(line: &str) -> Option<&str> {
    let first = line.split_whitespace().next()?;
    (is_code(first) && line.trim_end().ends_with(';')).then_some(first)
}

fn is_code(text: &str) -> bool {
    let digits = text.strip_prefix(['E', 'W']);
    digits.is_some_and(|d| d.len() == 4 && d.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_the_table_are_told_from_other_lines() {
        assert_eq!(
            code(r#"    E0101 Error Syntax "unexpected token";"#),
            Some("E0101")
        );
        assert_eq!(code("/// As users see it: `E0101`."), None);
        assert_eq!(code("    // 01: syntax"), None);
    }
}
