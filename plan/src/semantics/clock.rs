//! Times and durations: all are counts of nanoseconds.

use super::{Call, Domain, Outcome};
use crate::functions::time::Clock;
use crate::plan::RowError::{self, Overflow};
use crate::print;

const MICRO: i64 = 1_000;
const MILLI: i64 = 1_000_000;
const SECOND: i64 = 1_000_000_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

pub(super) fn apply<D: Domain>(d: &mut D, entry: Clock, call: &Call<'_, D>) -> Outcome<D> {
    let n = call.int(d, 0);
    let result = match entry {
        Clock::Nanos | Clock::AsNanos | Clock::TimeNanos | Clock::TimeOfNanos | Clock::ReqToInt => {
            n
        }
        Clock::Micros => times(n, MICRO)?,
        Clock::Millis => times(n, MILLI)?,
        Clock::Seconds => times(n, SECOND)?,
        Clock::Minutes => times(n, MINUTE)?,
        Clock::Hours => times(n, HOUR)?,
        Clock::Days => times(n, DAY)?,
        Clock::AsMicros => n / MICRO,
        Clock::AsMillis => n / MILLI,
        Clock::AsSeconds => n / SECOND,
        Clock::Times => times(n, call.int(d, 1))?,
        Clock::Since => n.checked_sub(call.int(d, 1)).ok_or(Overflow)?,
        // Before the epoch a time belongs to the unit that has begun, as later.
        Clock::TimeMillis => n.div_euclid(MILLI),
        Clock::TimeSeconds => n.div_euclid(SECOND),
        Clock::AsSecondsFloat => return Ok(call.make_float(d, n as f64 / SECOND as f64)),
        Clock::FormatUtc => return call.make_text(d, &print::utc(n)),
    };
    Ok(call.make_int(d, result))
}

fn times(n: i64, length: i64) -> Result<i64, RowError> {
    n.checked_mul(length).ok_or(Overflow)
}
