//! Built-ins for `List<T>`.

super::area! {
    /// Lists. What takes a function calls it from left to right, and ends with its first row error.
    enum List in List {
        /// How many elements there are.
        Len = "List<T>.len(): Int", Plain;
        /// Whether there is no element.
        IsEmpty = "List<T>.is_empty(): Bool", Plain;
        /// The element at a place; a row error if there is none.
        At = "List<T>.at(Int): T", Plain, fallible;
        /// The element at a place, if there is one.
        Get = "List<T>.get(Int): Option<T>", Plain;
        /// The first element.
        First = "List<T>.first(): Option<T>", Plain;
        /// The last element.
        Last = "List<T>.last(): Option<T>", Plain;
        /// Whether an element equals the value.
        Contains = "List<T>.contains(T): Bool", Plain;
        /// The place of the first element that equals the value.
        IndexOf = "List<T>.index_of(T): Option<Int>", Plain;
        /// The function of each element.
        Map = "List<T>.map(fn(T): U): List<U>", Plain;
        /// The elements for which the condition holds.
        Filter = "List<T>.filter(fn(T): Bool): List<T>", Plain;
        /// The lists that the function gives, one after the other.
        FlatMap = "List<T>.flat_map(fn(T): List<U>): List<U>", Plain;
        /// Starting from the value, the function of what came before and of each element.
        Fold = "List<T>.fold(U, fn(U, T): U): U", Plain;
        /// Whether the condition holds for an element.
        Any = "List<T>.any(fn(T): Bool): Bool", Plain;
        /// Whether the condition holds for all elements.
        All = "List<T>.all(fn(T): Bool): Bool", Plain;
        /// The first element for which the condition holds.
        Find = "List<T>.find(fn(T): Bool): Option<T>", Plain;
        /// For how many elements the condition holds.
        CountWhere = "List<T>.count_where(fn(T): Bool): Int", Plain;
        /// Ascending.
        Sort = "List<T>.sort(): List<T>", Plain;
        /// Ascending by the function of the element; equals keep their order.
        SortBy = "List<T>.sort_by(fn(T): U): List<T>", Plain;
        /// From the last to the first.
        Reverse = "List<T>.reverse(): List<T>", Plain;
        /// One list after the other.
        Concat = "List<T>.concat(List<T>): List<T>", Plain, fallible;
        /// With the value after the last element.
        Push = "List<T>.push(T): List<T>", Plain, fallible;
        /// With another value at a place; a row error if there is no such place.
        Set = "List<T>.set(Int, T): List<T>", Plain, fallible;
        /// The first elements, at most so many.
        Take = "List<T>.take(Int): List<T>", Plain;
        /// The elements after the first so many.
        Drop = "List<T>.drop(Int): List<T>", Plain;
        /// The elements from a place up to, not including, another; what is outside is left out.
        Slice = "List<T>.slice(Int, Int): List<T>", Plain;
        /// Elements in pairs, as long as both lists last.
        Zip = "List<T>.zip(List<U>): List<(T, U)>", Plain;
        /// Each element after its place.
        Enumerate = "List<T>.enumerate(): List<(Int, T)>", Plain;
        /// The elements of the lists, one after the other.
        Flatten = "List<List<U>>.flatten(): List<U>", Plain, fallible;
        /// Each element where it stands first.
        Unique = "List<T>.unique(): List<T>", Plain;
        /// The sum; a row error on overflow.
        SumInt = "List<Int>.sum(): Int", Plain, fallible;
        /// The sum, from left to right.
        SumFloat = "List<Float>.sum(): Float", Plain;
        /// The sum; a row error on overflow.
        SumDuration = "List<Duration>.sum(): Duration", Plain, fallible;
        /// The least element.
        Least = "List<T>.least(): Option<T>", Plain;
        /// The greatest element.
        Greatest = "List<T>.greatest(): Option<T>", Plain;
        /// The elements as a set.
        ToSet = "List<T>.to_set(): FrozenSet<T>", Plain;
        /// The elements, each as often as it stands in the list.
        ToBag = "List<T>.to_bag(): FrozenBag<T>", Plain;
        /// The pairs as a map; of equal keys the last stays.
        ToMap = "List<(K, V)>.to_map(): FrozenMap<K, V>", Plain;
        /// The numbers from the first up to, not including, the second.
        Range = "range(Int, Int): List<Int>", Plain, fallible;
    }
}
