//! Words after edits are those of the text that has come of them.

use std::sync::Arc;

use super::super::{names_of, words, words_of};
use super::editing::package;
use crate::base::FileId;
use crate::check::tests::{bloom_files, root};
use crate::database::Database;
use bloom_stdx::random::Random;
use salsa::Setter;

/// What is written into a text: what ends words, joins them, or makes others of all that follow.
const WRITTEN: [&str; 20] = [
    "", "", "\n", " ", ";", "{", "}", "(", ":", "x", "1", "\"", "r#\"", "\"#", "/*", "*/", "//",
    "/// ", "not ", "seal ",
];

const EDITS: usize = 60;

/// A stretch of a text that begins and ends with characters.
fn place(text: &str, random: &mut Random) -> std::ops::Range<usize> {
    let mut start = random.below(text.len() + 1);
    let mut end = text.len().min(start + random.below(4));
    while !text.is_char_boundary(start) {
        start -= 1;
    }
    while !text.is_char_boundary(end) {
        end += 1;
    }
    start..end
}

/// The text with comments of several lines between its own. In some of these the ends of texts stand that begin before.
fn with_comments(text: &str, random: &mut Random) -> String {
    let ends = if random.chance(1, 2) { "\"#" } else { "" };
    let mut found = String::new();
    for line in text.split_inclusive('\n') {
        found.push_str(line);
        if random.chance(1, 5) {
            found.push_str(&format!("/* one\nnot a{{x}} \"two {ends}\n */\n"));
        }
    }
    found
}

#[test]
fn words_after_edits_are_those_of_the_text() {
    let mut random = Random::new(1);
    let files = bloom_files(&root().join("tests/conformance"));
    let texts = files
        .iter()
        .map(|path| std::fs::read_to_string(path).expect("the corpus is UTF-8"));
    let texts = texts.filter(|text| text.lines().count() > 12);
    for text in texts.step_by(4) {
        let original = with_comments(&text, &mut random);
        let mut db = Database::default();
        let package = package(&db, &original);
        let file = package.files(&db)[0];
        let mut text = original.clone();
        let mut stays = 0;
        for _ in 0..EDITS {
            let told = words_of(&db, package);
            let anew = words(names_of(&db, package), FileId(0), &text, &|| {});
            assert_eq!(**told, anew, "{text}");
            // What is broken is mended soon: of a text that is whole words are told by the lines.
            match stays {
                0 => {
                    let at = place(&text, &mut random);
                    text.replace_range(at, WRITTEN[random.below(WRITTEN.len())]);
                    stays = random.below(3);
                }
                _ => {
                    stays -= 1;
                    text.clone_from(&original);
                }
            }
            file.set_text(&mut db).to(Arc::new(text.clone()));
        }
    }
}

/// A text that gets its start lines before its end, or its end lines after its start, swallows the comments that lie
/// between.
#[test]
fn texts_that_begin_or_end_lines_away() {
    let with = |start: &str, end: &str| {
        let declared = "table t(x: Int);\ntable u(x: Int);\n";
        let comments = "// of these tables\n".repeat(12);
        [
            declared,
            start,
            &comments,
            end,
            &declared.replace("table ", "input i"),
        ]
        .concat()
    };
    let (start, end) = ("r#\"", "// \"#\n");
    let mut db = Database::default();
    let package = package(&db, "");
    let file = package.files(&db)[0];
    let steps = [
        ("", ""),
        ("", end),
        (start, end),
        ("", end),
        ("", ""),
        (start, ""),
        (start, end),
    ];
    for (start, end) in steps {
        let text = with(start, end);
        file.set_text(&mut db).to(Arc::new(text.clone()));
        let anew = words(names_of(&db, package), FileId(0), &text, &|| {});
        assert_eq!(**words_of(&db, package), anew, "{text}");
    }
}
