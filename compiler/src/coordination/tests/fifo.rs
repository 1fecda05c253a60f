//! The order of one producer's messages, and near misses.

use expect_test::expect;

use super::{coordinates, shown};
use crate::coordination::Coordination;

const PRESS: &str = "
    channel page(@to: Addr, from: Addr = self, job: Int, text: String);
    channel done(@to: Addr, from: Addr = self, job: Int);
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

#[test]
fn one_producers_channels_keep_their_order() {
    coordinates(
        PRESS,
        &expect![[r#"
            before: bound run
            insert fifo "page-done" on page, done for bound
            after: bound async
              #[fifo("page-done")]
              #[fifo("page-done")]
        "#]],
    );
}

#[test]
fn a_group_that_is_there_takes_the_others_in() {
    let grouped = PRESS.replace("channel done", "#[fifo(\"job\")] channel done");
    coordinates(
        &grouped,
        &expect![[r#"
        before: bound run
        insert fifo "job" on page, done for bound
        after: bound async
    "#]],
    );
}

#[test]
fn groups_that_share_a_channel_are_one() {
    let two = PRESS
        .replace(
            "node Author(press: Addr) {",
            "channel image(@to: Addr, from: Addr = self, job: Int, name: String);
             node Author(press: Addr) {
               image{to: press, job, name: p} <~ write{job, pages}, p in pages;",
        )
        .replace(
            "node Press {",
            "node Press {
               output shown(from: Addr, job: Int, images: Int);
               table images(from: Addr, job: Int, name: String);
               images{from, job, name} <= image{from, job, name};
               shown{from, job, images: count()} <= jobs{from, job}, images{from, job};",
        );
    coordinates(
        &two,
        &expect![[r#"
        before: shown run, bound run
        insert fifo "page-done-image" on done, image, page for shown, bound
        after: shown async, bound async
          #[fifo("page-done-image")]
          #[fifo("page-done-image")]
          #[fifo("page-done-image")]
    "#]],
    );
}

#[test]
fn what_comes_of_another_input_is_only_advised() {
    let other = PRESS.replace(
        "page{to: press, job, text: p} <~ write{job, pages}, p in pages;",
        "input add(job: Int, text: String); page{to: press, job, text} <~ add{job, text};",
    );
    coordinates(
        &other,
        &expect![[r#"
        before: bound run
        advise fifo "page-done" on page, done for bound
        after: bound run
    "#]],
    );
}

#[test]
fn logs_alone_are_no_groups() {
    let (done, _) = shown(PRESS, Coordination::Order);
    assert_eq!(done.insertions, []);
}

#[test]
fn the_dump_names_point_strategy_and_reason() {
    let (done, _) = shown(PRESS, Coordination::Auto);
    expect![[r#"
        insert fifo "page-done" on page, done at Press
          mends Press.bound
          point Author: page
          point Author: done
          why `bound` is derived while rows of `page` may still come; one producer sends all of it, and in the order sent what comes last says that the rest is there
          price no message; what overtakes an earlier one waits for it
        output Press.bound: run -> async
    "#]].assert_eq(&done.dump());
}
