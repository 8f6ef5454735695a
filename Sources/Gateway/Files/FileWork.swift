import Exchange
import Hummingbird
package import Ledger
import ServiceLifecycle
package import Trust

/// 夜間処理: the part of a gateway with an office listener that works through the files which were received.
package struct FileWork: Service {
    private let parts: GatewayParts

    package init(_ parts: GatewayParts) {
        self.parts = parts
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown {
            await parts.ledger.workOnFiles(parts.fileKinds, hashing: parts.fileHashing)
        }
    }
}

extension GatewayParts {
    var fileKinds: [FileKind] { FileKind.all(fileHashing) }
    var fileHashing: FileHashing { FileHashing(keys) }

    var fileRoutes: [Route] {
        fileKinds.flatMap { kind -> [Route] in
            let path = "/files/\(kind.layout)"
            let ends = route(
                .get, "\(path)/:file/ends", for: kind.reading, handle: readFileEnds(kind))
            return (kind.isWhole ? [ends] : []) + [
                route(.post, path, for: kind.purpose, handle: receiveFile(kind)),
                route(.get, path, for: kind.reading, handle: listFiles(kind)),
                route(.get, "\(path)/:file", for: kind.reading, handle: readFile(kind)),
                route(
                    .get, "\(path)/:file/errors", for: kind.reading, handle: readFileErrors(kind)),
                route(.get, "\(path)/:file/plan", for: kind.reading, handle: readFilePlan(kind)),
                route(
                    .post, "\(path)/:file/decision", for: kind.purpose, handle: decideFile(kind)),
            ]
        }
    }
}

extension FileHashing {
    /// With the keys as they are when a number comes.
    package init(_ keys: KeyShelf) {
        self.init(
            number: { $0.hash(keys.ring) }, card: { $0.hash(keys.ring) },
            extended: { KeyedHash.extended($0, keys: keys.ring) })
    }
}
