//! Built-ins for `Time`, `Duration` and `Req`. The operators add and subtract times; these convert.

super::area! {
    /// Points in time, and lengths of it.
    enum Clock in Clock {
        /// So many nanoseconds.
        Nanos = "nanos(Int): Duration", Plain;
        /// So many microseconds; a row error on overflow.
        Micros = "micros(Int): Duration", Plain, fallible;
        /// So many milliseconds; a row error on overflow.
        Millis = "millis(Int): Duration", Plain, fallible;
        /// So many seconds; a row error on overflow.
        Seconds = "seconds(Int): Duration", Plain, fallible;
        /// So many minutes; a row error on overflow.
        Minutes = "minutes(Int): Duration", Plain, fallible;
        /// So many hours; a row error on overflow.
        Hours = "hours(Int): Duration", Plain, fallible;
        /// So many days of 24 hours; a row error on overflow.
        Days = "days(Int): Duration", Plain, fallible;
        /// In nanoseconds.
        AsNanos = "Duration.as_nanos(): Int", Plain;
        /// In whole microseconds.
        AsMicros = "Duration.as_micros(): Int", Plain;
        /// In whole milliseconds.
        AsMillis = "Duration.as_millis(): Int", Plain;
        /// In whole seconds.
        AsSeconds = "Duration.as_seconds(): Int", Plain;
        /// In seconds and fractions of them.
        AsSecondsFloat = "Duration.as_seconds_float(): Float", Plain;
        /// So many times as long; a row error on overflow.
        Times = "Duration.times(Int): Duration", Plain, fallible;
        /// How long after the other it is; a row error on overflow.
        Since = "Time.since(Time): Duration", Plain, fallible;
        /// Nanoseconds since the epoch of the node's clock.
        TimeNanos = "Time.as_nanos(): Int", Plain;
        /// Whole milliseconds since the epoch of the node's clock.
        TimeMillis = "Time.as_millis(): Int", Plain;
        /// Whole seconds since the epoch of the node's clock.
        TimeSeconds = "Time.as_seconds(): Int", Plain;
        /// The time so many nanoseconds after the epoch of the node's clock.
        TimeOfNanos = "time_of_nanos(Int): Time", Plain;
        /// As `2026-11-21T06:30:00.000000000Z`, the epoch taken as 1970.
        FormatUtc = "Time.format_utc(): String", Plain;
        /// The number of the request at its node.
        ReqToInt = "Req.to_int(): Int", Plain;
    }
}
