//! Reports as people and as tools read them.

use super::{human, json_line, sarif};
use crate::base::{Diagnostic, FileId, FileSpan, Fix, Sources, Span, codes};
use expect_test::expect;

fn sample() -> (Diagnostic, Sources) {
    let sources = Sources::single("a.bloom", "é{x} <= b{x}\nc{x} <= d{x};\n");
    let at = |start, end| FileSpan::new(FileId(0), Span::new(start, end));
    let diagnostic = Diagnostic::new(codes::E0102, at(12, 13), "a `;` is missing here", "")
        .with_label(at(0, 1), "inside a character")
        .with_help("rules end with `;`")
        .with_fix(Fix::replace("add `;`", at(13, 13), ";"));
    (diagnostic, sources)
}

#[test]
fn people_see_the_lines() {
    let (diagnostic, sources) = sample();
    expect![[r#"
        [E0102] Error: a `;` is missing here
           ╭─[ a.bloom:1:12 ]
           │
         1 │ é{x} <= b{x}
           │ │          ┬  
           │ ╰───────────── inside a character
           │            │  
           │            ╰── here
           │ 
           │ Help 1: rules end with `;`
           │ 
           │ Help 2: add `;`: insert `;`
        ───╯
    "#]]
    .assert_eq(&human(&diagnostic, &sources, false));
}

#[test]
fn labels_of_one_file_share_an_excerpt() {
    let sources = Sources::single("a.bloom", "table t(n: Int);\n\nt{n: \"x\"};\n");
    let at = |start, end| FileSpan::new(FileId(0), Span::new(start, end));
    let diagnostic = Diagnostic::new(codes::E0301, at(23, 26), "type mismatch", "a string")
        .with_label(at(8, 9), "declared here");
    expect![[r#"
        [E0301] Error: type mismatch
           ╭─[ a.bloom:3:6 ]
           │
         1 │ table t(n: Int);
           │         ┬  
           │         ╰── declared here
           │ 
         3 │ t{n: "x"};
           │      ─┬─  
           │       ╰─── a string
        ───╯
    "#]]
    .assert_eq(&human(&diagnostic, &sources, false));
}

#[test]
fn programs_see_one_object_a_line() {
    let (diagnostic, sources) = sample();
    expect![[r#"{"code":"E0102","file":"a.bloom","fixes":[{"edits":[{"file":"a.bloom","new_text":";","span":{"end":{"column":13,"line":1},"start":{"column":13,"line":1}}}],"title":"add `;`"}],"help":["rules end with `;`"],"label":"","labels":[{"file":"a.bloom","message":"inside a character","span":{"end":{"column":1,"line":1},"start":{"column":1,"line":1}}}],"message":"a `;` is missing here","severity":"error","span":{"end":{"column":13,"line":1},"start":{"column":12,"line":1}}}"#]].assert_eq(&json_line(&diagnostic, &sources));
}

#[test]
fn code_hosts_see_a_log() {
    let (diagnostic, sources) = sample();
    let log = sarif(&[diagnostic], &sources);
    let value: serde_json::Value = serde_json::from_str(&log).expect("the log is JSON");
    assert_eq!(value["version"], "2.1.0");
    assert_eq!(value["runs"][0]["results"][0]["ruleId"], "E0102");
    assert_eq!(
        value["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"]["startColumn"],
        12
    );
}

#[test]
fn places_outside_the_text_are_no_harm() {
    let sources = Sources::single("a.bloom", "");
    let place = FileSpan::new(FileId(3), Span::new(5, 900));
    let diagnostic = Diagnostic::new(codes::E0101, place, "message", "label");
    assert!(human(&diagnostic, &sources, true).contains("message"));
    assert!(json_line(&diagnostic, &sources).contains("message"));
}
