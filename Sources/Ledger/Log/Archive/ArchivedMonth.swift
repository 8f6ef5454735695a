package import Exchange
import Postgres

/// 保管した月: what the log's own leaf says of a month of entries that left the database: where they are
/// sealed, the tree of their leaves, and the SHA-256 of the file that has them now.
package struct ArchivedMonth: Hashable, Sendable {
    package let month: LogMonth
    package let contents: Contents
    package let at: Instant

    /// What is in an archive, whoever reads it: the entries' places and hashes, and the file's own.
    package struct Contents: Hashable, Sendable {
        /// Positions of the first and the last entry. Between them may lie entries of the neighbouring
        /// months, because positions follow transactions and months follow time.
        package let first: Int
        package let last: Int
        package let entries: Int
        /// Of the RFC 9162 tree over the leaf hashes of these entries alone, in the order of positions.
        package let root: LogHash
        /// SHA-256 of the file.
        package let archive: [UInt8]

        package init(first: Int, last: Int, entries: Int, root: LogHash, archive: [UInt8]) {
            self.first = first
            self.last = last
            self.entries = entries
            self.root = root
            self.archive = archive
        }
    }

    package init(month: LogMonth, contents: Contents, at: Instant) {
        self.month = month
        self.contents = contents
        self.at = at
    }

    /// The bytes whose hash is the leaf. Its first line tells it from every other leaf.
    package var leafText: [UInt8] {
        Array(
            """
            tsunagi archive v1
            month: \(month.text)
            first: \(contents.first)
            last: \(contents.last)
            entries: \(contents.entries)
            root: \(Hexadecimal.text(contents.root.bytes))
            archive: \(Hexadecimal.text(contents.archive))
            at: \(at.microseconds)

            """.utf8)
    }
}

extension ArchivedMonth {
    /// As `columns` and `at` select it.
    init(_ row: Row, from column: Int) throws {
        self.init(
            month: try LogMonth(try row.text(column)),
            contents: try Contents(row, from: column + 1),
            at: Instant(microseconds: try row.instant(column + 6)))
    }
}

extension ArchivedMonth.Contents {
    static func columns(of table: String) -> String {
        """
        to_char(\(table).month, 'YYYY-MM'), \(table).first, \(table).last, \(table).entries,
        \(table).root, \(table).archive
        """
    }

    init(_ row: Row, from column: Int) throws {
        guard let root = LogHash(try row.bytes(column + 3)) else { throw ArchiveFault.root }
        self.init(
            first: try row.int(column), last: try row.int(column + 1),
            entries: try row.int(column + 2), root: root, archive: try row.bytes(column + 4))
    }

    var values: [Value] {
        [.int(first), .int(last), .int(entries), .bytes(root.bytes), .bytes(archive)]
    }
}
