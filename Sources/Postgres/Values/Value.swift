/// A parameter as the caller means it. How it travels is decided by the type that the server gave
/// the parameter: binary where PostgreSQL fixes the binary form, otherwise text.
package enum Value: Sendable, Hashable {
    case null
    case bool(Bool)
    /// `bigint`; narrower columns take it too, and the server refuses what does not fit.
    case int(Int)
    case int4(Int32)
    /// A NUL cannot be stored by PostgreSQL and is refused before anything is sent.
    case text(String)
    case bytes([UInt8])
    case uuid(UUIDBytes)
    /// Microseconds since 1970-01-01T00:00:00Z, to `timestamptz`.
    case instant(Int64)
    /// Days since 1970-01-01, to `date`.
    case day(Int)
    /// Checked by the server, to `jsonb` or `json`.
    case json(String)

    case bools([Bool?])
    case ints([Int?])
    case texts([String?])
    case bytesArray([[UInt8]?])
    case uuids([UUIDBytes?])
    case instants([Int64?])
    case days([Int?])
    case jsons([String?])
}

extension Value {
    package static func orNull(_ value: Bool?) -> Value { value.map(Value.bool) ?? .null }
    package static func orNull(_ value: Int?) -> Value { value.map(Value.int) ?? .null }
    package static func orNull(_ value: String?) -> Value { value.map(Value.text) ?? .null }
    package static func orNull(_ value: [UInt8]?) -> Value { value.map(Value.bytes) ?? .null }
    package static func orNull(_ value: UUIDBytes?) -> Value { value.map(Value.uuid) ?? .null }
    package static func orNull(instant: Int64?) -> Value { instant.map(Value.instant) ?? .null }
    package static func orNull(day: Int?) -> Value { day.map(Value.day) ?? .null }
    package static func orNull(json: String?) -> Value { json.map(Value.json) ?? .null }
}
