//! Rules that are items, as most items of a large program are.
//!
//! Where trees are kept for as long as an editor is open, such a rule is folded: its text stands for its tree, which is
//! read from it again for whoever asks. The tree takes ten times the memory of the text, and is asked for when the rule
//! is resolved and hardly ever after that.

use std::borrow::Cow;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::OnceLock;

use super::Rule;
use crate::syntax::parser::read_rule;

/// A rule that is an item.
#[derive(Clone)]
pub struct RuleItem {
    /// The text of the item, if the rule is folded.
    text: Option<Box<str>>,
    tree: OnceLock<Box<Rule>>,
}

impl RuleItem {
    pub fn new(rule: Rule) -> Self {
        Self {
            text: None,
            tree: OnceLock::from(Box::new(rule)),
        }
    }

    /// The rule as the item with this text has it, in which nothing is wrong.
    pub fn folded(text: &str) -> Self {
        Self {
            text: Some(text.into()),
            tree: OnceLock::new(),
        }
    }

    /// The rule for whoever looks at it once.
    pub fn read(&self) -> Cow<'_, Rule> {
        match self.tree.get() {
            Some(rule) => Cow::Borrowed(rule),
            None => Cow::Owned(unfolded(self.text.as_deref())),
        }
    }

    /// The rule for whoever looks at few, and keeps hold of them: its tree stays.
    pub fn tree(&self) -> &Rule {
        self.tree
            .get_or_init(|| Box::new(unfolded(self.text.as_deref())))
    }

    pub fn into_rule(self) -> Rule {
        match self.tree.into_inner() {
            Some(rule) => *rule,
            None => unfolded(self.text.as_deref()),
        }
    }
}

fn unfolded(text: Option<&str>) -> Rule {
    let rule = text.and_then(read_rule);
    rule.expect("a rule is folded only if its text has been read as one")
}

impl PartialEq for RuleItem {
    fn eq(&self, other: &Self) -> bool {
        // Of the same text the same tree is read.
        self.text.is_some() && self.text == other.text || self.read() == other.read()
    }
}

impl Eq for RuleItem {}

impl Hash for RuleItem {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.read().hash(state);
    }
}

impl fmt::Debug for RuleItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.read().fmt(f)
    }
}
