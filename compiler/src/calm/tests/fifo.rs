//! Where one producer's last message freezes what it sent before, and near misses.

use super::checked;

const PRESS: &str = "
    #[fifo(\"job\")] channel page(@to: Addr, from: Addr = self, job: Int, text: String);
    #[fifo(\"job\")] channel done(@to: Addr, from: Addr = self, job: Int);
    node Author(press: Addr) {
      input write(job: Int => pages: List<String>) immutable;
      scratch written(job: Int);
      page{to: press, job, text: p} <~ write{job, pages}, p in pages;
      written{job} <+ write{job};
      done{to: press, job} <~ written{job};
    }
    node Press {
      output bound(from: Addr, job: Int, pages: Int);
      table pages(from: Addr, job: Int, text: String);
      table jobs(from: Addr, job: Int);
      pages{from, job, text} <= page{from, job, text};
      jobs{from, job} <= done{from, job};
      bound{from, job, pages: count()} <= jobs{from, job}, pages{from, job};
    }";

fn label(text: &str) -> &'static str {
    let checked = checked(text);
    let mut outputs = checked.calm.outputs.iter();
    let bound = outputs.find(|output| output.name == "bound");
    bound.expect("the program has the output").label.name()
}

/// The label when the first text is replaced by the second.
fn with(old: &str, new: &str) -> &'static str {
    assert!(PRESS.contains(old), "{old}");
    label(&PRESS.replace(old, new))
}

#[test]
fn the_last_message_of_a_sender_freezes_the_others() {
    assert_eq!(label(PRESS), "async");
    let certificate = &checked(PRESS).calm.outputs[0].certificate;
    assert!(
        certificate
            .iter()
            .any(|one| one.text.contains("sent after `page`")),
        "{certificate:?}"
    );
}

#[test]
fn it_may_come_by_way_of_tables_and_loopbacks() {
    let kept = "table asked(job: Int); asked{job} <= write{job}; written{job} <+ asked{job};";
    assert_eq!(with("written{job} <+ write{job};", kept), "async");
    let own = "loopback again(job: Int); again{job} <~ write{job}; written{job} <= again{job};";
    assert_eq!(with("written{job} <+ write{job};", own), "async");
    let passed = "scratch listed(job: Int, text: String);
        listed{job, text: p} <= write{job, pages}, p in pages;
        page{to: press, job, text} <~ listed{job, text};";
    let direct = "page{to: press, job, text: p} <~ write{job, pages}, p in pages;";
    assert_eq!(with(direct, passed), "async");
    let negated = "bound{from, job, pages: 0} <= jobs{from, job}, not pages{from, job};";
    let counted = "bound{from, job, pages: count()} <= jobs{from, job}, pages{from, job};";
    assert_eq!(with(counted, negated), "async");
}

#[test]
fn without_the_order_of_one_group_it_does_not() {
    assert_eq!(label(&PRESS.replace("#[fifo(\"job\")]", "")), "run");
    assert_eq!(label(&PRESS.replace("#[fifo(\"job\")]", "#[once]")), "run");
    assert_eq!(with("#[fifo(\"job\")] channel done", "channel done"), "run");
    assert_eq!(
        with(
            "#[fifo(\"job\")] channel done",
            "#[fifo(\"end\")] channel done"
        ),
        "run"
    );
}

#[test]
fn the_rows_must_be_of_one_row_of_the_input() {
    // Of another input.
    let other = "input add(job: Int, text: String);
        page{to: press, job, text} <~ add{job, text};";
    let direct = "page{to: press, job, text: p} <~ write{job, pages}, p in pages;";
    assert_eq!(with(direct, other), "run");
    // Of two inputs.
    assert_eq!(with(direct, &format!("{direct} {other}")), "run");
    // Sent some time later.
    let late = "table asked(job: Int, text: String);
        asked{job, text: p} <= write{job, pages}, p in pages;
        input go(job: Int);
        page{to: press, job, text} <~ go{job}, asked{job, text};";
    assert_eq!(with(direct, late), "run");
    // The list may be another when it is fed again.
    assert_eq!(with(") immutable;", ");"), "run");
    let all_key = with(
        "input write(job: Int => pages: List<String>) immutable;",
        "input write(job: Int, pages: List<String>);",
    );
    assert_eq!(all_key, "run");
}

#[test]
fn the_last_message_must_come_last() {
    assert_eq!(
        with("written{job} <+ write{job};", "written{job} <= write{job};"),
        "run"
    );
    let by_chance = "input close(job: Int); written{job} <+ close{job};";
    assert_eq!(with("written{job} <+ write{job};", by_chance), "run");
    let either = "input close(job: Int); written{job} <+ write{job}; written{job} <+ close{job};";
    assert_eq!(with("written{job} <+ write{job};", either), "run");
    let of_another = "written{job: job + 1} <+ write{job};";
    assert_eq!(with("written{job} <+ write{job};", of_another), "run");
}

#[test]
fn it_must_be_of_the_same_sender() {
    let other = "node Clerk(press: Addr) {
        input write(job: Int); scratch written(job: Int);
        written{job} <+ write{job}; done{to: press, job} <~ written{job};
      } node Press {";
    assert_eq!(with("node Press {", other), "run");
    let only = PRESS.replace("done{to: press, job} <~ written{job};", "");
    assert_eq!(label(&only.replace("node Press {", other)), "run");
    assert_eq!(
        with("done{to: press, job}", "done{to: press, from: press, job}"),
        "run"
    );
}

#[test]
fn the_gate_must_have_the_sender() {
    assert_eq!(
        with(
            "<= jobs{from, job}, pages{from, job};",
            "<= jobs{from, job}, pages{job};"
        ),
        "run"
    );
    assert_eq!(
        with(
            "<= jobs{from, job}, pages{from, job};",
            "<= jobs{from, job}, pages{from};"
        ),
        "run"
    );
    // Another sender's job is done.
    assert_eq!(
        with(
            "jobs{from, job} <= done{from, job};",
            "jobs{from: f, job} <= done{job}, page{from: f, job};"
        ),
        "run"
    );
}
