//! Built-ins for `Bytes`: conversions and hashes.

super::area! {
    /// Byte strings.
    enum Bytes in Bytes {
        /// How many bytes there are.
        Len = "Bytes.len(): Int", Plain;
        /// Whether there is no byte.
        IsEmpty = "Bytes.is_empty(): Bool", Plain;
        /// The byte at a place, 0 to 255; a row error if there is none.
        At = "Bytes.at(Int): Int", Plain, fallible;
        /// The bytes from a place up to, not including, another; what is outside is left out.
        Slice = "Bytes.slice(Int, Int): Bytes", Plain;
        /// One after the other.
        Concat = "Bytes.concat(Bytes): Bytes", Plain, fallible;
        /// The bytes as numbers.
        ToList = "Bytes.to_list(): List<Int>", Plain;
        /// The bytes with these numbers; a row error for a number outside 0 to 255.
        FromList = "List<Int>.to_bytes(): Bytes", Plain, fallible;
        /// The UTF-8 form of the text.
        Encode = "String.to_bytes(): Bytes", Plain;
        /// The text of which these bytes are the UTF-8 form; a row error if there is none.
        Decode = "Bytes.decode(): String", Plain, fallible;
        /// The text with a replacement character for what is no UTF-8.
        DecodeLossy = "Bytes.decode_lossy(): String", Plain;
        /// Two lower-case digits a byte.
        ToHex = "Bytes.to_hex(): String", Plain;
        /// The bytes that the digits write; a row error if they write none.
        FromHex = "String.decode_hex(): Bytes", Plain, fallible;
        /// Base 64 (RFC 4648, with padding).
        ToBase64 = "Bytes.to_base64(): String", Plain;
        /// The bytes that base 64 (RFC 4648, with padding) writes; a row error if it writes none.
        FromBase64 = "String.decode_base64(): Bytes", Plain, fallible;
        /// The SHA-256 digest, 32 bytes.
        Sha256 = "sha256(Bytes): Bytes", Plain;
        /// The 64-bit FNV-1a hash.
        Fnv1a = "fnv1a(Bytes): Int", Plain;
    }
}
