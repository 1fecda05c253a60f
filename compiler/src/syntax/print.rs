//! Trees as Bloom source, for programs that no one has written.
//!
//! What is printed parses to the same tree; blanks and lines are then left to the formatter. Parentheses are
//! put where the tree needs them.

mod expr;
mod item;
mod rule;
mod test;

use super::ast::{Collection, Expr, Literal, Module, ModuleItem, Rule, Type};
use super::format;

/// The whole module, laid out.
pub fn module(module: &Module) -> String {
    let mut printer = Printer::default();
    for line in &module.docs {
        printer.line(&format!("//! {}", line.text));
    }
    printer.items(&module.items);
    format(&printer.out).unwrap_or(printer.out)
}

/// One rule, laid out, without the end of its last line.
pub fn rule(rule: &Rule) -> String {
    let mut printer = Printer::default();
    printer.rule(rule);
    let text = format(&printer.out).unwrap_or(printer.out);
    text.trim_end().to_owned()
}

/// One literal of a body, on one line.
pub fn literal(literal: &Literal) -> String {
    let mut printer = Printer::default();
    printer.literal(literal);
    printer.out.trim_end().to_owned()
}

/// One expression, on one line.
pub fn expr(expr: &Expr) -> String {
    let mut printer = Printer::default();
    printer.expr(expr);
    printer.out.trim_end().to_owned()
}

/// One type, on one line.
pub fn ty(ty: &Type) -> String {
    let mut printer = Printer::default();
    printer.ty(ty);
    printer.out.trim_end().to_owned()
}

/// The declaration of a collection, laid out, without what documents its columns.
pub fn collection(collection: &Collection) -> String {
    let mut bare = collection.clone();
    let columns = bare.keys.iter_mut().chain(bare.values.iter_mut().flatten());
    columns.for_each(|column| column.docs.clear());
    let mut printer = Printer::default();
    printer.collection(&bare);
    let text = format(&printer.out).unwrap_or(printer.out);
    text.trim_end().to_owned()
}

/// A module up to its brace, laid out.
pub fn header(module: &ModuleItem) -> String {
    let mut printer = Printer::default();
    printer.module_header(module);
    printer.out.push_str("{}\n");
    let text = format(&printer.out).unwrap_or(printer.out);
    let text = text.trim_end().trim_end_matches('}').trim_end();
    text.trim_end_matches('{').trim_end().to_owned()
}

/// Writes tokens one after the other.
#[derive(Default)]
struct Printer {
    out: String,
}

impl Printer {
    /// Writes a word with a blank around it.
    fn word(&mut self, text: impl AsRef<str>) {
        self.blank();
        self.out.push_str(text.as_ref());
        self.out.push(' ');
    }

    /// Writes a mark right after what stands there.
    fn mark(&mut self, text: &str) {
        self.out.truncate(self.out.trim_end_matches(' ').len());
        self.out.push_str(text);
    }

    /// Writes a mark between operands.
    fn infix(&mut self, text: &str) {
        self.word(text);
    }

    fn blank(&mut self) {
        let tight = [' ', '\n', '(', '[', '{', '.', '@', '<', '-', '!', '|', '#'];
        if !self.out.is_empty() && !self.out.ends_with(tight) {
            self.out.push(' ');
        }
    }

    /// Writes a line that is no token: a comment.
    fn line(&mut self, text: &str) {
        self.out.push_str(text.trim_end());
        self.out.push('\n');
    }

    /// Ends a unit.
    fn end(&mut self) {
        self.mark(";\n");
    }

    /// Writes the elements with commas between them.
    fn commas<T>(&mut self, elements: &[T], mut write: impl FnMut(&mut Self, &T)) {
        for (i, element) in elements.iter().enumerate() {
            if i > 0 {
                self.mark(", ");
            }
            write(self, element);
        }
    }

    /// Writes the elements between brackets that stick to what stands before.
    fn bracketed<T>(
        &mut self,
        brackets: (&str, &str),
        elements: &[T],
        write: impl FnMut(&mut Self, &T),
    ) {
        self.mark(brackets.0);
        self.commas(elements, write);
        self.mark(brackets.1);
    }
}

const PARENS: (&str, &str) = ("(", ")");
const BRACES: (&str, &str) = ("{", "}");
