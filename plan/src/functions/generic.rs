//! Built-ins for values of any type, and the three that are not deterministic.

super::area! {
    /// Functions that know nothing of their argument's type, or have no argument.
    enum Generic in Generic {
        /// The greatest `Int`, 2^63 - 1.
        IntMax = "int_max: Int", Plain;
        /// The least `Int`, -2^63.
        IntMin = "int_min: Int", Plain;
        /// The lesser of two values in the order of their type.
        Min = "min(T, T): T", Plain;
        /// The greater of two values in the order of their type.
        Max = "max(T, T): T", Plain;
        /// The value as text: a string as it is, everything else as the language writes it.
        ToString = "T.to_string(): String", Plain;
        /// The value as JSON: records are objects, tuples arrays, variants objects of one member.
        ToJson = "T.to_json(): String", Plain;
        /// A hash of the value that is the same on every machine and in every version.
        StableHash = "stable_hash(T): Int", Plain;
        /// Always a row error: the row came after its partition was sealed. `sealed by` stands for rules that use it.
        LateRow = "late_row(T): Bool", Plain, fallible;
        /// The time at which this tick started, by the node's clock.
        Now = "now(): Time", Nondeterministic;
        /// A number from 0 up to, not including, 1.
        Random = "random(): Float", Nondeterministic;
        /// A number that no other call at any node of the deployment returns.
        FreshId = "fresh_id(): Int", Nondeterministic;
    }
}
