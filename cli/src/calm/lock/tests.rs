//! What counts as weaker, and what the file looks like.

use super::super::sample;
use super::{Changes, Lock, rank};
use expect_test::expect;

fn changed(edit: impl FnOnce(&mut super::Document)) -> Changes {
    let before = Lock::of(&sample::document());
    let mut document = sample::document();
    edit(&mut document);
    before.compare(&Lock::of(&document))
}

#[test]
fn the_file_is_a_table_for_each_output_and_view() {
    expect![[r##"
        # What the outputs and views of this program promise. `bloom calm --lock` holds the program to it;
        # `bloom calm --lock --update` writes it anew.
        version = 1

        [[output]]
        node = "Shop"
        name = "guess"
        written = "run"
        coordinated = "run"

        [[output]]
        node = "Shop"
        name = "receipt"
        written = "run"
        coordinated = "seal(session)"
        needs = ["seal"]

        [[output]]
        node = "Shop"
        name = "seen"
        written = "async"
        coordinated = "async"

        [[view]]
        node = "Shop"
        name = "lines"
        written = "settles"
        coordinated = "settles"
    "##]].assert_eq(&Lock::of(&sample::document()).text());
}

#[test]
fn the_file_is_read_as_it_was_written() {
    let lock = Lock::of(&sample::document());
    let read: Lock = toml::from_str(&lock.text()).expect("it was written so");
    assert_eq!(read, lock);
    assert_eq!(lock.compare(&read), Changes::default());
}

#[test]
fn a_worse_label_is_weaker_and_a_better_one_stronger() {
    let worse = changed(|document| document.after[0].label.label = "run");
    assert_eq!(
        worse.weaker,
        ["output `Shop.seen` was async, and is run now"]
    );
    let better = changed(|document| document.after[2].label.label = "async");
    assert_eq!(better.weaker, [] as [&str; 0]);
    assert_eq!(
        better.stronger,
        ["output `Shop.guess` was run, and is async now"]
    );
}

#[test]
fn a_seal_of_other_columns_is_weaker() {
    let other = changed(|document| document.after[1].label.by = vec!["item".into()]);
    assert_eq!(
        other.weaker,
        ["output `Shop.receipt` was seal(session), and is seal(item) now"]
    );
}

#[test]
fn a_view_that_no_longer_settles_is_weaker() {
    let unsettled = changed(|document| document.after_views[0].title = "unsettled");
    assert_eq!(
        unsettled.weaker,
        ["view `Shop.lines` was settles, and is unsettled now"]
    );
}

#[test]
fn dearer_coordination_is_weaker() {
    let dearer = changed(|document| document.coordination[0].kind = "order");
    assert_eq!(
        dearer.weaker,
        ["output `Shop.receipt` needed seal, and needs order now"]
    );
    let cheaper = changed(|document| document.coordination.clear());
    assert_eq!(
        cheaper.stronger,
        ["output `Shop.receipt` needed seal, and needs no coordination now"]
    );
}

#[test]
fn rows_left_out_are_weaker() {
    let lossy = changed(|document| document.outputs[0].lower_bound = true);
    assert_eq!(
        lossy.weaker,
        ["output `Shop.seen`: lost messages leave rows out now"]
    );
}

#[test]
fn an_output_that_is_gone_is_weaker_and_a_new_one_is_told_of() {
    let mut gone = None;
    let missing = changed(|document| gone = Some(document.outputs.remove(0)));
    assert_eq!(missing.weaker, ["output `Shop.seen` is gone; it was async"]);
    let more = changed(|document| {
        let mut output = gone.take().expect("it was removed above");
        output.name = "late".into();
        document.outputs.push(output);
    });
    assert_eq!(more.weaker, [] as [&str; 0]);
    assert_eq!(more.new, ["output `Shop.late` is new: async"]);
}

#[test]
fn every_label_has_a_rank() {
    for label in [
        "async",
        "seal(a, b)",
        "run",
        "instance",
        "diverge",
        "grows",
        "settles",
        "unsettled",
    ] {
        assert!(rank(label).is_some(), "{label}");
    }
    assert_eq!(rank("fine"), None);
}
