//! Built-ins for `Option<T>`, the prelude's `enum Option<T> { None, Some(x: T) }`.

super::area! {
    /// Values that may be absent.
    enum Optional in Optional {
        /// Whether there is a value.
        IsSome = "Option<T>.is_some(): Bool", Plain;
        /// Whether there is no value.
        IsNone = "Option<T>.is_none(): Bool", Plain;
        /// The value; a row error if there is none.
        Get = "Option<T>.get(): T", Plain, fallible;
        /// The value, or the other one if there is none.
        UnwrapOr = "Option<T>.unwrap_or(T): T", Plain;
        /// The function of the value, if there is one.
        Map = "Option<T>.map(fn(T): U): Option<U>", Plain;
        /// What the function makes of the value, if there is one.
        AndThen = "Option<T>.and_then(fn(T): Option<U>): Option<U>", Plain;
        /// The value, if the condition holds for it.
        Filter = "Option<T>.filter(fn(T): Bool): Option<T>", Plain;
        /// The first that has a value.
        Or = "Option<T>.or(Option<T>): Option<T>", Plain;
        /// A list of one element, or of none.
        ToList = "Option<T>.to_list(): List<T>", Plain;
    }
}
