package import Exchange
import FoundationEssentials
package import Logging
import Synchronization

/// 失効情報: the revocation lists in force. A reload takes effect at once and raises `epoch`; a file
/// that is broken, forged, from the future or older than the one before leaves the last good list in place,
/// which ages and at last answers "unknown". Unknown is never good.
package final class RevocationStore: Sendable {
    package enum Status: Sendable, Hashable {
        case good
        case revoked(since: Instant)
        case unknown(Reason)
    }

    /// How long after its next update a list still counts. 0 in the profile: an operator who allows
    /// more does so knowingly, when a CA's publication fails.
    package struct Freshness: Sendable {
        package let graceSeconds: Int64

        package init(graceSeconds: Int64 = 0) {
            self.graceSeconds = graceSeconds
        }
    }

    private struct State {
        var lists: [CertificateName: [LoadedList]] = [:]
        var files: [String: LoadedList] = [:]
        /// Of `lists`, those whose age says something: not one whose file is gone and that another replaces.
        var measured: [LoadedList] = []
        /// Why a file was not taken when it was read last.
        var refused: [String: Reason] = [:]
        var epoch: UInt64 = 0
    }

    private let paths: [String]
    private let issuers: [CertificateName: [ParsedCertificate]]
    private let freshness: Freshness
    private let now: @Sendable () -> Instant
    private let logger: Logger
    private let state: Mutex<State>

    /// Files, and folders whose `.pem`, `.crl` and `.der` files are read. A list whose issuer is
    /// among
    /// `issuers` is checked when it is loaded; any other when a path leads to its issuer.
    package init(
        paths: [String], issuers: [ParsedCertificate], freshness: Freshness = Freshness(),
        now: @escaping @Sendable () -> Instant, logger: Logger
    ) {
        self.paths = paths
        self.issuers = Dictionary(grouping: issuers, by: \.subject)
        self.freshness = freshness
        self.now = now
        self.logger = logger
        state = Mutex(State())
        reload()
    }

    package init(lists: [RevocationList], freshness: Freshness = Freshness()) {
        paths = []
        issuers = [:]
        self.freshness = freshness
        now = { Instant(microseconds: 0) }
        logger = Logger(label: "tsunagi.revocation", factory: { _ in SwiftLogNoOpLogHandler() })
        var state = State()
        state.measured = lists.map { LoadedList($0) }
        state.lists = Dictionary(grouping: state.measured, by: \.list.issuer)
        self.state = Mutex(state)
    }

    /// Changes whenever an answer could change; a connection compares it to ask again.
    package var epoch: UInt64 { state.withLock(\.epoch) }
    /// All lists together, for readiness and metrics.
    package var listCount: Int { state.withLock { $0.lists.values.reduce(0) { $0 + $1.count } } }

    /// When the first list goes stale: readiness warns ahead of it.
    package var freshUntil: Instant? {
        state.withLock { $0.measured.compactMap(\.list.nextUpdate).min() }
    }

    /// Files that were not taken when they were read last: an operator is told.
    package var refusedCount: Int { state.withLock(\.refused.count) }

    /// What an operator has to see to, by name: CAs of which no list counts now, and files that were not
    /// taken.
    package func problems(at time: Instant) -> [String] {
        let (lists, refused) = state.withLock { ($0.lists, $0.refused) }
        let authorities = Set(issuers.keys).union(lists.keys)
        let missing = authorities.compactMap { name -> String? in
            var problem = Reason.crlMissing
            for loaded in lists[name] ?? [] {
                guard let found = datesProblem(loaded.list, at: time) else { return nil }
                problem = found
            }
            return "\(name.text): \(problem.code)"
        }
        return missing.sorted() + refused.map { "\($0.key): \($0.value.code)" }.sorted()
    }

    /// Reads every file again. Returns whether anything changed.
    @discardableResult
    package func reload() -> Bool {
        let (before, told) = state.withLock { ($0.files, $0.refused) }
        let time = now()
        var files = before
        var there: Set<String> = []
        var refused: [String: Reason] = [:]
        for path in Self.files(at: paths) {
            do {
                there.insert(path)
                guard let loaded = try load(path, before: before[path], at: time) else { continue }
                files[path] = loaded
            } catch {
                refused[path] = error
                if error == .crlMissing { there.remove(path) }
                // It is tried again every ten seconds, and wrong until somebody mends it.
                guard told[path] != error else { continue }
                logger.error(
                    "revocation list not taken; the last good one stays",
                    metadata: ["file": "\(path)", "reason": "\(error.code)"])
            }
        }
        let gone = replaced(in: files, there: there, at: time)
        let measured = files.filter { !gone.contains($0.key) }.map(\.value)
        // Past its time it would say nothing any more, and files of a new name each day would pile up.
        for path in gone where files[path].map({ datesProblem($0.list, at: time) != nil }) ?? false
        {
            files[path] = nil
        }
        let isChanged =
            files.count != before.count || files.contains { before[$0.key] !== $0.value }
        state.withLock { state in
            state.measured = measured
            state.refused = refused
        }
        guard isChanged else { return false }
        let lists = Dictionary(grouping: files.values, by: \.list.issuer)
        state.withLock { state in
            state.files = files
            state.lists = lists
            state.epoch += 1
        }
        logger.info("revocation lists loaded", metadata: ["lists": "\(files.count)"])
        return true
    }

    /// Lists whose file was renamed or deleted while another of their CA counts. They go on revoking until
    /// they are stale; their age is nobody's concern.
    private func replaced(
        in files: [String: LoadedList], there: Set<String>, at time: Instant
    ) -> Set<String> {
        let current = Set(
            files.filter { there.contains($0.key) && datesProblem($0.value.list, at: time) == nil }
                .map(\.value.list.issuer))
        return Set(
            files.filter { !there.contains($0.key) && current.contains($0.value.list.issuer) }
                .map(\.key))
    }

    /// The whole path of a trusted certificate, asked again: on each handshake and each request.
    package func status(of certificate: TrustedCertificate, at time: Instant) -> Status {
        for link in certificate.path.reversed() {
            let status = status(of: link, at: time)
            guard status == .good else { return status }
        }
        return .good
    }

    func problem(with link: TrustedCertificate.Link, at time: Instant) -> Reason? {
        switch status(of: link, at: time) {
        case .good: nil
        case .revoked: .revoked
        case .unknown(let reason): reason
        }
    }

    private func status(of link: TrustedCertificate.Link, at time: Instant) -> Status {
        let lists = state.withLock { $0.lists[link.certificate.issuer] ?? [] }
        var problem = Reason.crlMissing
        var covered: RevocationReasons = []
        for loaded in lists {
            let list = loaded.list
            // A delta may revoke what its base does not. We cannot apply it, so it stops
            // everything.
            if list.unusable == .crlDelta { return .unknown(.crlDelta) }
            let reasons = list.reasonsCovered(for: link.certificate)
            let unfit =
                list.unusable ?? (reasons.isEmpty ? .crlOutOfScope : nil)
                ?? signerProblem(of: loaded, link) ?? datesProblem(list, at: time)
            if let unfit {
                // Of several lists, the one that nearly served tells the operator most.
                let isVague = problem == .crlMissing || problem == .crlOutOfScope
                problem = isVague ? unfit : problem
                continue
            }
            if let since = list.revocationTime(of: link.certificate.serial) {
                return .revoked(since: since)
            }
            covered.formUnion(reasons)
        }
        guard covered != .all else { return .good }
        return .unknown(covered.isEmpty ? problem : .crlSomeReasons)
    }

    private func signerProblem(
        of loaded: LoadedList, _ link: TrustedCertificate.Link
    ) -> Reason? {
        var problem: Reason?
        for signer in link.listSigners {
            guard let found = loaded.problem(signedBy: signer) else { return nil }
            problem = problem ?? found
        }
        return problem
    }

    private func datesProblem(_ list: RevocationList, at time: Instant) -> Reason? {
        guard list.thisUpdate.seconds <= time.seconds else { return .crlNotYetValid }
        guard let next = list.nextUpdate else { return .crlWithoutNextUpdate }
        return time.seconds <= next.adding(seconds: freshness.graceSeconds).seconds
            ? nil : .crlStale
    }

    // MARK: Files

    private static func files(at paths: [String]) -> [String] {
        paths.flatMap { path -> [String] in
            guard let names = try? FileManager.default.contentsOfDirectory(atPath: path) else {
                return [path]
            }
            let wanted = names.filter { name in
                [".pem", ".crl", ".der"].contains(where: name.hasSuffix)
            }
            return wanted.sorted().map { path + "/" + $0 }
        }
    }

    /// Nil when the file still holds the list that is in force.
    private func load(
        _ path: String, before: LoadedList?, at time: Instant
    ) throws(Reason) -> LoadedList? {
        guard let contents = try? Data(contentsOf: URL(filePath: path)) else { throw .crlMissing }
        // Every ten seconds, and ten thousand entries take longer to read than a hundred answers.
        if let before, before.written == contents { return nil }
        let documents: [[UInt8]]
        do { documents = try PEM.documents(in: Array(contents), "X509 CRL") } catch {
            throw .crlMalformed
        }
        guard documents.count == 1 else { throw .crlMalformed }
        let list = try RevocationList(der: documents[0])
        if let before, before.list.digest == list.digest { return nil }
        if let unusable = list.unusable { throw unusable }
        // In place of a good one it would stop everybody of its CA until its time has come.
        guard list.thisUpdate.seconds <= time.seconds else { throw .crlNotYetValid }
        // Going back to an older list would quietly undo a revocation.
        if let before, before.list.thisUpdate.seconds <= time.seconds,
            list.thisUpdate < before.list.thisUpdate
        {
            throw .crlStale
        }
        let loaded = LoadedList(list, written: contents)
        if let known = issuers[list.issuer] {
            let problems = known.map { loaded.problem(signedBy: $0) }
            if let problem = problems.first, !problems.contains(nil) {
                throw problem ?? .crlSignatureInvalid
            }
        }
        return loaded
    }
}

/// A list and which keys are known to have signed it: checking 10,000 entries' signature on every
/// handshake would cost more than the handshake.
private final class LoadedList: Sendable {
    let list: RevocationList
    /// The file that it was read from.
    let written: Data
    private let checked: Mutex<[ArraySlice<UInt8>: Bool]> = Mutex([:])

    init(_ list: RevocationList, written: Data = Data()) {
        self.list = list
        self.written = written
    }

    func problem(signedBy signer: ParsedCertificate) -> Reason? {
        if let problem = list.signerProblem(signer) { return problem }
        let known = checked.withLock { $0[signer.keyInfo] }
        let isGood = known ?? list.isSigned(by: signer)
        if known == nil { checked.withLock { $0[signer.keyInfo] = isGood } }
        return isGood ? nil : .crlSignatureInvalid
    }
}
