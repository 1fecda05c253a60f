//! Which matches miss a value and which arms none can reach (Maranget, "Warnings for pattern
//! matching", JFP 2007, §3: the usefulness of a row of patterns against a matrix of rows).
//!
//! The patterns here are shapes without names or types: a [`Shape`] is `_` or a constructor with
//! parts. What constructors a type has comes from the caller, by the type's own handle.

use bloom_plan::value::Value;

/// A pattern, as far as matching goes.
#[derive(Clone, PartialEq, Debug)]
pub enum Shape {
    Any,
    Of(Constructor, Vec<Shape>),
}

#[derive(Clone, PartialEq, Debug)]
pub enum Constructor {
    /// A variant of an enum, by number.
    Variant(u32),
    /// The only constructor of a tuple, record or lattice.
    Only,
    /// A list of exactly so many elements.
    List(usize),
    Literal(Value),
}

/// The constructors that a type's values are built by.
pub trait Constructors {
    type Ty: Copy;

    /// All constructors with the types of their parts, or none where there are too many to tell.
    fn all(&mut self, ty: Self::Ty) -> Option<Vec<(Constructor, Vec<Self::Ty>)>>;

    /// The types of a constructor's parts.
    fn parts(&mut self, ty: Self::Ty, constructor: &Constructor) -> Vec<Self::Ty>;
}

/// What is wrong with a match.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Verdict {
    /// A value that no arm takes.
    pub missing: Option<Shape>,
    /// The arms, by place, that no value reaches.
    pub unreachable: Vec<usize>,
}

/// Steps after which a match is given the benefit of the doubt: the problem is NP-hard.
const STEPS_MAX: usize = 100_000;

/// Judges the arms of a match on `ty`. An arm with a guard takes nothing for sure.
pub fn judge<C: Constructors>(types: &mut C, ty: C::Ty, arms: &[(Shape, bool)]) -> Verdict {
    let mut search = Search { types, steps: 0 };
    let mut verdict = Verdict::default();
    let mut rows: Vec<Vec<Shape>> = Vec::new();
    for (place, (shape, guarded)) in arms.iter().enumerate() {
        if search
            .witness(&rows, std::slice::from_ref(shape), &[ty])
            .is_none()
        {
            verdict.unreachable.push(place);
        }
        if !guarded {
            rows.push(vec![shape.clone()]);
        }
    }
    verdict.missing = search
        .witness(&rows, &[Shape::Any], &[ty])
        .and_then(|mut parts| parts.pop());
    if search.steps >= STEPS_MAX {
        return Verdict::default();
    }
    verdict
}

struct Search<'a, C> {
    types: &'a mut C,
    steps: usize,
}

impl<C: Constructors> Search<'_, C> {
    /// Values that the row takes and no row before it does, if there are any.
    fn witness(&mut self, rows: &[Vec<Shape>], row: &[Shape], tys: &[C::Ty]) -> Option<Vec<Shape>> {
        self.steps += 1;
        if self.steps >= STEPS_MAX {
            return None;
        }
        let (Some(first), Some(&ty)) = (row.first(), tys.first()) else {
            return rows.is_empty().then(Vec::new);
        };
        match first {
            Shape::Of(constructor, _) => self.witness_of(rows, row, tys, constructor),
            Shape::Any => match self.unnamed(rows, ty) {
                Unnamed::None(all) => all
                    .iter()
                    .find_map(|constructor| self.witness_of(rows, row, tys, constructor)),
                Unnamed::Some(example) => {
                    let rest: Vec<Vec<Shape>> = rows
                        .iter()
                        .filter(|row| row[0] == Shape::Any)
                        .map(|row| row[1..].to_vec())
                        .collect();
                    let mut found = self.witness(&rest, &row[1..], &tys[1..])?;
                    found.insert(0, example);
                    Some(found)
                }
            },
        }
    }

    fn witness_of(
        &mut self,
        rows: &[Vec<Shape>],
        row: &[Shape],
        tys: &[C::Ty],
        constructor: &Constructor,
    ) -> Option<Vec<Shape>> {
        let parts = self.types.parts(tys[0], constructor);
        let arity = parts.len();
        let rows: Vec<Vec<Shape>> = rows
            .iter()
            .filter_map(|row| specialize(row, constructor, arity))
            .collect();
        let row = specialize(row, constructor, arity)?;
        let tys: Vec<C::Ty> = parts.into_iter().chain(tys[1..].iter().copied()).collect();
        let mut found = self.witness(&rows, &row, &tys)?;
        let rest = found.split_off(arity);
        let mut result = vec![Shape::Of(constructor.clone(), found)];
        result.extend(rest);
        Some(result)
    }

    /// Whether the rows' first patterns name every constructor of the type.
    fn unnamed(&mut self, rows: &[Vec<Shape>], ty: C::Ty) -> Unnamed {
        let is_named = |constructor: &Constructor| {
            rows.iter()
                .any(|row| matches!(&row[0], Shape::Of(other, _) if other == constructor))
        };
        let Some(all) = self.types.all(ty) else {
            return Unnamed::Some(Shape::Any);
        };
        let missing = all.iter().find(|(constructor, _)| !is_named(constructor));
        match missing {
            // Nothing is named at all: the example is clearer as a wildcard.
            Some(_) if !all.iter().any(|(constructor, _)| is_named(constructor)) => {
                Unnamed::Some(Shape::Any)
            }
            Some((constructor, parts)) => Unnamed::Some(Shape::Of(
                constructor.clone(),
                vec![Shape::Any; parts.len()],
            )),
            None => Unnamed::None(
                all.into_iter()
                    .map(|(constructor, _)| constructor)
                    .collect(),
            ),
        }
    }
}

enum Unnamed {
    /// All constructors stand in some row.
    None(Vec<Constructor>),
    /// A shape that stands in none.
    Some(Shape),
}

/// The row for values built by `constructor`, its parts in place of the first pattern.
fn specialize(row: &[Shape], constructor: &Constructor, arity: usize) -> Option<Vec<Shape>> {
    let mut parts = match &row[0] {
        Shape::Any => Vec::new(),
        Shape::Of(own, parts) if own == constructor => parts.clone(),
        Shape::Of(..) => return None,
    };
    // A record's pattern leaves fields out at its end.
    parts.resize(arity, Shape::Any);
    Some(parts.into_iter().chain(row[1..].iter().cloned()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Type 0 is `Bool` as an enum, type 1 a pair of it, type 2 a number.
    struct Toy;

    impl Constructors for Toy {
        type Ty = u8;

        fn all(&mut self, ty: u8) -> Option<Vec<(Constructor, Vec<u8>)>> {
            match ty {
                0 => Some((0..2).map(|n| (Constructor::Variant(n), vec![])).collect()),
                1 => Some(vec![(Constructor::Only, vec![0, 0])]),
                _ => None,
            }
        }

        fn parts(&mut self, _: u8, constructor: &Constructor) -> Vec<u8> {
            match constructor {
                Constructor::Only => vec![0, 0],
                _ => vec![],
            }
        }
    }

    fn bool(n: u32) -> Shape {
        Shape::Of(Constructor::Variant(n), vec![])
    }

    fn pair(a: Shape, b: Shape) -> Shape {
        Shape::Of(Constructor::Only, vec![a, b])
    }

    #[test]
    fn a_missing_case_is_shown() {
        let arms = [
            (pair(bool(0), Shape::Any), false),
            (pair(Shape::Any, bool(0)), false),
        ];
        let verdict = judge(&mut Toy, 1, &arms);
        assert_eq!(verdict.missing, Some(pair(bool(1), bool(1))));
        assert!(verdict.unreachable.is_empty());
    }

    #[test]
    fn an_arm_behind_its_like_is_unreachable() {
        let arms = [
            (bool(0), false),
            (bool(0), false),
            (Shape::Any, false),
            (bool(1), false),
        ];
        let verdict = judge(&mut Toy, 0, &arms);
        assert_eq!(verdict.missing, None);
        assert_eq!(verdict.unreachable, vec![1, 3]);
    }

    #[test]
    fn a_guarded_arm_takes_nothing_for_sure() {
        let verdict = judge(&mut Toy, 0, &[(Shape::Any, true), (bool(1), false)]);
        assert_eq!(verdict.missing, Some(bool(0)));
    }

    #[test]
    fn numbers_need_a_wildcard() {
        let one = Shape::Of(Constructor::Literal(Value::Int(1)), vec![]);
        assert_eq!(
            judge(&mut Toy, 2, &[(one, false)]).missing,
            Some(Shape::Any)
        );
    }
}
