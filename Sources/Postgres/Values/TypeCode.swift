import CPostgres

/// PostgreSQL's built-in type codes (`src/include/catalog/pg_type.dat`), fixed for all versions.
enum TypeCode {
    static let bool: Oid = 16
    static let bytea: Oid = 17
    static let character: Oid = 18
    static let name: Oid = 19
    static let int8: Oid = 20
    static let int2: Oid = 21
    static let int4: Oid = 23
    static let text: Oid = 25
    static let oid: Oid = 26
    static let json: Oid = 114
    static let bpchar: Oid = 1042
    static let varchar: Oid = 1043
    static let date: Oid = 1082
    static let timestamptz: Oid = 1184
    static let uuid: Oid = 2950
    static let jsonb: Oid = 3802

    /// The element type of the array types that are read and written in binary.
    static func element(of array: Oid) -> Oid? {
        switch array {
        case 1000: bool
        case 1001: bytea
        case 1003: name
        case 1005: int2
        case 1007: int4
        case 1009: text
        case 1014: bpchar
        case 1015: varchar
        case 1016: int8
        case 1182: date
        case 1185: timestamptz
        case 2951: uuid
        case 199: json
        case 3807: jsonb
        default: nil
        }
    }
}

/// PostgreSQL counts days and microseconds from 2000-01-01, 10,957 days after 1970-01-01.
enum Epoch {
    static let days = 10_957
    static let microseconds: Int64 = 10_957 * 86_400 * 1_000_000
}
