//! Groups of rules, and where they are left out. Several in a module may bear one name, and are one.

use super::super::{Role, Target};
use super::{Level, Walk};
use crate::base::FileSpan;
use crate::syntax::ast::{Include, ItemKind, Name, RuleGroup};

impl<'s> Walk<'_, 's, '_> {
    pub(super) fn group(&mut self, rules: &'s RuleGroup) {
        let (items, base) = self.around;
        let level = Level {
            file: self.file,
            base,
            items,
        };
        if let Some(target) = first(level, &rules.name) {
            self.add(rules.name.span, Role::Declares, target);
        }
        rules.rules.iter().for_each(|rule| self.rule(rule));
    }

    pub(super) fn include(&mut self, include: &'s Include) {
        self.module_ref(&include.target);
        let module = self.module(&include.target.path).last().copied().flatten();
        let level = module.and_then(|module| self.levels.get(&module).copied());
        for name in &include.without {
            if let Some(target) = level.and_then(|level| first(level, name)) {
                self.add(name.span, Role::Reads, target);
            }
        }
    }
}

/// The first group of a name, which stands for all.
fn first(level: Level<'_>, name: &Name) -> Option<Target> {
    level.items.iter().find_map(|node| match &node.item.kind {
        ItemKind::Rules(group) if group.name.text == name.text => {
            let span = group.name.span.shifted(level.base + node.offset);
            Some(Target::Group(FileSpan::new(level.file, span)))
        }
        _ => None,
    })
}
