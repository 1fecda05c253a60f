//! Built-ins for `String` and `Addr`. Places in a string count characters (Unicode scalar values).

super::area! {
    /// Strings, regular expressions and JSON text.
    enum Text in Text {
        /// How many characters there are.
        Len = "String.len(): Int", Plain;
        /// How many bytes the UTF-8 form has.
        ByteLen = "String.byte_len(): Int", Plain;
        /// Whether there is no character.
        IsEmpty = "String.is_empty(): Bool", Plain;
        /// In upper case.
        Upper = "String.upper(): String", Plain;
        /// In lower case.
        Lower = "String.lower(): String", Plain;
        /// Without white space at both ends.
        Trim = "String.trim(): String", Plain;
        /// Without white space at the start.
        TrimStart = "String.trim_start(): String", Plain;
        /// Without white space at the end.
        TrimEnd = "String.trim_end(): String", Plain;
        /// The parts between occurrences of the separator; of an empty one, the characters.
        Split = "String.split(String): List<String>", Plain;
        /// The parts between runs of white space, none empty.
        Words = "String.words(): List<String>", Plain;
        /// The lines, without their ends.
        Lines = "String.lines(): List<String>", Plain;
        /// The characters, each a string.
        Chars = "String.chars(): List<String>", Plain;
        /// The strings of the list with the receiver between them, as in `", ".join(parts)`.
        JoinParts = "String.join(List<String>): String", Plain, fallible;
        /// The strings of the list, one after the other with the separator between them.
        Join = "List<String>.join(String): String", Plain, fallible;
        /// One string after the other.
        Concat = "String.concat(String): String", Plain, fallible;
        /// Whether the other occurs in it.
        Contains = "String.contains(String): Bool", Plain;
        /// Whether it starts with the other.
        StartsWith = "String.starts_with(String): Bool", Plain;
        /// Whether it ends with the other.
        EndsWith = "String.ends_with(String): Bool", Plain;
        /// Without the prefix, if it has it.
        StripPrefix = "String.strip_prefix(String): Option<String>", Plain;
        /// Without the suffix, if it has it.
        StripSuffix = "String.strip_suffix(String): Option<String>", Plain;
        /// Every occurrence of the first replaced by the second.
        Replace = "String.replace(String, String): String", Plain, fallible;
        /// The characters from a place up to, not including, another; what is outside is left out.
        Slice = "String.slice(Int, Int): String", Plain;
        /// The character at a place; a row error if there is none.
        At = "String.at(Int): String", Plain, fallible;
        /// The place of the first occurrence.
        IndexOf = "String.index_of(String): Option<Int>", Plain;
        /// So many times; a row error below 0 or when it grows too large.
        Repeat = "String.repeat(Int): String", Plain, fallible;
        /// At least so many characters, filled at the start with the second argument.
        PadStart = "String.pad_start(Int, String): String", Plain, fallible;
        /// At least so many characters, filled at the end with the second argument.
        PadEnd = "String.pad_end(Int, String): String", Plain, fallible;
        /// The characters in reverse.
        Reverse = "String.reverse(): String", Plain;
        /// The number of the first character in Unicode.
        CodePoint = "String.code_point(): Option<Int>", Plain;
        /// The `Int` that it writes in decimal; a row error if it is none.
        ToInt = "String.to_int(): Int", Plain, fallible;
        /// The `Float` that it writes; a row error if it is none.
        ToFloat = "String.to_float(): Float", Plain, fallible;
        /// `true` or `false`; a row error if it is neither.
        ToBool = "String.to_bool(): Bool", Plain, fallible;
        /// The address that it writes.
        ToAddr = "String.to_addr(): Addr", Plain;
        /// The `Int` that the text writes in decimal, if it is one.
        ParseInt = "parse_int(String): Option<Int>", Plain;
        /// The `Float` that the text writes, if it is one.
        ParseFloat = "parse_float(String): Option<Float>", Plain;
        /// The `Bool` that the text writes, if it is one.
        ParseBool = "parse_bool(String): Option<Bool>", Plain;

        /// Whether the regular expression matches somewhere; a row error if it is malformed.
        Matches = "String.matches(String): Bool", Plain, fallible;
        /// The first match of the regular expression.
        Find = "String.find(String): Option<String>", Plain, fallible;
        /// Every match of the regular expression, from left to right.
        FindAll = "String.find_all(String): List<String>", Plain, fallible;
        /// The first match and its groups; a group that took no part is empty.
        Captures = "String.captures(String): Option<List<String>>", Plain, fallible;
        /// Every match replaced; `$1` and `$name` in the second argument stand for groups.
        ReplaceAll = "String.replace_all(String, String): String", Plain, fallible;
        /// The parts between matches of the regular expression.
        SplitBy = "String.split_by(String): List<String>", Plain, fallible;

        /// The part of an address before its last colon, or all of it.
        AddrHost = "Addr.host(): String", Plain;
        /// The number after the last colon of an address.
        AddrPort = "Addr.port(): Option<Int>", Plain;

        /// Whether the text is one JSON value.
        IsJson = "is_json(String): Bool", Plain;
        /// The JSON at a path such as `items.0.name`; the empty path is the whole.
        JsonGet = "json_get(String, String): Option<String>", Plain;
        /// The string at a path of a JSON text.
        JsonString = "json_string(String, String): Option<String>", Plain;
        /// The whole number at a path of a JSON text.
        JsonInt = "json_int(String, String): Option<Int>", Plain;
        /// The number at a path of a JSON text.
        JsonFloat = "json_float(String, String): Option<Float>", Plain;
        /// The truth value at a path of a JSON text.
        JsonBool = "json_bool(String, String): Option<Bool>", Plain;
        /// The elements of the array at a path of a JSON text, each as JSON.
        JsonList = "json_list(String, String): Option<List<String>>", Plain;
        /// The names of the members of the object at a path of a JSON text, ascending.
        JsonKeys = "json_keys(String, String): Option<List<String>>", Plain;
    }
}
