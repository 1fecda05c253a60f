//! `Option<T>`.

use super::{Call, Domain, Outcome};
use crate::functions::option::Optional;
use crate::plan::RowError;

pub(super) fn apply<D: Domain>(d: &mut D, entry: Optional, call: &Call<'_, D>) -> Outcome<D> {
    let receiver = call.value(d, 0);
    let value = d.variant(&receiver).1.into_iter().next();
    Ok(match entry {
        Optional::IsSome => call.make_bool(d, value.is_some()),
        Optional::IsNone => call.make_bool(d, value.is_none()),
        Optional::Get => value.ok_or(RowError::Missing)?,
        Optional::UnwrapOr => value.unwrap_or_else(|| call.value(d, 1)),
        Optional::Map => {
            let mapped = value.map(|value| call.apply(d, 1, &[value])).transpose()?;
            call.make_option(d, mapped)
        }
        Optional::AndThen => match value {
            Some(value) => call.apply(d, 1, &[value])?,
            None => call.make_option(d, None),
        },
        Optional::Filter => match value {
            Some(value) if call.holds(d, 1, std::slice::from_ref(&value))? => receiver,
            _ => call.make_option(d, None),
        },
        Optional::Or if value.is_some() => receiver,
        Optional::Or => call.value(d, 1),
        Optional::ToList => call.make_list(d, value.into_iter().collect())?,
    })
}
