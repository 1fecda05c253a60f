//! Built-ins for `Int`, `Float` and `Bool`.

super::area! {
    /// Arithmetic beyond the operators, and conversions between numbers.
    enum Number in Number {
        /// The absolute value; a row error for the least `Int`.
        Abs = "abs(Int): Int", Plain, fallible;
        /// The absolute value; a row error for the least `Int`.
        IntAbs = "Int.abs(): Int", Plain, fallible;
        /// -1, 0 or 1.
        IntSign = "Int.sign(): Int", Plain;
        /// The number raised to a power of 0 or more; a row error on overflow.
        IntPow = "Int.pow(Int): Int", Plain, fallible;
        /// The remainder that has the sign of the divisor; a row error for 0.
        IntMod = "Int.mod(Int): Int", Plain, fallible;
        /// Division that rounds towards negative infinity; a row error for 0.
        IntDivFloor = "Int.div_floor(Int): Int", Plain, fallible;
        /// The number, or the bound that it passes; a row error if the bounds are crossed.
        IntClamp = "Int.clamp(Int, Int): Int", Plain, fallible;
        /// The greatest number whose square is not greater; a row error below 0.
        IntSqrt = "Int.sqrt(): Int", Plain, fallible;
        /// The bits that both have.
        BitAnd = "Int.bit_and(Int): Int", Plain;
        /// The bits that one has.
        BitOr = "Int.bit_or(Int): Int", Plain;
        /// The bits in which they differ.
        BitXor = "Int.bit_xor(Int): Int", Plain;
        /// All bits turned.
        BitNot = "Int.bit_not(): Int", Plain;
        /// Bits moved up by 0 to 63 places, zeros following; else a row error.
        ShiftLeft = "Int.shift_left(Int): Int", Plain, fallible;
        /// Bits moved down by 0 to 63 places, the sign following; else a row error.
        ShiftRight = "Int.shift_right(Int): Int", Plain, fallible;
        /// How many bits are 1.
        CountOnes = "Int.count_ones(): Int", Plain;
        /// The nearest `Float`.
        IntToFloat = "Int.to_float(): Float", Plain;
        /// The digits in base 16, lower case, with a minus sign below 0.
        IntToHex = "Int.to_hex(): String", Plain;
        /// The character with this number in Unicode; a row error if there is none.
        IntToChar = "Int.to_char(): String", Plain, fallible;

        /// 1 for `true`, 0 for `false`.
        BoolToInt = "Bool.to_int(): Int", Plain;

        /// The absolute value.
        FloatAbs = "Float.abs(): Float", Plain;
        /// The number without its fraction; a row error if it is not an `Int`.
        FloatToInt = "Float.to_int(): Int", Plain, fallible;
        /// The greatest whole number that is not greater.
        FloatFloor = "Float.floor(): Float", Plain;
        /// The least whole number that is not less.
        FloatCeil = "Float.ceil(): Float", Plain;
        /// The nearest whole number, halves away from 0.
        FloatRound = "Float.round(): Float", Plain;
        /// The number without its fraction.
        FloatTruncate = "Float.truncate(): Float", Plain;
        /// The square root; NaN below 0.
        FloatSqrt = "Float.sqrt(): Float", Plain;
        /// The number raised to a power.
        FloatPow = "Float.pow(Float): Float", Plain;
        /// e raised to the number.
        FloatExp = "Float.exp(): Float", Plain;
        /// The natural logarithm.
        FloatLn = "Float.ln(): Float", Plain;
        /// The logarithm to base 2.
        FloatLog2 = "Float.log2(): Float", Plain;
        /// The logarithm to base 10.
        FloatLog10 = "Float.log10(): Float", Plain;
        /// The sine of an angle in radians.
        FloatSin = "Float.sin(): Float", Plain;
        /// The cosine of an angle in radians.
        FloatCos = "Float.cos(): Float", Plain;
        /// The tangent of an angle in radians.
        FloatTan = "Float.tan(): Float", Plain;
        /// The angle of the point (x, y), called as `y.atan2(x)`.
        FloatAtan2 = "Float.atan2(Float): Float", Plain;
        /// Whether it is no number.
        FloatIsNan = "Float.is_nan(): Bool", Plain;
        /// Whether it is neither infinite nor NaN.
        FloatIsFinite = "Float.is_finite(): Bool", Plain;
        /// The number with so many digits after the point, 0 to 100; else a row error.
        FloatFixed = "Float.to_fixed(Int): String", Plain, fallible;
    }
}
