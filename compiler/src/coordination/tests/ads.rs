//! The queries of the ad-tracking network (Alvaro et al., "Blazes", ICDE 2014, §2.2) at replicated servers.

use expect_test::{Expect, expect};

use super::coordinates;

/// The server with a query over `clicks` and `requests`.
fn query(sealed: &str, query: &str, expect: &Expect) {
    coordinates(
        &format!(
            "node Server replicated {{
               input  hit(ad: Int, campaign: Int, window: Int, user: Int){sealed};
               input  ask(ad: Int, campaign: Int, window: Int);
               output answer(ad: Int, campaign: Int, window: Int);
               table  hits(ad: Int, campaign: Int, window: Int, user: Int);
               table  asked(ad: Int, campaign: Int, window: Int);
               hits{{ad, campaign, window, user}} <= hit{{ad, campaign, window, user}};
               asked{{ad, campaign, window}} <= ask{{ad, campaign, window}};
               {query}
             }}"
        ),
        expect,
    );
}

const WINDOW: &str = "scratch few(ad: Int, campaign: Int, window: Int => n: Int);
    few{ad, campaign, window, n: count()} <= hits{ad, campaign, window};
    answer{ad, campaign, window} <= asked{ad, campaign, window}, few{ad, campaign, window, n}, n < 10;";

const CAMPAIGN: &str = "scratch few(ad: Int, campaign: Int => n: Int);
    few{ad, campaign, n: count()} <= hits{ad, campaign};
    answer{ad, campaign, window} <= asked{ad, campaign, window}, few{ad, campaign, n}, n < 10;";

#[test]
fn a_threshold_needs_nothing() {
    query(
        "",
        "scratch many(ad: Int => n: Int);
         many{ad, n: count()} <= hits{ad};
         answer{ad, campaign, window} <= asked{ad, campaign, window}, many{ad, n}, n >= 10;",
        &expect![[r#"
            before: answer async
            after: answer async
        "#]],
    );
}

#[test]
fn poor_performers_need_an_order() {
    query(
        "",
        "scratch few(ad: Int => n: Int);
         few{ad, n: count()} <= hits{ad};
         answer{ad, campaign, window} <= asked{ad, campaign, window}, few{ad, n}, n < 10;",
        &expect![[r#"
            before: answer diverge
            insert order "log" on hit, ask for answer
            after: answer run
              #[ordered("log")]
              #[ordered("log")]
        "#]],
    );
}

#[test]
fn a_window_is_sealed() {
    query(
        " sealed by window",
        WINDOW,
        &expect![[r#"
        before: answer diverge
        insert seal on hit by window for answer
        after: answer seal
          answer{ad: ad, campaign: campaign, window: window} <= asked{ad: ad, campaign: campaign, window: window}, few{ad: ad, campaign: campaign, window: window, n: n}, (n < 10), hit.sealed{window: window};
    "#]],
    );
}

#[test]
fn a_campaign_is_sealed() {
    query(
        " sealed by campaign",
        CAMPAIGN,
        &expect![[r#"
        before: answer diverge
        insert seal on hit by campaign for answer
        after: answer seal
          answer{ad: ad, campaign: campaign, window: window} <= asked{ad: ad, campaign: campaign, window: window}, few{ad: ad, campaign: campaign, n: n}, (n < 10), hit.sealed{campaign: campaign};
    "#]],
    );
}

#[test]
fn a_campaign_with_only_its_windows_sealed_needs_an_order() {
    query(
        " sealed by window",
        CAMPAIGN,
        &expect![[r#"
        before: answer diverge
        insert order "log" on hit, ask for answer
        after: answer run
          #[ordered("log")]
          #[ordered("log")]
    "#]],
    );
}
