//! Numbers.

use super::{Call, Domain, Outcome};
use crate::functions::number::Number;
use crate::plan::RowError::{self, Conversion, DivisionByZero, Invalid, Overflow};

pub(super) fn apply<D: Domain>(d: &mut D, entry: Number, call: &Call<'_, D>) -> Outcome<D> {
    match entry {
        Number::Abs
        | Number::IntAbs
        | Number::IntSign
        | Number::IntPow
        | Number::IntMod
        | Number::IntDivFloor
        | Number::IntClamp
        | Number::IntSqrt
        | Number::BitAnd
        | Number::BitOr
        | Number::BitXor
        | Number::BitNot
        | Number::ShiftLeft
        | Number::ShiftRight
        | Number::CountOnes
        | Number::FloatToInt
        | Number::BoolToInt => {
            let number = int(d, entry, call)?;
            Ok(call.make_int(d, number))
        }
        Number::IntToHex => {
            let n = call.int(d, 0);
            let sign = if n < 0 { "-" } else { "" };
            call.make_text(d, &format!("{sign}{:x}", n.unsigned_abs()))
        }
        Number::IntToChar => {
            let code = u32::try_from(call.int(d, 0)).ok();
            let c = code.and_then(char::from_u32).ok_or(Conversion)?;
            call.make_text(d, c.encode_utf8(&mut [0; 4]))
        }
        Number::FloatIsNan => {
            let answer = call.float(d, 0).is_nan();
            Ok(call.make_bool(d, answer))
        }
        Number::FloatIsFinite => {
            let answer = call.float(d, 0).is_finite();
            Ok(call.make_bool(d, answer))
        }
        Number::FloatFixed => {
            let (x, digits) = (call.float(d, 0), call.int(d, 1));
            let digits = usize::try_from(digits).ok().filter(|&n| n <= 100);
            call.make_text(d, &format!("{x:.*}", digits.ok_or(Invalid)?))
        }
        Number::IntToFloat => {
            let n = call.int(d, 0);
            Ok(call.make_float(d, n as f64))
        }
        Number::FloatPow => {
            let power = call.float(d, 0).powf(call.float(d, 1));
            Ok(call.make_float(d, power))
        }
        Number::FloatAtan2 => {
            let angle = call.float(d, 0).atan2(call.float(d, 1));
            Ok(call.make_float(d, angle))
        }
        Number::FloatAbs => float(d, call, f64::abs),
        Number::FloatFloor => float(d, call, f64::floor),
        Number::FloatCeil => float(d, call, f64::ceil),
        Number::FloatRound => float(d, call, f64::round),
        Number::FloatTruncate => float(d, call, f64::trunc),
        Number::FloatSqrt => float(d, call, f64::sqrt),
        Number::FloatExp => float(d, call, f64::exp),
        Number::FloatLn => float(d, call, f64::ln),
        Number::FloatLog2 => float(d, call, f64::log2),
        Number::FloatLog10 => float(d, call, f64::log10),
        Number::FloatSin => float(d, call, f64::sin),
        Number::FloatCos => float(d, call, f64::cos),
        Number::FloatTan => float(d, call, f64::tan),
    }
}

fn float<D: Domain>(d: &mut D, call: &Call<'_, D>, f: impl Fn(f64) -> f64) -> Outcome<D> {
    let x = call.float(d, 0);
    Ok(call.make_float(d, f(x)))
}

/// What has an `Int` as its result.
fn int<D: Domain>(d: &D, entry: Number, call: &Call<'_, D>) -> Result<i64, RowError> {
    let first = || call.int(d, 0);
    let second = || call.int(d, 1);
    match entry {
        Number::Abs | Number::IntAbs => first().checked_abs().ok_or(Overflow),
        Number::IntSign => Ok(first().signum()),
        Number::IntPow => power(first(), second()),
        Number::IntMod => modulo(first(), second()),
        Number::IntDivFloor => floor_division(first(), second()),
        Number::IntClamp => clamp(first(), second(), call.int(d, 2)),
        Number::IntSqrt => first().checked_isqrt().ok_or(Invalid),
        Number::BitAnd => Ok(first() & second()),
        Number::BitOr => Ok(first() | second()),
        Number::BitXor => Ok(first() ^ second()),
        Number::BitNot => Ok(!first()),
        Number::ShiftLeft => Ok(first() << places(second())?),
        Number::ShiftRight => Ok(first() >> places(second())?),
        Number::CountOnes => Ok(i64::from(first().count_ones())),
        Number::FloatToInt => truncated(call.float(d, 0)),
        Number::BoolToInt => Ok(i64::from(call.bool(d, 0))),
        _ => unreachable!("not an `Int` function"),
    }
}

fn power(base: i64, exponent: i64) -> Result<i64, RowError> {
    if exponent < 0 {
        return Err(Invalid);
    }
    match (base, u32::try_from(exponent)) {
        (_, Ok(exponent)) => base.checked_pow(exponent).ok_or(Overflow),
        (0 | 1, Err(_)) => Ok(base),
        (-1, Err(_)) => Ok(if exponent % 2 == 0 { 1 } else { -1 }),
        (_, Err(_)) => Err(Overflow),
    }
}

/// Has the sign of the divisor: `a - b * floor(a / b)`.
fn modulo(a: i64, b: i64) -> Result<i64, RowError> {
    if b == 0 {
        return Err(DivisionByZero);
    }
    let rest = a.wrapping_rem(b);
    let signs_differ = rest != 0 && (rest < 0) != (b < 0);
    Ok(if signs_differ { rest + b } else { rest })
}

fn floor_division(a: i64, b: i64) -> Result<i64, RowError> {
    if b == 0 {
        return Err(DivisionByZero);
    }
    let quotient = a.checked_div(b).ok_or(Overflow)?;
    let signs_differ = a % b != 0 && (a < 0) != (b < 0);
    Ok(quotient - i64::from(signs_differ))
}

fn clamp(n: i64, low: i64, high: i64) -> Result<i64, RowError> {
    if low <= high {
        Ok(n.clamp(low, high))
    } else {
        Err(Invalid)
    }
}

fn places(n: i64) -> Result<u32, RowError> {
    u32::try_from(n).ok().filter(|&n| n < 64).ok_or(Invalid)
}

/// Towards zero. The bounds are powers of two, which a `Float` holds exactly.
fn truncated(x: f64) -> Result<i64, RowError> {
    const BOUND: f64 = 9_223_372_036_854_775_808.0;
    let whole = x.trunc();
    if (-BOUND..BOUND).contains(&whole) {
        Ok(whole as i64)
    } else {
        Err(Conversion)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floor_division_and_modulo_fit_together() {
        for a in -7..=7_i64 {
            for b in (-3..=3).filter(|&b| b != 0) {
                let (quotient, rest) = (floor_division(a, b), modulo(a, b));
                let (Ok(quotient), Ok(rest)) = (quotient, rest) else {
                    panic!("{a} by {b} has a result");
                };
                assert_eq!(quotient * b + rest, a);
                assert!(rest == 0 || (rest < 0) == (b < 0));
            }
        }
        assert_eq!(modulo(i64::MIN, -1), Ok(0));
        assert_eq!(floor_division(i64::MIN, -1), Err(Overflow));
        assert_eq!(modulo(1, 0), Err(DivisionByZero));
    }

    #[test]
    fn powers_end_where_ints_end() {
        assert_eq!(power(2, 62), Ok(1 << 62));
        assert_eq!(power(2, 63), Err(Overflow));
        assert_eq!(power(-2, 63), Ok(i64::MIN));
        assert_eq!(power(-1, i64::MAX), Ok(-1));
        assert_eq!(power(2, -1), Err(Invalid));
    }

    #[test]
    fn only_whole_floats_within_range_convert() {
        assert_eq!(truncated(-2.7), Ok(-2));
        assert_eq!(truncated(-9.3e18), Err(Conversion));
        assert_eq!(truncated(9_223_372_036_854_775_808.0), Err(Conversion));
        assert_eq!(truncated(-9_223_372_036_854_775_808.0), Ok(i64::MIN));
        assert_eq!(truncated(f64::NAN), Err(Conversion));
    }
}
