import Postgres
import TestSupport
import Testing

@Suite struct ValueTests {
    /// A value, the type it is sent as, and the text that PostgreSQL itself makes of it.
    struct Case: Sendable, CustomTestStringConvertible {
        let value: Value
        let type: String
        let text: String?
        var testDescription: String { "\(type) \(text ?? "NULL")" }

        init(_ value: Value, _ type: String, _ text: String?) {
            self.value = value
            self.type = type
            self.text = text
        }
    }

    static let id = UUIDBytes("00112233-4455-6677-8899-aabbccddeeff") ?? .random()

    static let cases: [Case] = [
        Case(.null, "bigint", nil), Case(.null, "text", nil), Case(.null, "uuid[]", nil),
        Case(.bool(true), "boolean", "true"), Case(.bool(false), "boolean", "false"),
        Case(.int(0), "bigint", "0"), Case(.int(.max), "bigint", "9223372036854775807"),
        Case(.int(.min), "bigint", "-9223372036854775808"),
        Case(.int(-7), "integer", "-7"), Case(.int(32_767), "smallint", "32767"),
        Case(.int(12), "numeric", "12"), Case(.int(12), "text", "12"),
        Case(.int4(.min), "integer", "-2147483648"), Case(.int4(5), "bigint", "5"),
        Case(.text(""), "text", ""), Case(.text("つなぎ"), "text", "つなぎ"),
        Case(.text("髙"), "varchar", "髙"), Case(.text("2026-11-21"), "date", "2026-11-21"),
        Case(.text("00112233-4455-6677-8899-aabbccddeeff"), "uuid", id.text),
        Case(.text(#"{"a": 1}"#), "jsonb", #"{"a": 1}"#),
        Case(.bytes([]), "bytea", "\\x"), Case(.bytes([0, 1, 255]), "bytea", "\\x0001ff"),
        Case(.uuid(id), "uuid", id.text), Case(.uuid(id), "text", id.text),
        Case(.instant(0), "timestamptz", "1970-01-01 00:00:00+00"),
        Case(.instant(-1), "timestamptz", "1969-12-31 23:59:59.999999+00"),
        Case(.instant(1_795_252_079_123_456), "timestamptz", "2026-11-21 09:07:59.123456+00"),
        Case(.day(0), "date", "1970-01-01"), Case(.day(-1), "date", "1969-12-31"),
        Case(.day(20_778), "date", "2026-11-21"),
        Case(.json(#"{"b":[1,null]}"#), "jsonb", #"{"b": [1, null]}"#),
        Case(.json(#"{"b":1}"#), "json", #"{"b":1}"#),
        Case(.bools([true, nil, false]), "boolean[]", "{t,NULL,f}"),
        Case(.ints([]), "bigint[]", "{}"), Case(.ints([1, nil, -1]), "bigint[]", "{1,NULL,-1}"),
        Case(.ints([1, 2]), "integer[]", "{1,2}"), Case(.ints([3]), "numeric[]", "{3}"),
        Case(.texts(["a,b", nil, "", "\"\\"]), "text[]", #"{"a,b",NULL,"","\"\\"}"#),
        Case(.texts(["a b", nil]), "varchar[]", #"{"a b",NULL}"#),
        Case(.texts(["1", nil, "2"]), "integer[]", "{1,NULL,2}"),
        Case(.bytesArray([[1], nil, []]), "bytea[]", #"{"\\x01",NULL,"\\x"}"#),
        Case(.uuids([id, nil]), "uuid[]", "{\(id.text),NULL}"),
        Case(.instants([0, nil]), "timestamptz[]", #"{"1970-01-01 00:00:00+00",NULL}"#),
        Case(.days([0, nil]), "date[]", "{1970-01-01,NULL}"),
        Case(.jsons(["1", nil]), "jsonb[]", "{1,NULL}"),
    ]

    @Test(arguments: cases)
    func `the server reads each value as it was meant`(row: Case) async throws {
        let text = try await Self.withTransaction { transaction in
            try transaction.script("SET LOCAL TIME ZONE 'UTC'")
            let statement = Statement("SELECT ($1::\(row.type))::text")
            return try transaction.query(statement, [row.value])[0].optionalText(0)
        }
        #expect(text == row.text)
    }

    @Test func `every type comes back as it was sent`() async throws {
        try await Self.withTransaction { transaction in
            let row = try transaction.query(
                Statement(
                    """
                    SELECT $1::bool, $2::int8, $3::int4, $4::text, $5::bytea, $6::uuid,
                           $7::timestamptz, $8::date, $9::jsonb, $10::int2
                    """),
                [
                    .bool(true), .int(-5), .int4(6), .text("\u{845B}\u{E0100}"), .bytes([0, 200]),
                    .uuid(Self.id), .instant(-62_135_596_800_000_000), .day(-719_162),
                    .json("[1]"), .int(7),
                ])[0]
            #expect(try row.bool(0))
            #expect(try row.int(1) == -5)
            #expect(try row.int(2) == 6)
            #expect(try row.text(3) == "\u{845B}\u{E0100}")
            #expect(try row.bytes(4) == [0, 200])
            #expect(try row.uuid(5) == Self.id)
            #expect(try row.instant(6) == -62_135_596_800_000_000)
            #expect(try row.day(7) == -719_162)
            #expect(try row.text(8) == "[1]")
            #expect(try row.int(9) == 7)
        }
    }

    @Test func `arrays come back with their nulls`() async throws {
        try await Self.withTransaction { transaction in
            let row = try transaction.query(
                Statement(
                    """
                    SELECT $1::bool[], $2::int8[], $3::text[], $4::bytea[], $5::uuid[],
                           $6::timestamptz[], $7::date[], '{}'::text[], NULL::text[]
                    """),
                [
                    .bools([true, nil]), .ints([nil, 2]), .texts(["", nil, "花"]),
                    .bytesArray([[], nil]), .uuids([Self.id, nil]), .instants([7, nil]),
                    .days([nil, 8]),
                ])[0]
            #expect(try row.nullableBools(0) == [true, nil])
            #expect(try row.nullableInts(1) == [nil, 2])
            #expect(try row.nullableTexts(2) == ["", nil, "花"])
            #expect(try row.nullableBytesArray(3) == [[], nil])
            #expect(try row.nullableUUIDs(4) == [Self.id, nil])
            #expect(try row.nullableInstants(5) == [7, nil])
            #expect(try row.nullableDays(6) == [nil, 8])
            #expect(try row.texts(7) == [])
            #expect(try row.optionalTexts(8) == nil)
            #expect(throws: DatabaseError.decoding(column: "text")) { try row.texts(8) }
            #expect(throws: DatabaseError.decoding(column: "text")) { try row.texts(2) }
        }
    }

    @Test(arguments: 0...16)
    func `every character of every plane comes back`(plane: Int) async throws {
        let text = String(
            String.UnicodeScalarView(
                (plane << 16..<(plane + 1) << 16).dropFirst(plane == 0 ? 1 : 0)
                    .compactMap { Unicode.Scalar(UInt32($0)) }))
        let back = try await Self.withTransaction { transaction in
            let row = try transaction.query(
                Statement("SELECT $1::text, $2::text[], length($1::text)"),
                [.text(text), .texts([text])])[0]
            return (try row.text(0), try row.texts(1), try row.int(2))
        }
        #expect(Array(back.0.unicodeScalars) == Array(text.unicodeScalars))
        #expect(back.1.first.map { Array($0.utf8) } == Array(text.utf8))
        #expect(back.2 == text.unicodeScalars.count)
    }

    static let refused: [Case] = [
        Case(.text("a\0b"), "text", nil), Case(.text("\0"), "integer", nil),
        Case(.texts(["a", "b\0"]), "text[]", nil), Case(.texts(["\0"]), "integer[]", nil),
        Case(.json("\0"), "jsonb", nil), Case(.bytes([1]), "text", nil),
        Case(.instant(0), "text", nil), Case(.instant(.min), "timestamptz", nil),
        Case(.day(.max), "date", nil), Case(.days([.max]), "date[]", nil),
        Case(.day(0), "bigint", nil), Case(.instants([1]), "text[]", nil),
    ]

    @Test(arguments: refused)
    func `what cannot be sent is refused before it is sent`(row: Case) async throws {
        await #expect(throws: DatabaseError.parameter(position: 2)) {
            try await Self.withTransaction { transaction in
                let statement = Statement("SELECT $1::int8, $2::\(row.type)")
                _ = try transaction.query(statement, [.int(1), row.value])
            }
        }
    }

    @Test func `a wrong number of values is refused`() async throws {
        for values in [[], [Value.int(1)], [.int(1), .int(2), .int(3)]] {
            await #expect(throws: DatabaseError.parameter(position: min(values.count, 2) + 1)) {
                try await Self.withTransaction { transaction in
                    _ = try transaction.query(Statement("SELECT $1::int8, $2::int8"), values)
                }
            }
        }
    }

    struct Misreading: Sendable {
        let sql: String
        let read: @Sendable (Row) throws -> Void
    }

    static let misreadings = [
        Misreading(sql: "SELECT NULL::int8 AS c") { _ = try $0.int(0) },
        Misreading(sql: "SELECT 'a'::text AS c") { _ = try $0.int(0) },
        Misreading(sql: "SELECT 1::int8 AS c") { _ = try $0.text(0) },
        Misreading(sql: "SELECT 1.5::numeric AS c") { _ = try $0.int(0) },
        Misreading(sql: "SELECT ''::bytea AS c") { _ = try $0.text(0) },
        Misreading(sql: "SELECT ''::text AS c") { _ = try $0.bytes(0) },
        Misreading(sql: "SELECT 1::int4 AS c") { _ = try $0.bool(0) },
        Misreading(sql: "SELECT now()::timestamp AS c") { _ = try $0.instant(0) },
        Misreading(sql: "SELECT 'infinity'::timestamptz AS c") { _ = try $0.instant(0) },
        Misreading(sql: "SELECT '-infinity'::date AS c") { _ = try $0.day(0) },
        Misreading(sql: "SELECT ''::text AS c") { _ = try $0.uuid(0) },
        Misreading(sql: "SELECT '{{1,2},{3,4}}'::int8[] AS c") { _ = try $0.ints(0) },
        Misreading(sql: "SELECT '{1}'::int8[] AS c") { _ = try $0.texts(0) },
        Misreading(sql: "SELECT 1::int8 AS c") { _ = try $0.ints(0) },
    ]

    @Test(arguments: misreadings.indices)
    func `a null or another type is an error that names the column`(index: Int) async throws {
        let row = Self.misreadings[index]
        await #expect(throws: DatabaseError.decoding(column: "c"), "\(row.sql)") {
            try await Self.withTransaction { transaction in
                try row.read(transaction.query(Statement(row.sql))[0])
            }
        }
    }

    @Test func `a column that is not there is an error`() async throws {
        await #expect(throws: DatabaseError.decoding(column: "1")) {
            try await Self.withTransaction { transaction in
                _ = try transaction.query(Statement("SELECT 1::int8"))[0].int(1)
            }
        }
    }

    /// Nothing here is stored, so all share one database.
    static func withTransaction<R: Sendable>(
        _ body: @escaping @Sendable (inout Transaction) throws -> R
    ) async throws -> R {
        try await pool.get().transaction(.readWrite, body)
    }

    private static let pool = Result {
        try Pool(
            TestPostgres.cluster().address(),
            limits: .init(connectionsMax: 2, waitMilliseconds: 60_000), label: "values",
            logger: TestPostgres.logger)
    }
}
