//! Built-ins for `FrozenSet<T>`, `FrozenBag<T>` and `FrozenMap<K, V>`: the plain values that
//! `reveal` gives and that `set(e)` aggregates make. Walks go in ascending order.

super::area! {
    /// Sets, bags and maps that no longer grow.
    enum Frozen in Frozen {
        /// How many elements there are.
        SetSize = "FrozenSet<T>.size(): Int", Plain;
        /// Whether there is no element.
        SetIsEmpty = "FrozenSet<T>.is_empty(): Bool", Plain;
        /// Whether the value is an element.
        SetContains = "FrozenSet<T>.contains(T): Bool", Plain;
        /// Whether all elements of the other are elements.
        SetContainsAll = "FrozenSet<T>.contains_all(FrozenSet<T>): Bool", Plain;
        /// The elements of either.
        SetUnion = "FrozenSet<T>.union(FrozenSet<T>): FrozenSet<T>", Plain;
        /// The elements of both.
        SetIntersect = "FrozenSet<T>.intersect(FrozenSet<T>): FrozenSet<T>", Plain;
        /// The elements that the other does not have.
        SetDifference = "FrozenSet<T>.difference(FrozenSet<T>): FrozenSet<T>", Plain;
        /// With the value as an element.
        SetAdd = "FrozenSet<T>.add(T): FrozenSet<T>", Plain;
        /// Without the value.
        SetRemove = "FrozenSet<T>.remove(T): FrozenSet<T>", Plain;
        /// The function of each element.
        SetMap = "FrozenSet<T>.map(fn(T): U): FrozenSet<U>", Plain;
        /// The elements for which the condition holds.
        SetFilter = "FrozenSet<T>.filter(fn(T): Bool): FrozenSet<T>", Plain;
        /// Whether the condition holds for an element.
        SetAny = "FrozenSet<T>.any(fn(T): Bool): Bool", Plain;
        /// Whether the condition holds for all elements.
        SetAll = "FrozenSet<T>.all(fn(T): Bool): Bool", Plain;
        /// Starting from the value, the function of what came before and of each element.
        SetFold = "FrozenSet<T>.fold(U, fn(U, T): U): U", Plain;
        /// The elements, ascending.
        SetToList = "FrozenSet<T>.to_list(): List<T>", Plain;
        /// The least element.
        SetLeast = "FrozenSet<T>.least(): Option<T>", Plain;
        /// The greatest element.
        SetGreatest = "FrozenSet<T>.greatest(): Option<T>", Plain;
        /// The sum of the elements; a row error on overflow.
        SetSum = "FrozenSet<Int>.sum(): Int", Plain, fallible;

        /// How many elements there are, each as often as it is in it; a row error on overflow.
        BagSize = "FrozenBag<T>.size(): Int", Plain, fallible;
        /// Whether there is no element.
        BagIsEmpty = "FrozenBag<T>.is_empty(): Bool", Plain;
        /// Whether the value is an element.
        BagContains = "FrozenBag<T>.contains(T): Bool", Plain;
        /// How often the value is in it.
        BagCount = "FrozenBag<T>.count(T): Int", Plain;
        /// The elements, each once.
        BagToSet = "FrozenBag<T>.to_set(): FrozenSet<T>", Plain;
        /// The elements, each as often as it is in it, ascending.
        BagToList = "FrozenBag<T>.to_list(): List<T>", Plain, fallible;
        /// The elements with how often each is in it, ascending.
        BagEntries = "FrozenBag<T>.entries(): List<(T, Int)>", Plain;

        /// How many keys there are.
        MapSize = "FrozenMap<K, V>.size(): Int", Plain;
        /// Whether there is no key.
        MapIsEmpty = "FrozenMap<K, V>.is_empty(): Bool", Plain;
        /// Whether the key has a value.
        MapContains = "FrozenMap<K, V>.contains(K): Bool", Plain;
        /// The value of a key; a row error if it has none.
        MapAt = "FrozenMap<K, V>.at(K): V", Plain, fallible;
        /// The value of a key, if it has one.
        MapGet = "FrozenMap<K, V>.get(K): Option<V>", Plain;
        /// The keys.
        MapKeys = "FrozenMap<K, V>.keys(): FrozenSet<K>", Plain;
        /// The values in the order of their keys.
        MapValues = "FrozenMap<K, V>.values(): List<V>", Plain;
        /// Keys with their values, ascending.
        MapEntries = "FrozenMap<K, V>.entries(): List<(K, V)>", Plain;
        /// With another value for a key.
        MapInsert = "FrozenMap<K, V>.insert(K, V): FrozenMap<K, V>", Plain;
        /// Without a key.
        MapRemove = "FrozenMap<K, V>.remove(K): FrozenMap<K, V>", Plain;
        /// The entries of both; of a key in both, the argument's value.
        MapUnion = "FrozenMap<K, V>.union(FrozenMap<K, V>): FrozenMap<K, V>", Plain;
        /// The function of each value, under the same key.
        MapMapValues = "FrozenMap<K, V>.map_values(fn(V): U): FrozenMap<K, U>", Plain;
        /// The entries for which the condition holds.
        MapFilter = "FrozenMap<K, V>.filter(fn(K, V): Bool): FrozenMap<K, V>", Plain;
    }
}
