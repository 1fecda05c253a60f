//! One template for each reason by which the analysis calls a program clean, with near misses of it.
//!
//! See [`super::template`] for how they are written. Each must have an output or a view.

/// Names with texts.
pub const TEMPLATES: [(&str, &str); 59] = [
    (
        "guarded join",
        "input p(a); input q(a); [table|scratch] pt(a); [table|scratch|table] qt(a); [output|view] o(a);
         pt(x) <= p(x); qt(x) <[=|+] q(x); o(x) <= pt(x), qt([x|y]);",
    ),
    (
        "join captured in a table",
        "input p(a[1:, b|]); input q(a); table m(a); [output|view] o(a);
         m(x) <[=|+] p(x[1:, _|]), q([x|_]); o(x) <= m(x);",
    ),
    (
        "join of a collection with itself",
        "input p(a, b); [table|scratch|scratch] t(a, b); output o(a); t(x, y) <= p(x, y); o(x) <= t(x, y), t(y, [z|x]);",
    ),
    (
        "threshold on a count",
        "input p(a[1:|, b]); [table|table|scratch] t(a[1:|, b]); scratch n([2:|a]=> c); output o(a); static s(a); s(1);
         t(x[1:|, y]) <= p(x[1:|, y]); n([2:|x, ]count()) <= t(x[1:|, _]); o(x) <= s(x), n([2:|_, ]c), c [>=|>|==|<|<=|!=] [2|1|0];",
    ),
    (
        "threshold on a count of a group",
        "input p(a, b); [table|table|scratch] t(a, b); scratch n(a => c); [output|view] o(a[1:|, c]);
         t(x, y) <= p(x, y); n(x, count([|distinct y])) <= t(x, y); o(x[1:|, c]) <= n(x, c), c [>=|==|<|>|<=] 2;",
    ),
    (
        "threshold on an extreme",
        "input p(a, b); [table|scratch] t(a, b); scratch n(a => c); [output|view] o(a);
         t(x, y) <= p(x, y); n(x, [max|min|sum](y)) <= t(x, y); o(x) <= n(x, c), c [>=|<=|==|<] 2;",
    ),
    (
        "a count whose value is not used",
        "input p(a); [table|scratch|scratch] t(a); scratch n(=> c); output o(a); static s(a); s(2);
         t(x) <= p(x); n(count()) <= t(x); o(x) <= s(x), n([1:_|c])[1:|, c == 1];",
    ),
    (
        "unanimity",
        "[static|static|table] m(a); input p(a); [table|table|scratch] v(a); scratch missing(a); output o(b); static s(b); s(1); m(1); m(2);
         v(x) <= p(x); missing(x) <= m(x), not v([x|_]); o(x) <= s(x), not missing([_|x|1]);",
    ),
    (
        "unanimity with a membership that grows",
        "input j(a); [table] m(a); input p(a); table v(a); scratch missing(a); [output|view] o(b); static s(b); s(1);
         m(x) <= j(x); v(x) <= p(x); missing(x) <= m(x), not v(x); o(x) <= s(x), not missing(_);",
    ),
    (
        "unanimity a transaction",
        "input begin(t => a)[ immutable|]; input p(t, a); table started(t[1:|, a]); table m(t, a); table v(t, a); scratch missing(t); output o(t);
         started(x[1:|, y]) <= begin(x, y); m(x, y) <= begin(x, y); v(x, y) <= p(x, y); missing(x) <= m(x, y), not v(x, y); o(x) <= [m(x, _)|started(x[1:|, _])], not missing(x);",
    ),
    (
        "unanimity over members in one row",
        "input begin(t => n)[ immutable|]; input p(t, a); [table|scratch] m(t => n); table v(t, a); scratch missing(t); output o(t);
         m(x, n) <= begin(x, n); v(x, y) <= p(x, y); missing(x) <= m(x, n), i in 0..n, let j = i + 1, not v(x, j); o(x) <= m(x, _), not missing(x);",
    ),
    (
        "all of a bounded count",
        "static m(a); input p(a); table v(a); scratch n(=> c); output o(b); static s(b); s(1); m(1); m(2);
         v(x) <= p(x)[, m(x)|]; n(count([|distinct x])) <= v(x)[|, m(x)]; o(x) <= s(x), n(c), c == [2|1|3];",
    ),
    (
        "count that waits for a seal",
        "input p(a, b) sealed by [a|b]; [table|table|scratch] t(a, b); output o(a[1:, c|]);
         t(x, y) <= p(x, y); o(x[1:, count([|distinct y])|]) <= p.sealed([x|_|y]), t(x, y);",
    ),
    (
        "negation that waits for a seal",
        "input p(a, b) sealed by a; table t(a, b); input q(a); table r(a); [output|view] o(a);
         t(x, y) <= p(x, y); r(x) <= q(x); o(x) <= r(x), p.sealed([x|_]), not t([x|_], [_|1]);",
    ),
    (
        "count that waits for a seal kept in a table",
        "input p(a, b) sealed by a; table t(a, b); table closed(a); output o(a, c); scratch n(a => c);
         t(x, y) <= p(x, y); closed(x) <[=|+] p.sealed(x); n(x, count()) <= t(x, _); o(x, c) <= n(x, c), [p.sealed|closed]([x|_]);",
    ),
    (
        "trigger that goes when it was handled",
        "input p(a, b) sealed by a; input q(a); input w(a); table t(a, b); table k(a); table u(a); output o(a[1:, c|]);
         t(x, y) <= p(x, y); u(x) <= w(x); k(x) <= q(x); k(x) <- k(x)[, p.sealed(x)||, p.sealed(_)|, t(x, _)];
         o(x[1:, count()|]) <= k(x)[, p.sealed(x)|], t(x, y)[|, u(x)|, not u(x)];",
    ),
    (
        "answers of all members",
        "[static m(a);|static m(a);|table m(a);|table m(a); m(x) <= j(x);] input q(k); input p(k, a => c)[ immutable|]; input j(a); table asked(k); table t(k, a => c); scratch g(k); output o(k, c); m(1); m(2);
         asked(k) <= q(k); t(k, x, z) <= p(k, x, z); g(k) <= asked(k), m(x), not t(k, [x|_], _);
         o(k, [max(z)|count()]) <= asked(k), not g([k|_]), [m(y), t(k, y, z)|t(k, _, z)|m(_), t(k, _, z)];",
    ),
    (
        "phases that members end",
        "[static|static|table] m(a); input p(a, n); table t(a, n); table h(n); scratch g(n); [output|view] o(n); m(1); m(2); h(1);
         t(x, n) <= p(x, n); [|t(x, n) <- p(x, n), n > 1;]g(n) <= h(n), m(x), not t(x, n); h(n + 1) <+ h(n), not g(n), n < 3; [o(n) <= h(n)|o(n) <= h(n), not g(n)];",
    ),
    (
        "capture of what a seal freezes",
        "input p(a, b) sealed by a; table t(a => m: [Max<Int>|Min<Int>]); output o(a, b);
         t(x, y) <= p(x, y); o(x, v) <= t(x, m), [p.sealed(x), |]let v = m.reveal;",
    ),
    (
        "a sealed partition minus what grows",
        "input p(a) sealed by a; input q(a) [1:sealed by a|]; table t(a); table u(a); output o(a);
         t(x) <= p(x); u(x) <= q(x); o(x) <= t(x), not u(x), [1:q|p].sealed(x);",
    ),
    (
        "a seal that races with what is not there",
        "input p(a) sealed by a; input q(a); [scratch|table] u(a); [output|view] o(a); u(x) <= q(x); o(x) <= p.sealed(x), [not u([x|_])|u(x)];",
    ),
    (
        "the lack of a seal",
        "input p(a) sealed by a; input q(a); [table|scratch] t(a); table c(a); output o(a); t(x) <= q(x); c(x) <[=|+] p.sealed(x); o(x) <= t(x), not [p.sealed|c](x);",
    ),
    (
        "what is there while nothing comes",
        "input p(a); input q(a); input r(a); table t(a); [scratch|table] u(a); output o(a); [output|view] w(a);
         t(x) <= p(x); t(x) <- r(x); u(x) <= q(x); w(x) <= [q(x)|r(x)|t(x)]; o(x) <= t(x), not u([x|_]);",
    ),
    (
        "a count of what lives for one tick",
        "input p(a); input q(a); table t(a); scratch s(a); scratch n(=> c); output o(c); t(x) <= p(x); s(x) <= t(x); s(x) <= [q|p](x); n(count()) <= s(_); o(c) <= n(c)[|, q(_)];",
    ),
    (
        "send once by key",
        "input p(k => v) [immutable|]; loopback out(k => v); [table|scratch] sent(k); table got(k[, | => ]v); output o(k, v);
         out(x, y) <~ p(x, y), not sent([x|_]); sent(x) <+ [out(x, _)|p(x, _)|got(x, _)]; got(x, y) <= out(x, y); o(x, y) <= got(x, y);",
    ),
    (
        "insert once by key",
        "input p(k[ => |, ]v)[ immutable|]; table t(k, v); output o(k, v); t(x, y) <+ p(x, y), not t(x, [_|y]); o(x, y) <= t(x, y);",
    ),
    (
        "send until acked",
        "input p(a); table pending(a); table acked(a); loopback data(a); loopback ack(a); [output|view] o(a);
         pending(x) <= p(x); data(x) <~ pending(x), not acked(x); ack(x) <~ data(x); acked(x) <[=|+] ack(x); o(x) <= [data(x)|acked(x)|t(x), not acked(x)]; table t(a); input q(a); t(x) <= q(x);",
    ),
    (
        "send once until acked with a receiver's table",
        "input p(a, b); table sent(a[1:, b|]); loopback data(a, b); table got(a, b); output o(a, b);
         data(x, y) <~ p(x, y), not sent(x[1:, y|]); sent(x[1:, y|]) <+ p(x, y); got(x, y) <= data(x, y); o(x, y) <= got(x, y);",
    ),
    (
        "tombstones",
        "input p(a); input q(a); table t(a); [table|table|scratch] u(a); [view|output] o(a); scratch live(a);
         t(x) <= p(x); u(x) <[=|+] q(x); live(x) <= t(x), not u([x|_]); o(x) <= live(x);",
    ),
    (
        "deletes by tombstone",
        "input p(a); input q(a); table t(a); [table|table|scratch] u(a); [view|output] o(a);
         t(x) <[=|+] p(x); u(x) <= q(x); t(x) <- u(x); o(x) <= t(x);",
    ),
    (
        "deletes by event",
        "input p(a); input q(a); table t(a); [view|output] o(a); t(x) <= p(x); t(x) <- q(x)[|, t(x)]; o(x) <= t(x);",
    ),
    (
        "deletes from what is derived anew",
        "input p(a); input q(a); table s(a); table t(a); table u(a); [view|output] o(a);
         s(x) <= p(x); u(x) <= q(x); t(x) <[=|+] s(x); t(x) <- u(x); o(x) <= t(x)[|, not u(x)];",
    ),
    (
        "last writer by a total order",
        "input p(k, s, v)[| immutable]; table t(k => w: Lww<Int, Int>); [view|output] o(k, v);
         t(x, Lww(s, v)) <= p(x, s, v); o(x, v) <= t(x, w), let v = w.reveal;",
    ),
    (
        "last writer by argmax",
        "input p(k, s, v); [table|scratch] t(k, s, v); [view|output] o(k => v);
         t(x, s, v) <= p(x, s, v); o(x, argmax(v by s)) <= t(x, s, v);",
    ),
    (
        "register",
        "input p(k[ => |, ]v)[| immutable]; table t(k => v); [view|output] o(k, v); t(x, y) <+- p(x, y); o(x, y) <= t(x, y);",
    ),
    (
        "register that is written once a key",
        "input p(k => v) immutable; table t(k => v); [view|output] o(k, v); t(x, y) <[+-|=|+] p(x, y); o(x, y) <= t(x, y);",
    ),
    (
        "key that two rows may claim",
        "input p(k, v); table t(k => v); [output|view] o(k[1:, v|]); t(x, y) <= p(x, y); o(x[1:, y|]) <= t(x, [1:y|_]);",
    ),
    (
        "choice that a dependency makes unique",
        "input p(k => v)[ immutable|]; table t(k, v); output o(k, v); t(x, y) <= p(x, y); o(x, [min|max|sum](y)) <= t(x, y);",
    ),
    (
        "a rule within another",
        "input p(a); input q(a); table t(a); [table|scratch] u(a); output o(a);
         t(x) <= p(x); u(x) <= q(x); o(x) <= [t(x)|q(x)]; o(x) <= t(x), not u(x);",
    ),
    (
        "manifest and dense ids",
        "input f(=> n)[ immutable|]; input p(i); [table|scratch] m(=> n); table t(i); scratch missing(i); output o(n);
         m(n) <= f(n); t(i) <= p(i); missing(i) <= m(n), i in 1..n, not t(i); o(n) <= m(n), not missing([_|1]);",
    ),
    (
        "manifest and a count",
        "input f(k => n)[ immutable|]; input p(k, i); table m(k => n); table t(k, i); scratch c(k => n); output o(k);
         m(k, n) <= f(k, n); t(k, i) <= p(k, i)[|, i <= 2]; c(k, count()) <= t(k, i); o(k) <= m(k, n), c(k, [1:n|d])[1:|, d >= n];",
    ),
    (
        "gossip of a table",
        "input p(a); [table|scratch] t(a); periodic beat(); loopback g(a); [table|scratch] u(a); output o(a);
         t(x) <= p(x); g(x) <~ beat(_, _), t(x); u(x) <= g(x); o(x) <= u(x);",
    ),
    (
        "snapshot by a timer",
        "input p(a); table t(a); periodic beat(); [output|view] o(a[1:|, i]); o(x[1:|, i]) <= beat([1:_|i], _), t(x); t(x) <= p(x);",
    ),
    (
        "versioned export",
        "input p(a); table t(=> m: Max<Int>); loopback e(v); table seen(=> m: [Max<Int>|Min<Int>]); [view|output] o(v);
         t(x) <= p(x); e(v) <~ t(m), let v = m.reveal; seen(v) <= e(v); o(v) <= seen(m), let v = m.reveal;",
    ),
    (
        "lattice threshold",
        "input p(a, b); [table|scratch] t(a => m: Max<Int>); output o(a); t(x, y) <= p(x, y); o(x) <= t(x, m), [m >= 2|m > 1|m.reveal == 2|m.reveal < 2];",
    ),
    (
        "lattice threshold downward",
        "input p(a, b); [table|scratch] t(a => m: Min<Int>); [output|view] o(a); t(x, y) <= p(x, y); o(x) <= t(x, m), [m <= 1|m < 2|m.reveal >= 2|m.reveal == 1];",
    ),
    (
        "size of a set",
        "input p(a, b); [table|scratch] t(a => s: Set<Int>); output o(a); t(x, {y}) <= p(x, y); o(x) <= t(x, s), [s.size() >= 2|s.contains(2)|s.reveal.size() == 1|s.reveal == {1}];",
    ),
    (
        "size of a set merged into a lattice",
        "input p(a); [table|scratch] t(=> s: Set<Int>); table n(=> m: Max<Int>); output o(b); static r(b); r(1);
         t({x}) <= p(x); n(s.size()) <= t(s); o(x) <= r(x), n(m), m >= [2|1];",
    ),
    (
        "flag",
        "input p(a); [table|scratch] t(=> f: Or); [output|view] o(b); static r(b); r(1); t(x >= 2) <= p(x); o(x) <= r(x), t(f), [f|f.reveal|!f.reveal];",
    ),
    (
        "lattice over a channel",
        "input p(a); [table|scratch] t(=> m: Max<Int>); loopback e(=> m: Max<Int>); [table|scratch] u(=> m: Max<Int>); output o(a); static r(a); r(1);
         t(x) <= p(x); e(m) <~ t(m); u(m) <= e(m); o(x) <= r(x), u(m), m >= [2|1];",
    ),
    (
        "function of a lattice on one batch",
        "input p(a); [table|scratch] t(=> s: Set<Int>); [table|scratch] u(=> s: Set<Int>); output o(a);
         t({x}) <= p(x); u(s[.union({1})|.intersect({1, 2})|]) <= t(s); o(x) <= u(s), x in [s|s.reveal];",
    ),
    (
        "reach",
        "input p(a, b); [table|scratch] e(a, b); [table|scratch] r(a, b); [output|view] o(a, b);
         e(x, y) <= p(x, y); r(x, y) <= e(x, y); r(x, z) <= r(x, y), [e|r](y, z); o(x, y) <= r(x, y)[|, not e(y, x)];",
    ),
    (
        "unreached",
        "input p(a, b); static n(a); table e(a, b); scratch r(a); [view|output] o(a); n(1); n(2);
         e(x, y) <= p(x, y); r(x) <= e([1|x], x); r(y) <= r(x), e(x, y); o(x) <= n(x), not r(x);",
    ),
    (
        "toggle",
        "input p(a); [table|scratch] t(a); [scratch|table] u(a); [view|output] o(a); t(x) <= p(x); u(x) <+ t(x)[|, not u(x)]; o(x) <= u(x);",
    ),
    (
        "what has not come is sent",
        "input p(a); input q(a); table t(a); table u(a); loopback c(a); [table|scratch] m(a); output o(a);
         t(x) <= p(x); u(x) <= q(x); c(x) <~ t(x)[|, not u(x)]; m(x) <= c(x); o(x) <= m(x);",
    ),
    (
        "over a static",
        "static s(a, b); scratch u(a); input p(a); output o(a[1:|, b]); s(1, 1); s(1, 2); s(2, 2);
         scratch n(a => c); n(x, count()) <= s(x, _); u(x) <= s(x, y), not s(y, x); o(x[1:|, c]) <= p(x), n(x, c), [c >= 1|not u(x)|c == 2];",
    ),
    (
        "a relay",
        "channel c(a); A: input p(a); c(peer, x) <~ p(x); B: [table|scratch] t(a); input q(a); table u(a); [output|view] o(a);
         t(x) <= c(_, x); u(x) <= q(x); o(x) <= t(x)[, u(x)|, not u(x)|];",
    ),
    (
        "a relay of what has not come",
        "channel c(a); A: input p(a); input q(a); table pt(a); table qt(a); pt(x) <= p(x); qt(x) <= q(x); c(peer, x) <~ pt(x), [qt(x)|not qt(x)];
         B: [table|scratch] t(a); [output|view] o(a); t(x) <= c(_, x); o(x) <= t(x);",
    ),
    (
        "deferred step",
        "input p(a); input q(a); scratch s(a); [table|scratch] t(a); output o(a); s(x) <[=|+] p(x); t(x) <[=|+] q(x); o(x) <= s(x)[|, t(x)|, not t(x)];",
    ),
];
