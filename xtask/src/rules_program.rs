//! A large program that is the same for the same seed on every machine, to measure the front end by.
//!
//! It consists of groups of collections with the rules that fill them, each rule on a line of its own.
//! A group reads groups shortly before it, so the program is one long graph: it joins, recurs, negates,
//! counts, keeps the greatest in a lattice, sends and defers. It has no mistakes and no warnings.

use bloom_stdx::random::Random;

/// How far back a group reads.
const REACH: usize = 12;

/// The text of a program with so many rules.
pub fn text(rules: usize, seed: u64) -> String {
    program(rules, seed, true)
}

/// As [`text`], but rows do not multiply: with [`FACTS`] every group has a few, and each rule something to read.
pub fn text_to_run(rules: usize, seed: u64) -> String {
    program(rules, seed, false)
}

/// Files of rows that reach all groups.
pub const FACTS: [(&str, &str); 2] = [
    ("order.csv", "id,group,amount\n1,1,1000\n2,1,1001\n"),
    ("link.csv", "from,to\n1,2\n"),
];

fn program(rules: usize, seed: u64, multiplies: bool) -> String {
    let mut program = Program {
        text: String::from(PREFACE),
        random: Random::new(seed),
        left: rules,
        multiplies,
    };
    let mut group = 0;
    while program.left > 0 {
        program.group(group);
        group += 1;
    }
    program.text
}

const PREFACE: &str = "\
//! Orders that pass through many stages.

input order(id: Int, group: Int, amount: Int);
input link(from: Int, to: Int);
channel wire(@to: Addr, stage: Int, id: Int, amount: Int);
output seen(stage: Int, id: Int);
";

struct Program {
    text: String,
    random: Random,
    /// Rules that are still to be written.
    left: usize,
    /// Whether rules make rows with other numbers of each that they read.
    multiplies: bool,
}

impl Program {
    fn group(&mut self, group: usize) {
        self.text.push_str(&format!(
            "\ntable   orders{group}(id: Int, group: Int, amount: Int);\n\
             scratch open{group}(id: Int, group: Int);\n\
             scratch rows{group}(group: Int => rows: Int);\n\
             table   high{group}(group: Int => amount: Max<Int>);\n"
        ));
        let source = match group {
            0 => "order".to_owned(),
            _ => format!("orders{}", self.before(group)),
        };
        let [least, without, many, times] = std::array::from_fn(|_| self.small());
        for rule in [
            format!(
                "orders{group}{{id, group, amount}} <= {source}{{id, group, amount}}, amount > {least};"
            ),
            format!("high{group}{{group, amount}} <= orders{group}{{group, amount}};"),
            format!(
                "open{group}{{id, group}} <= orders{group}{{id, group}}, not {source}{{id, group: {without}}};"
            ),
            format!("rows{group}{{group, rows: count()}} <= open{group}{{group}};"),
            format!(
                "seen{{stage: {group}, id}} <= rows{group}{{group, rows}}, open{group}{{id, group}}, rows > {many};"
            ),
            format!(
                "wire{{to: self, stage: {group}, id, amount: amount * {times}}} <~ orders{group}{{id, amount}};"
            ),
        ] {
            self.rule(&rule);
        }
        for _ in 0..4 {
            let rule = self.further(group);
            self.rule(&rule);
        }
    }

    /// A rule of a form drawn at random that derives more of the group's orders.
    fn further(&mut self, group: usize) -> String {
        let (n, m) = (self.small(), self.small());
        let (a, b) = (self.before(group), self.before(group));
        if group == 0 {
            return format!(
                "orders0{{id, group: {n}, amount}} <= order{{id, group: {m}, amount}};"
            );
        }
        let (sum, rest, steps) = match self.multiplies {
            true => ("a + b", format!("{m} + {n}"), format!("group + {n}, {m}")),
            false => ("a", "2 + 1000".to_owned(), "1".to_owned()),
        };
        match self.random.below(6) {
            0 => format!(
                "orders{group}{{id, group: to, amount}} <= orders{group}{{id, group, amount}}, link{{from: group, to}};"
            ),
            1 => format!(
                "orders{group}{{id, group, amount: {sum}}} <= orders{a}{{id, group, amount: a}}, orders{b}{{id, amount: b}}, a < b + {n};"
            ),
            2 => format!(
                "orders{group}{{id, group, amount}} <= orders{a}{{id, group, amount: was}}, let amount = was % {rest};"
            ),
            3 => format!(
                "orders{group}{{id, group, amount: {n}}} <+ orders{group}{{id, group, amount: {m}}};"
            ),
            4 => format!(
                "orders{group}{{id, group, amount}} <= orders{a}{{id, group, amount}}, high{b}{{group, amount: high}}, high >= {n};"
            ),
            _ => format!(
                "orders{group}{{id, group: step, amount}} <= orders{a}{{id, group, amount}}, step in [group, {steps}];"
            ),
        }
    }

    fn rule(&mut self, text: &str) {
        if self.left > 0 {
            self.left -= 1;
            self.text.push_str(text);
            self.text.push('\n');
        }
    }

    /// A group shortly before this one; 0 for the first.
    fn before(&mut self, group: usize) -> usize {
        let reach = group.min(REACH);
        match reach {
            0 => 0,
            _ => group - 1 - self.random.below(reach),
        }
    }

    fn small(&mut self) -> usize {
        1 + self.random.below(900)
    }
}

#[cfg(test)]
mod tests {
    use super::{text, text_to_run};

    #[test]
    fn a_seed_gives_one_program_of_so_many_rules() {
        assert_eq!(text(137, 1), text(137, 1));
        assert_ne!(text(137, 1), text(137, 2));
        let rules = |text: &str| text.lines().filter(|line| line.contains(" <")).count();
        assert_eq!(rules(&text(137, 1)), 137);
        assert_eq!(rules(&text_to_run(137, 1)), 137);
    }
}
