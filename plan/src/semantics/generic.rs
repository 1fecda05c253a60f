//! Built-ins for values of any type.

use super::{Call, Domain, Outcome, hash};
use crate::functions::generic::Generic;
use crate::plan::RowError;
use crate::print;

pub(super) fn apply<D: Domain>(d: &mut D, entry: Generic, call: &Call<'_, D>) -> Outcome<D> {
    Ok(match entry {
        Generic::IntMax => call.make_int(d, i64::MAX),
        Generic::IntMin => call.make_int(d, i64::MIN),
        Generic::Min | Generic::Max => {
            let (a, b) = (call.value(d, 0), call.value(d, 1));
            let a_is_less = d.compare(call.result, &a, &b).is_lt();
            if a_is_less == (entry == Generic::Min) {
                a
            } else {
                b
            }
        }
        Generic::ToString => {
            let value = d.export(call.types[0], &call.value(d, 0));
            let text = print::text(d.types(), call.types[0], &value);
            d.make_text(call.result, &text)
        }
        Generic::ToJson => {
            let value = d.export(call.types[0], &call.value(d, 0));
            let text = print::json(d.types(), call.types[0], &value).to_string();
            d.make_text(call.result, &text)
        }
        Generic::StableHash => {
            let value = d.export(call.types[0], &call.value(d, 0));
            call.make_int(d, hash::stable(&value))
        }
        Generic::LateRow => return Err(RowError::Sealed),
        Generic::Now => {
            let now = d.now()?;
            call.make_int(d, now)
        }
        Generic::Random => {
            let number = d.random()?;
            call.make_float(d, number)
        }
        Generic::FreshId => {
            let id = d.fresh_id()?;
            call.make_int(d, id)
        }
    })
}
