//! The total order of values of one type (§4 of the language reference): contents word by word, each
//! by its own type, the shorter first on a common prefix; a bottom before everything else.

use std::cmp::Ordering;

use bloom_plan::types::{BOTTOM, Type, TypeId};
use bloom_plan::value::compare_floats;

use super::{Part, Store};

impl Store {
    pub fn compare(&self, ty: TypeId, a: u64, b: u64) -> Ordering {
        if a == b {
            return Ordering::Equal;
        }
        let class = self.types.class(ty);
        match self.types.get(class) {
            Type::Bool | Type::Or | Type::And | Type::Function { .. } => a.cmp(&b),
            Type::Int | Type::Time | Type::Duration | Type::Req => (a as i64).cmp(&(b as i64)),
            Type::Float => compare_floats(f64::from_bits(a), f64::from_bits(b)),
            _ if a == BOTTOM => Ordering::Less,
            _ if b == BOTTOM => Ordering::Greater,
            Type::String | Type::Bytes | Type::Addr => self.bytes(a).cmp(self.bytes(b)),
            _ => self.compare_contents(class, self.words(a), self.words(b)),
        }
    }

    fn compare_contents(&self, class: TypeId, a: &[u64], b: &[u64]) -> Ordering {
        for place in 0..a.len().min(b.len()) {
            if a[place] == b[place] {
                continue;
            }
            // Up to here the contents agree, so the type of the part is the same in both.
            return match self.types.part(class, a, place) {
                Part::Raw => a[place].cmp(&b[place]),
                Part::Of(part) => self.compare(part, a[place], b[place]),
            };
        }
        a.len().cmp(&b.len())
    }
}
