//! What `docs/calm.md` shows is what the command prints.
//!
//! A `bloom` block is a file, named in its first line: `//! shop.bloom: …`. A `console` block is a command
//! after `$ ` and what it prints; `UPDATE_EXPECT=1` writes it anew.

use std::path::Path;

use crate::support::Folder;

#[test]
fn the_outputs_on_the_page_are_the_commands() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/calm.md");
    let page = std::fs::read_to_string(&path).expect("the page is there");
    let folder = Folder::new();
    let mut written = String::new();
    let mut commands = 0;
    for (at, part) in page.split("```").enumerate() {
        if at > 0 {
            written.push_str("```");
        }
        let (language, body) = part.split_once('\n').unwrap_or((part, ""));
        match language {
            "bloom" if at % 2 == 1 => {
                let name = body
                    .strip_prefix("//! ")
                    .and_then(|line| line.split(':').next());
                folder.write(name.expect("a block names its file"), body);
                written.push_str(part);
            }
            "console" if at % 2 == 1 => {
                let command = body
                    .lines()
                    .next()
                    .and_then(|line| line.strip_prefix("$ bloom "));
                let command = command.expect("a block starts with its command");
                let run = folder.bloom(command);
                assert_eq!(run.code, Some(0), "{run:?}");
                written.push_str(&format!(
                    "console\n$ bloom {command}\n{}{}",
                    run.out, run.err
                ));
                commands += 1;
            }
            _ => written.push_str(part),
        }
    }
    assert!(commands > 0, "the page shows the command");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&path, &written).expect("the page can be written");
    } else {
        assert_eq!(written, page, "UPDATE_EXPECT=1 writes the page anew");
    }
}
