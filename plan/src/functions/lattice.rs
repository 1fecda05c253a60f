//! Built-ins for lattices. All grow with their lattice arguments, so that a rule that uses them
//! stays monotone; what does not grow is reached through `x.reveal`.

super::area! {
    /// Morphisms and monotone functions of growing values.
    enum Lattice in Lattice {
        /// The join of two values of one lattice.
        Merge = "L.merge(L): L", Morphism;

        /// Whether it is at least the value, for ever from then on.
        MaxAtLeast = "Max<T>.at_least(T): Or", Morphism;
        /// Whether it is greater than the value, for ever from then on.
        MaxAbove = "Max<T>.above(T): Or", Morphism;
        /// So much more; a row error on overflow.
        MaxPlusInt = "Max<Int>.plus(Int): Max<Int>", Morphism, fallible;
        /// So much more.
        MaxPlusFloat = "Max<Float>.plus(Float): Max<Float>", Morphism;
        /// So much longer; a row error on overflow.
        MaxPlusDuration = "Max<Duration>.plus(Duration): Max<Duration>", Morphism, fallible;
        /// So much later; a row error on overflow.
        MaxPlusTime = "Max<Time>.plus(Duration): Max<Time>", Morphism, fallible;
        /// The sum of both, which grows with either; a row error on overflow.
        MaxAddInt = "Max<Int>.add(Max<Int>): Max<Int>", Morphism, fallible;
        /// The sum of both, which grows with either.
        MaxAddFloat = "Max<Float>.add(Max<Float>): Max<Float>", Morphism;
        /// The sum of both, which grows with either; a row error on overflow.
        MaxAddDuration = "Max<Duration>.add(Max<Duration>): Max<Duration>", Morphism, fallible;
        /// Whether it is at most the value, for ever from then on.
        MinAtMost = "Min<T>.at_most(T): Or", Morphism;
        /// Whether it is less than the value, for ever from then on.
        MinBelow = "Min<T>.below(T): Or", Morphism;
        /// So much more; a row error on overflow.
        MinPlusInt = "Min<Int>.plus(Int): Min<Int>", Morphism, fallible;
        /// So much more.
        MinPlusFloat = "Min<Float>.plus(Float): Min<Float>", Morphism;
        /// So much longer; a row error on overflow.
        MinPlusDuration = "Min<Duration>.plus(Duration): Min<Duration>", Morphism, fallible;
        /// So much later; a row error on overflow.
        MinPlusTime = "Min<Time>.plus(Duration): Min<Time>", Morphism, fallible;
        /// The sum of both, which falls with either; a row error on overflow.
        MinAddInt = "Min<Int>.add(Min<Int>): Min<Int>", Morphism, fallible;
        /// The sum of both, which falls with either.
        MinAddFloat = "Min<Float>.add(Min<Float>): Min<Float>", Morphism;
        /// The sum of both, which falls with either; a row error on overflow.
        MinAddDuration = "Min<Duration>.add(Min<Duration>): Min<Duration>", Morphism, fallible;

        /// Whether one of them holds.
        OrOr = "Or.or(Or): Or", Morphism;
        /// Whether both hold.
        OrAnd = "Or.and(Or): Or", Morphism;
        /// Whether both still hold.
        AndAnd = "And.and(And): And", Morphism;
        /// Whether one of them still holds.
        AndOr = "And.or(And): And", Morphism;
        /// Whether it no longer holds, for ever from then on.
        AndIsFalse = "And.is_false(): Or", Morphism;

        /// How many elements there are so far.
        SetSize = "Set<T>.size(): Max<Int>", Monotone;
        /// Whether the value is an element, for ever from then on.
        SetContains = "Set<T>.contains(T): Or", Morphism;
        /// Whether all elements of the plain set are elements.
        SetContainsAll = "Set<T>.contains_all(FrozenSet<T>): Or", Monotone;
        /// The elements of either.
        SetUnion = "Set<T>.union(Set<T>): Set<T>", Morphism;
        /// The elements of both.
        SetIntersect = "Set<T>.intersect(Set<T>): Set<T>", Morphism;
        /// The elements that the plain set does not have.
        SetWithout = "Set<T>.without(FrozenSet<T>): Set<T>", Morphism;
        /// Every pair of an element of one and an element of the other.
        SetProduct = "Set<T>.product(Set<U>): Set<(T, U)>", Morphism, fallible;
        /// The function of each element.
        SetMap = "Set<T>.map(fn(T): U): Set<U>", Morphism;
        /// The elements for which the condition holds.
        SetFilter = "Set<T>.filter(fn(T): Bool): Set<T>", Morphism;
        /// Whether the condition holds for an element.
        SetAny = "Set<T>.any(fn(T): Bool): Or", Morphism;
        /// The greatest element so far.
        SetGreatest = "Set<T>.greatest(): Max<T>", Morphism;
        /// The least element so far.
        SetLeast = "Set<T>.least(): Min<T>", Morphism;

        /// How many elements there are so far.
        PosSetSize = "PosSet<T>.size(): Max<Int>", Monotone;
        /// Whether the value is an element, for ever from then on.
        PosSetContains = "PosSet<T>.contains(T): Or", Morphism;
        /// The elements of either.
        PosSetUnion = "PosSet<T>.union(PosSet<T>): PosSet<T>", Morphism;
        /// The elements for which the condition holds.
        PosSetFilter = "PosSet<T>.filter(fn(T): Bool): PosSet<T>", Morphism;
        /// The sum of the elements so far; a row error on overflow or for one below 0.
        PosSetSum = "PosSet<Int>.sum(): Max<Int>", Monotone, fallible;

        /// How many elements there are so far, each as often as it is in it.
        BagSize = "Bag<T>.size(): Max<Int>", Monotone, fallible;
        /// How often the value is in it so far.
        BagCount = "Bag<T>.count(T): Max<Int>", Morphism;
        /// Whether the value is an element, for ever from then on.
        BagContains = "Bag<T>.contains(T): Or", Morphism;
        /// The elements, each once.
        BagKeys = "Bag<T>.keys(): Set<T>", Morphism;
        /// Each as often as it is in the one that has it more often.
        BagUnion = "Bag<T>.union(Bag<T>): Bag<T>", Morphism;
        /// Each as often as it is in both together; a row error on overflow.
        BagPlus = "Bag<T>.plus(Bag<T>): Bag<T>", Morphism, fallible;
        /// The elements for which the condition holds.
        BagFilter = "Bag<T>.filter(fn(T): Bool): Bag<T>", Morphism;

        /// How many keys there are so far.
        MapSize = "Map<K, L>.size(): Max<Int>", Monotone;
        /// Whether the key has a value, for ever from then on.
        MapContains = "Map<K, L>.contains(K): Or", Morphism;
        /// The value of a key; a row error as long as it has none.
        MapAt = "Map<K, L>.at(K): L", Morphism, fallible;
        /// The value of a key; bottom as long as it has none.
        MapAtOrBottom = "Map<K, L>.at_or_bottom(K): L", Morphism;
        /// The keys.
        MapKeys = "Map<K, L>.keys(): Set<K>", Morphism;
        /// The entries of both; a key in both has the join of its values.
        MapUnion = "Map<K, L>.union(Map<K, L>): Map<K, L>", Morphism;
        /// The entries whose key satisfies the condition.
        MapFilterKeys = "Map<K, L>.filter_keys(fn(K): Bool): Map<K, L>", Morphism;
        /// The join of all values.
        MapJoinValues = "Map<K, L>.join_values(): L", Morphism;
        /// The sum of the values so far; a row error on overflow or for one below 0.
        MapSum = "Map<K, Max<Int>>.sum(): Max<Int>", Monotone, fallible;
        /// Whether every key of the plain map has at least the value there.
        MapCovers = "Map<K, Max<T>>.covers(FrozenMap<K, T>): Or", Monotone;

        /// The greatest stamp so far.
        LwwStamp = "Lww<S, T>.stamp(): Max<S>", Morphism;
        /// The part that decides.
        LexFirst = "Lex<L, M>.first(): L", Morphism;
        /// Whether it has a value, or is in conflict.
        OnceIsSet = "Once<T>.is_set(): Or", Morphism;
        /// Whether two different values met.
        OnceIsConflict = "Once<T>.is_conflict(): Or", Monotone;
        /// An open `Sealed` around the value.
        Sealable = "sealable(L): Sealed<L>", Morphism;
        /// Closed: nothing more is promised to come.
        SealedClose = "Sealed<L>.close(): Sealed<L>", Morphism;
        /// Whether it is closed, for ever from then on.
        SealedIsClosed = "Sealed<L>.is_closed(): Or", Morphism;
        /// The value so far.
        SealedInner = "Sealed<L>.inner(): L", Morphism;
    }
}
