import Postgres

/// Reads tiles of the tree as stored, and makes the partial ones from positions and lower tiles;
/// keeps what it read for the length of one transaction.
struct TileStore {
    private let size: Int
    private var read: [TileID: [LogHash]] = [:]

    /// `size` is the size of the tree that is read: later positions do not count.
    init(size: Int) {
        self.size = size
    }

    mutating func tile(_ id: TileID, _ transaction: inout Transaction) throws -> [LogHash] {
        if read[id] == nil { try load([id], &transaction) }
        return read[id] ?? []
    }

    /// Reads the tiles that are not here yet, in one round trip however many they are.
    mutating func load(_ ids: Set<TileID>, _ transaction: inout Transaction) throws {
        let missing = ids.filter { read[$0] == nil }.map { TilePart(id: $0, from: 0) }
        let found = try Self.hashes(of: missing, in: size, &transaction)
        for (part, hashes) in zip(missing, found) { read[part.id] = hashes }
    }

    /// How many hashes a tree of this size has of a tile.
    static func width(of id: TileID, in size: Int) -> Int {
        let hashes = size >> (Tile.height * id.level)
        return min(Tile.width, max(0, hashes - id.index * Tile.width))
    }

    /// The rest of each tile in a tree of this size, in one round trip, each as one string of bytes. Throws
    /// `SealFault.tile` where the database has not got all of it.
    static func hashes(
        of parts: [TilePart], in size: Int, _ transaction: inout Transaction
    ) throws -> [[LogHash]] {
        guard !parts.isEmpty else { return [] }
        let answers = try transaction.pipeline(parts.map { step($0, size) })
        return try zip(parts, answers).map { part, rows in
            let bytes = try rows.first?.optionalBytes(0) ?? []
            guard let hashes = LogHash.list(bytes),
                hashes.count == width(of: part.id, in: size) - part.from
            else { throw SealFault.tile(part.id) }
            return hashes
        }
    }

    private static func step(_ part: TilePart, _ size: Int) -> (Statement, [Value]) {
        let (level, index) = (part.id.level, part.id.index)
        let end = width(of: part.id, in: size)
        if part.from == 0, end == Tile.width { return (selectTile, [.int(level), .int(index)]) }
        let first = index * Tile.width
        let rest: [Value] = [.int(first + part.from), .int(first + end)]
        return level == 0 ? (selectLeaves, rest) : (selectRoots, [.int(level - 1)] + rest)
    }

    static func insertion(of tiles: [Tile]) -> [(Statement, [Value])] {
        guard !tiles.isEmpty else { return [] }
        return [
            (
                insertTiles,
                [
                    .ints(tiles.map(\.id.level)), .ints(tiles.map(\.id.index)),
                    .bytesArray(tiles.map(\.bytes)), .bytesArray(tiles.map(\.root.bytes)),
                ]
            )
        ]
    }

    private static let selectTile = Statement(
        "select hashes from log.tile where level = $1 and index = $2")
    private static let selectLeaves = Statement(
        """
        select string_agg(leaf, ''::bytea order by position) from log.position
        where position >= $1 and position < $2
        """)
    private static let selectRoots = Statement(
        """
        select string_agg(root, ''::bytea order by index) from log.tile
        where level = $1 and index >= $2 and index < $3
        """)
    private static let insertTiles = Statement(
        """
        insert into log.tile (level, index, hashes, root)
        select level::int, index, hashes, root
        from unnest($1::bigint[], $2::bigint[], $3::bytea[], $4::bytea[]) as t(level, index, hashes, root)
        """)
}

/// The hashes of a tile from `from` on.
struct TilePart {
    let id: TileID
    let from: Int
}
