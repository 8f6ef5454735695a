import ArgumentParser
import Exchange
import Ledger
import Postgres
import Trust

/// `tsunagi key`: the versions of a site's secret keys, and the next one, while gateways serve.
struct KeyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key", abstract: "Rotate the gateway's secret keys.",
        discussion: """
            With several gateways: prepare, copy the new file to each, and rotate when \
            tsunagi_key_versions says that each has it. Old files stay for ever: what was made \
            with them is checked with them, and stored hashes are wrapped in all of them.
            """,
        subcommands: [
            List.self, Prepare.self, Rotate.self, Retire.self, ServerKeyCommand.self,
        ])

    struct Named: ParsableArguments {
        @OptionGroup var owner: OwnerOption
        @Option(help: "The folder of the keys.") var keys = "keys"
        @Argument(
            help: """
                number, card, pairwise, token, nonce, seal, health-card, statement or notice.
                """)
        var name: KeyRing.Name

        /// Throws `KeyVersionLacking` for a folder that does not hold the key as the site uses it: what is
        /// made from such a one, no other gateway would know.
        func with<Answer>(
            _ body: (KeyRotation, KeyVersion, KeyRing) async throws -> Answer
        ) async throws -> Answer {
            let ring = try ring()
            let rotation = KeyRotation(try owner.address(), logger: owner.logger)
            do {
                let all = try await rotation.versions()
                guard let version = all.first(where: { $0.key == name.rawValue }) else {
                    throw ValidationError("The database knows no key \(name.rawValue).")
                }
                try version.require(checks: ring.checks(name))
                let answer = try await body(rotation, version, ring)
                await rotation.close()
                return answer
            } catch {
                await rotation.close()
                throw error
            }
        }

        func ring() throws -> KeyRing { try KeyRing.load(keys, names: [name]) }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Each key: the version in use, and since which one hashes are stored.")
        @OptionGroup var owner: OwnerOption

        func run() async throws {
            let rotation = KeyRotation(try owner.address(), logger: owner.logger)
            let versions = try await rotation.versions()
            await rotation.close()
            for key in versions {
                let rest = key.key == KeyRing.Name.seal.rawValue ? "signs still" : "has rows left"
                let former = key.oldest < key.version ? ", version \(key.oldest) \(rest)" : ""
                Output.line("\(key.key)\tversion \(key.version)\(former)")
            }
        }
    }

    struct Prepare: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make the next version's file, which nothing is made with yet.")
        @OptionGroup var named: Named

        func run() async throws {
            let version = try await named.with { _, inUse, ring in
                let latest = ring.latest(named.name)
                return latest > inUse.version
                    ? latest : try KeyRing.rotate(named.keys, named.name)
            }
            Output.line(
                "\(named.name.rawValue)-\(version).key is in \(named.keys): copy it to every gateway"
            )
        }
    }

    struct Rotate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take the next version into use, and rewrap what is stored.",
            discussion: """
                Two operators type it: the first proposes, and with the second it is done. Run again after \
                it was interrupted, it goes on where it was; once all is done it does nothing. Without a \
                prepared version it makes one, and waits until the gateways of this folder have read it.
                """)
        @OptionGroup var named: Named
        @OptionGroup var desk: OperatorDesk
        @Option(
            name: .customLong("to"),
            help: "The version to make with: one more than tsunagi key list says is in use.")
        var version: Int

        /// Gateways read their folder every ten seconds.
        static let readSeconds = 12

        func run() async throws {
            try await named.with { rotation, inUse, ring in
                if inUse.version == version {
                    Output.line("\(named.name.rawValue): version \(version) is in use already")
                } else {
                    try await take(rotation, after: inUse, ring)
                }
                if let stored = StoredKey(rawValue: named.name.rawValue) {
                    try await rewrap(stored, rotation)
                } else if named.name == .seal {
                    Output.line(
                        "Versions \(version - 1) and \(version) sign until tsunagi key retire: give "
                            + "those who keep checkpoints the key of tsunagi seal key --version \(version)"
                    )
                }
            }
        }

        private func take(
            _ rotation: KeyRotation, after inUse: KeyVersion, _ ring: KeyRing
        ) async throws {
            guard version == inUse.version + 1 else {
                throw ValidationError(
                    "Version \(inUse.version) is in use: the next one is \(inUse.version + 1).")
            }
            guard inUse.oldest == inUse.version else {
                throw ValidationError(
                    named.name == .seal
                        ? "Version \(inUse.oldest) signs still: tsunagi key retire comes first."
                        : "Rows are left under version \(inUse.oldest): --to \(inUse.version) comes first."
                )
            }
            try await desk.agree(
                .keyRotation, on: "\(named.name.rawValue) \(version)", by: .rotateKey, named.owner)
            if ring.latest(named.name) < version {
                try KeyRing.rotate(named.keys, named.name)
                Output.line("\(named.name.rawValue)-\(version).key is made; the gateways read it")
                try await Task.sleep(for: .seconds(Self.readSeconds))
            }
            let checks = try named.ring().checks(named.name)
            guard
                try await rotation.take(named.name.rawValue, version: version, checks: checks)
            else {
                throw ValidationError("Another rotation came first: look at tsunagi key list.")
            }
            Output.line("\(named.name.rawValue): version \(version) is in use")
        }

        private func rewrap(_ key: StoredKey, _ rotation: KeyRotation) async throws {
            let ring = try named.ring()
            let next = ring.all(named.name)[version - 1]
            let count = try await rotation.rewrap(
                key, to: version, checks: ring.checks(named.name)
            ) { KeyedHash.wrap($0, in: next) }
            Output.line("\(named.name.rawValue): \(count) rows rewrapped")
        }
    }
}

extension KeyRing.Name: ExpressibleByArgument {}

extension KeyCommand {
    struct Retire: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Let the former seal key sign no more.",
            discussion: """
                Two operators type it. Whoever has not got the new key by then believes no newer \
                checkpoint. The former key's checkpoints stay good, and the one that named the new key is \
                among them.
                """)
        @OptionGroup var owner: OwnerOption
        @OptionGroup var desk: OperatorDesk

        func run() async throws {
            let rotation = KeyRotation(try owner.address(), logger: owner.logger)
            let isRetired: Bool
            do {
                let seal = try await rotation.versions().first {
                    $0.key == KeyRing.Name.seal.rawValue
                }
                if let seal, seal.oldest < seal.version {
                    try await desk.agree(
                        .keyRotation, on: "seal \(seal.oldest) retired", by: .retireKey, owner)
                }
                isRetired = try await rotation.retireSeal()
                await rotation.close()
            } catch {
                await rotation.close()
                throw error
            }
            guard isRetired else {
                throw ValidationError(
                    "Nothing to retire: no rotation of the seal key is under way, or no checkpoint "
                        + "says it yet (a serving gateway signs one within a second).")
            }
            Output.line("The former seal key signs no more.")
        }
    }
}
