import CPostgres

/// What one statement returned, in PostgreSQL's binary form, read in place and freed with the last
/// reference. Lives on the database thread: it is not Sendable, so only decoded values leave.
package final class Rows {
    fileprivate let result: OpaquePointer
    package let count: Int

    /// Takes ownership of a PGresult.
    init(_ result: OpaquePointer) {
        self.result = result
        count = Int(PQntuples(result))
    }

    deinit {
        PQclear(result)
    }

    package var isEmpty: Bool { count == 0 }

    /// Rows inserted, updated, deleted, or selected; 0 for a statement that counts nothing.
    package var affected: Int {
        guard let text = PQcmdTuples(result) else { return 0 }
        return Int(String(cString: text)) ?? 0
    }

    /// A position outside the rows is a programmer's error.
    package subscript(_ index: Int) -> Row {
        precondition(index >= 0 && index < count, "no such row")
        return Row(rows: self, index: Int32(index))
    }

    package var first: Row? { isEmpty ? nil : self[0] }

    /// The rows in the server's order, each handed to `body`.
    package func map<T>(_ body: (Row) throws -> T) throws -> [T] {
        var values: [T] = []
        values.reserveCapacity(count)
        for index in 0..<count { values.append(try body(self[index])) }
        return values
    }

    /// The command as the server reports it, such as `COMMIT`.
    var command: String {
        PQcmdStatus(result).map { String(cString: $0) } ?? ""
    }
}

/// 手分けの行: rows that several threads read at once, each its part, while whoever asked for them waits: nothing
/// changes a PGresult once it came. MUST NOT outlive that wait, as `Rows` must not.
///
/// `@unchecked`: libpq only reads a result in all that `Row` calls (PostgreSQL documentation, libpq, Behavior
/// in Threaded Programs).
package struct SharedRows: @unchecked Sendable {
    private let rows: Rows

    fileprivate init(_ rows: Rows) { self.rows = rows }

    /// As `Rows`.
    package subscript(_ index: Int) -> Row { rows[index] }
}

extension Rows {
    package var shared: SharedRows { SharedRows(self) }
}

/// One row. A getter throws `DatabaseError.decoding` on a null (unless it is an optional one), on a
/// column that is not there, and on a type other than those it reads.
package struct Row {
    let rows: Rows
    let index: Int32

    /// `bigint`, `integer`, `smallint` and `oid`.
    package func int(_ column: Int) throws -> Int { try present(optionalInt(column), column) }

    package func optionalInt(_ column: Int) throws -> Int? {
        try withCell(column) { try Cell.int($0, $1, or: failure(column)) }
    }

    /// Character types, and `json` and `jsonb` as text. An enum or a domain over another type
    /// needs a cast to `text` in the statement.
    package func text(_ column: Int) throws -> String { try present(optionalText(column), column) }

    package func optionalText(_ column: Int) throws -> String? {
        try withCell(column) { try Cell.text($0, $1, or: failure(column)) }
    }

    package func bytes(_ column: Int) throws -> [UInt8] {
        try present(optionalBytes(column), column)
    }

    package func optionalBytes(_ column: Int) throws -> [UInt8]? {
        try withCell(column) { try Cell.bytes($0, $1, or: failure(column)) }
    }

    package func uuid(_ column: Int) throws -> UUIDBytes {
        try present(optionalUUID(column), column)
    }

    package func optionalUUID(_ column: Int) throws -> UUIDBytes? {
        try withCell(column) { try Cell.uuid($0, $1, or: failure(column)) }
    }

    package func bool(_ column: Int) throws -> Bool { try present(optionalBool(column), column) }

    package func optionalBool(_ column: Int) throws -> Bool? {
        try withCell(column) { try Cell.bool($0, $1, or: failure(column)) }
    }

    /// `timestamptz` as microseconds since 1970-01-01T00:00:00Z; `infinity` is not an instant.
    package func instant(_ column: Int) throws -> Int64 {
        try present(optionalInstant(column), column)
    }

    package func optionalInstant(_ column: Int) throws -> Int64? {
        try withCell(column) { try Cell.instant($0, $1, or: failure(column)) }
    }

    /// `date` as days since 1970-01-01; `infinity` is not a day.
    package func day(_ column: Int) throws -> Int { try present(optionalDay(column), column) }

    package func optionalDay(_ column: Int) throws -> Int? {
        try withCell(column) { try Cell.day($0, $1, or: failure(column)) }
    }

    package func isNull(_ column: Int) throws -> Bool {
        try withCell(column) { _, _ in true } == nil
    }
}

extension Row {
    /// Lends the cell's bytes in libpq's own memory, with the column's type; nil for a null.
    func withCell<T>(
        _ column: Int, _ body: (UnsafeRawBufferPointer, Oid) throws -> T
    ) throws -> T? {
        guard let number = Int32(exactly: column), number >= 0,
            number < PQnfields(rows.result)
        else { throw failure(column) }
        guard PQgetisnull(rows.result, index, number) == 0 else { return nil }
        let length = Int(PQgetlength(rows.result, index, number))
        let cell = UnsafeRawBufferPointer(
            start: PQgetvalue(rows.result, index, number), count: length)
        return try body(cell, PQftype(rows.result, number))
    }

    func present<T>(_ value: T?, _ column: Int) throws -> T {
        guard let value else { throw failure(column) }
        return value
    }

    func failure(_ column: Int) -> DatabaseError {
        guard let number = Int32(exactly: column), let name = PQfname(rows.result, number) else {
            return .decoding(column: String(column))
        }
        return .decoding(column: String(cString: name))
    }
}

extension Rows {
    /// A field of an error, by libpq's one-letter code: none that could quote a row is asked for.
    func errorField(_ code: Unicode.Scalar) -> String? {
        PQresultErrorField(result, Int32(code.value)).map { String(cString: $0) }
    }

    /// Of a described statement.
    var parameterTypes: [Oid] {
        (0..<PQnparams(result)).map { PQparamtype(result, $0) }
    }
}
