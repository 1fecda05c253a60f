//! Each strategy, with near misses.

use expect_test::expect;

use super::{coordinates, shown};
use crate::coordination::Coordination;

const ORDERS: &str = "
    input  item(order: Int, name: String) sealed by order;
    input  ship(order: Int);
    output parcel(order: Int, items: Int);
    table  packed(order: Int, name: String);
    packed{order, name} <= item{order, name};
    parcel{order, items: count()} <= ship{order}, packed{order};
";

#[test]
fn a_seal_is_awaited_and_its_trigger_kept_until_it_comes() {
    coordinates(
        ORDERS,
        &expect![[r#"
            before: parcel run
            insert seal on item by order for parcel
            after: parcel seal
              table ship_kept(order: Int);
              parcel{order: order, items: count()} <= ship_kept{order: order}, packed{order: order}, item.sealed{order: order};
              ship_kept{order: order} <= ship{order: order};
              ship_kept{order: order} <- ship_kept{order: order}, item.sealed{order: order};
        "#]],
    );
}

#[test]
fn as_written_what_would_be_inserted_is_advice() {
    let (done, shown) = shown(ORDERS, Coordination::Off);
    expect![[r#"
        before: parcel run
        advise seal on item by order for parcel
        after: parcel run
    "#]]
    .assert_eq(&shown);
    assert!(done.insertions.is_empty());
}

#[test]
fn an_absence_is_awaited_through_a_scratch() {
    coordinates(
        "input  claim(case: Int, id: Int) sealed by case;
         input  close(case: Int);
         output unclaimed(case: Int);
         table  claims(case: Int, id: Int);
         table  closing(case: Int);
         scratch claimed(case: Int);
         claims{case, id} <= claim{case, id};
         closing{case}    <= close{case};
         claimed{case}    <= claims{case};
         unclaimed{case}  <= closing{case}, not claimed{case};",
        &expect![[r#"
            before: unclaimed run
            insert seal on claim by case for unclaimed
            after: unclaimed seal
              unclaimed{case: case} <= closing{case: case}, not claimed{case: case}, claim.sealed{case: case};
        "#]],
    );
}

#[test]
fn a_seal_of_other_partitions_does_not_help() {
    coordinates(
        "input  item(order: Int, shop: Int) sealed by shop;
         input  ship(order: Int);
         output parcel(order: Int, items: Int);
         table  packed(order: Int, shop: Int);
         table  leaving(order: Int);
         packed{order, shop} <= item{order, shop};
         leaving{order}      <= ship{order};
         parcel{order, items: count()} <= leaving{order}, packed{order};",
        &expect![[r#"
            before: parcel run
            advise key-order on item, ship by order for parcel
            after: parcel run
        "#]],
    );
}

#[test]
fn a_channel_that_nobody_seals_is_not_waited_for() {
    let program = |seal: &str| {
        format!(
            "channel item(@to: Addr, order: Int, name: String) sealed by order;
             node Shop(depot: Addr) {{
               input sold(order: Int, name: String);
               input paid(order: Int);
               item{{to: depot, order, name}} <~ sold{{order, name}};
               {seal}
             }}
             node Depot {{
               input  ship(order: Int);
               output parcel(order: Int, items: Int);
               table  packed(order: Int, name: String);
               table  leaving(order: Int);
               packed{{order, name}} <= item{{order, name}};
               leaving{{order}} <= ship{{order}};
               parcel{{order, items: count()}} <= leaving{{order}}, packed{{order}};
             }}"
        )
    };
    coordinates(
        &program(""),
        &expect![[r#"
        before: parcel run
        advise key-order on item, ship by order for parcel
        after: parcel run
    "#]],
    );
    coordinates(
        &program("seal item{to: depot, order} <~ paid{order};"),
        &expect![[r#"
            before: parcel run
            insert seal on item by order for parcel
            after: parcel seal
              parcel{order: order, items: count()} <= leaving{order: order}, packed{order: order}, item.sealed{order: order};
        "#]],
    );
}

#[test]
fn kept_rows_must_not_fall_into_one_group() {
    coordinates(
        "input  item(order: Int, name: String) sealed by order;
         input  ship(order: Int, by: Int);
         output parcel(order: Int, items: Int);
         table  packed(order: Int, name: String);
         packed{order, name} <= item{order, name};
         parcel{order, items: count()} <= ship{order}, packed{order};",
        &expect![[r#"
            before: parcel run
            advise key-order on item, ship by order for parcel
            after: parcel run
        "#]],
    );
}

#[test]
fn what_shares_a_source_shares_a_log() {
    coordinates(
        "node Desk replicated {
           input  put(key: Int, val: Int);
           input  get(key: Int);
           input  drop(key: Int);
           input  bid(lot: Int, sum: Int);
           input  close(lot: Int);
           output got(key: Int, val: Int);
           output sold(lot: Int, sum: Int);
           view   present(key: Int);
           table  store(key: Int, val: Int);
           table  bids(lot: Int, sum: Int);
           store{key, val} <= put{key, val};
           store{key, val} <- drop{key}, store{key, val};
           got{key, val}   <= get{key}, store{key, val};
           present{key}    <= store{key};
           bids{lot, sum}  <= bid{lot, sum};
           sold{lot, sum: max(sum)} <= close{lot}, bids{lot, sum};
         }",
        &expect![[r#"
            before: got diverge, sold instance, present wavers
            insert order "log" on put, get, drop for got, present
            insert order "log2" on bid, close for sold
            after: got run, sold run, present wavers
              #[ordered("log")]
              #[ordered("log")]
              #[ordered("log")]
              #[ordered("log2")]
              #[ordered("log2")]
        "#]],
    );
}

#[test]
fn replicas_wait_for_seals_where_that_is_cheaper() {
    let text = "
        node Desk replicated {
          input  bid(lot: Int, sum: Int) sealed by lot;
          input  close(lot: Int);
          output sold(lot: Int, sum: Int);
          table  bids(lot: Int, sum: Int);
          table  closing(lot: Int);
          bids{lot, sum}  <= bid{lot, sum};
          closing{lot}    <= close{lot};
          sold{lot, sum: max(sum)} <= closing{lot}, bids{lot, sum};
        }";
    coordinates(
        text,
        &expect![[r#"
        before: sold diverge
        insert seal on bid by lot for sold
        after: sold seal
          sold{lot: lot, sum: max(sum)} <= closing{lot: lot}, bids{lot: lot, sum: sum}, bid.sealed{lot: lot};
    "#]],
    );
    let (_, ordered) = shown(text, Coordination::Order);
    expect![[r#"
        before: sold diverge
        insert order "log" on bid, close for sold
        after: sold run
          #[ordered("log")]
          #[ordered("log")]
    "#]]
    .assert_eq(&ordered);
}

#[test]
fn a_log_that_the_author_gave_is_used() {
    coordinates(
        "node Desk replicated {
           #[ordered(\"ledger\")]
           input  bid(lot: Int, sum: Int);
           input  close(lot: Int);
           output sold(lot: Int, sum: Int);
           table  bids(lot: Int, sum: Int);
           bids{lot, sum}  <= bid{lot, sum};
           sold{lot, sum: max(sum)} <= close{lot}, bids{lot, sum};
         }",
        &expect![[r#"
            before: sold instance
            insert order "ledger" on bid, close for sold
            after: sold run
        "#]],
    );
}

#[test]
fn no_order_mends_a_clock() {
    let program = |accepted: &str| {
        format!(
            "node Desk replicated {{
               input  ask(id: Int);
               {accepted}
               output answer(id: Int, at: Time);
               answer{{id, at: now()}} <= ask{{id}};
             }}"
        )
    };
    coordinates(
        &program(""),
        &expect![[r#"
            before: answer instance
            E0701 replicas may differ in `answer`, and no order of messages mends it
            after: answer instance
        "#]],
    );
    coordinates(
        &program("#[nondeterministic(\"each by its own clock\")]"),
        &expect![[r#"
            before: answer instance
            after: answer instance
        "#]],
    );
}
