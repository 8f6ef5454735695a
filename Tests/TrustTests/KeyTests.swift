// swift-format-ignore-file: NeverUseForceTry
// A fixture that cannot be made is a broken test, and may stop it.

import Crypto
import Exchange
import Foundation
import Glibc
import Testing
import Trust

@Suite struct KeyTests {
    static let other = try! Party(role: .institution, code: "1310000002")
    static let portal = try! Party(role: .portal, code: "example-portal")

    static func withKeys<Answer>(_ body: (String) throws -> Answer) throws -> Answer {
        let folder = TestCA.folder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try KeyRing.create(folder)
        return try body(folder)
    }

    // MARK: Files

    @Test func `a key is made once, private, and 32 bytes`() throws {
        try Self.withKeys { folder in
            let path = folder + "/nonce-1.key"
            let before = try Data(contentsOf: URL(fileURLWithPath: path))
            try KeyRing.create(folder)
            #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == before)
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            #expect(attributes[.posixPermissions] as? Int == 0o400)
            #expect(before.count == 32)
            #expect(throws: FileProblem.self) { try SecretFile.create(path, [1]) }
        }
    }

    @Test(arguments: ["mode", "length", "missing", "gap", "link"])
    func `a key file that is not as it must be stops the start`(fault: String) throws {
        try Self.withKeys { folder in
            let path = folder + "/token-1.key"
            let files = FileManager.default
            switch fault {
            case "mode":
                try files.setAttributes([.posixPermissions: 0o440], ofItemAtPath: path)
            case "length":
                try files.removeItem(atPath: path)
                try SecretFile.create(path, [1, 2, 3])
            case "missing": try files.removeItem(atPath: path)
            case "gap": try SecretFile.create(folder + "/token-3.key", randomBytes(32))
            default:
                try files.moveItem(atPath: path, toPath: folder + "/elsewhere")
                try files.createSymbolicLink(
                    atPath: path, withDestinationPath: folder + "/elsewhere")
            }
            let problem = #expect(throws: FileProblem.self) { try KeyRing.load(folder) }
            #expect(problem?.description.contains("token") ?? false)
            #expect(throws: Never.self) { try KeyRing.load(folder, names: [.nonce]) }
        }
    }

    /// As the operator's commands do, for the user that serves.
    @Test(.enabled(if: geteuid() == 0))
    func `root makes keys for whoever owns their folder, and takes no other's`() throws {
        try Self.withKeys { folder in
            let serves: [FileAttributeKey: Any] = [.ownerAccountID: 65_534]
            try FileManager.default.setAttributes(serves, ofItemAtPath: folder)
            #expect(try KeyRing.rotate(folder, .nonce) == 2)
            let path = folder + "/nonce-2.key"
            let made = try FileManager.default.attributesOfItem(atPath: path)
            #expect(made[.ownerAccountID] as? Int == 65_534)
            #expect(try KeyRing.load(folder, names: [.nonce]).latest(.nonce) == 2)
            try FileManager.default.setAttributes([.ownerAccountID: 1], ofItemAtPath: path)
            let problem = #expect(throws: FileProblem.self) {
                try KeyRing.load(folder, names: [.nonce])
            }
            #expect(problem?.problem == "must belong to the user that runs Tsunagi")
        }
    }

    @Test func `a rotation of the number key is the wrap of what is stored`() throws {
        try Self.withKeys { folder in
            let first = try KeyRing.load(folder)
            let stored = KeyedHash.individualNumber("000000000000", keys: first).byVersion[0]
            #expect(try KeyRing.rotate(folder, .number) == 2)
            #expect(try KeyRing.rotate(folder, .number) == 3)
            let third = try KeyRing.load(folder)
            let wrapped = third.all(.number).dropFirst()
                .reduce(stored) { KeyedHash.wrap($0, in: $1) }
            // What was kept before the rotations is found after them.
            let kept = KeyedHash.extended([stored], keys: third)
            #expect(kept == KeyedHash.individualNumber("000000000000", keys: third))
            let chain = KeyedHash.individualNumber("000000000000", keys: third).byVersion
            #expect(chain.count == 3 && chain[0] == stored && chain[2] == wrapped)
            #expect(Set(chain).count == 3 && wrapped.count == 32)
        }
    }

    @Test func `two institutions cannot join their ids of one resident`() throws {
        try Self.withKeys { folder in
            let keys = try KeyRing.load(folder)
            let person: [UInt8] = [1, 2, 3]
            func id(_ institution: Party, _ key: KeyRing.Key) -> [UInt8] {
                KeyedHash.pairwise(institution: institution, person: person, key: key)
            }
            let mine = id(TestCA.party, keys.current(.pairwise))
            let theirs = id(Self.other, keys.current(.pairwise))
            #expect(mine.count == 16 && mine != theirs)
            try KeyRing.rotate(folder, .pairwise)
            let rotated = try KeyRing.load(folder)
            #expect(id(TestCA.party, rotated.former(.pairwise)[0]) == mine)
            #expect(id(TestCA.party, rotated.current(.pairwise)) != mine)
        }
    }

    @Test func `a shelf takes a new version over, and makes with it only when it is in use`() throws
    {
        try Self.withKeys { folder in
            let shelf = try KeyShelf(folder)
            try KeyRing.rotate(folder, .token)
            #expect(shelf.held[.token] == 1)
            func use(_ token: Int, _ nonce: Int, check: [UInt8]? = nil) throws {
                try shelf.use([
                    .token: .init(version: token, check: check),
                    .nonce: .init(version: nonce, check: nil),
                ])
            }
            try use(1, 1)
            try shelf.reload()
            #expect(shelf.held[.token] == 2 && shelf.ring.current(.token).version == 1)
            #expect(shelf.ring.all(.token).count == 2 && shelf.ring.former(.token).isEmpty)
            try use(2, 2)
            #expect(shelf.ring.current(.token).version == 2 && shelf.lacking == [.nonce])
            #expect(shelf.ring.current(.nonce).version == 1)
            try KeyRing.rotate(folder, .nonce)
            // What lacks is looked for each time it is said to be in use.
            try use(2, 2)
            #expect(shelf.lacking.isEmpty && shelf.ring.current(.nonce).version == 2)
            try SecretFile.create(folder + "/card-2.key", [1])
            #expect(throws: FileProblem.self) { try shelf.reload() }
            #expect(shelf.ring.current(.token).version == 2)
        }
    }

    @Test func `a shelf whose key is another than the site's lacks it`() throws {
        try Self.withKeys { folder in
            try KeyRing.rotate(folder, .number)
            let shelf = try KeyShelf(folder)
            let own = try #require(shelf.checks["number"])
            #expect(own.count == 2 && own[0] != own[1] && own[0] != shelf.checks["card"]?[0])
            try shelf.use([.number: .init(version: 2, check: own[1])])
            #expect(shelf.lacking.isEmpty)
            try shelf.use([.number: .init(version: 2, check: own[0])])
            #expect(shelf.lacking == [.number])
            // A version 1 of its own makes the second one another too.
            try FileManager.default.removeItem(atPath: folder + "/number-1.key")
            try SecretFile.create(folder + "/number-1.key", randomBytes(KeyRing.keyBytes))
            try shelf.use([.number: .init(version: 2, check: own[1])])
            #expect(shelf.lacking.isEmpty)
            try shelf.reload()
            #expect(shelf.lacking == [.number])
        }
    }

    @Test func `issuer and serial of a card do not run into each other`() throws {
        try Self.withKeys { folder in
            let keys = try KeyRing.load(folder)
            let first = KeyedHash.card(issuer: [1, 2], serial: [3], keys: keys)
            #expect(first != KeyedHash.card(issuer: [1], serial: [2, 3], keys: keys))
        }
    }

    // MARK: Nonces

    @Test func `a nonce serves its purpose and party until it expires`() throws {
        try Self.withKeys { folder in
            let keys = try KeyRing.load(folder)
            let now = TestCA.now
            let (text, expires) = Nonce.issue(
                .visit, to: TestCA.party, lifetimeSeconds: 300, now: now, keys: keys)
            func check(
                _ purpose: Nonce.Purpose = .visit, _ party: Party = TestCA.party,
                at time: Instant = now
            ) throws -> Instant {
                try Nonce.check(text, purpose, of: party, now: time, keys: keys)
            }
            #expect(try check() == expires)
            #expect(try check(at: expires) == expires)
            let late = Instant(microseconds: expires.microseconds + 1)
            #expect(throws: Refusal.nonceExpired) { try check(at: late) }
            #expect(throws: Refusal.nonceUnknown) { try check(.residentToken) }
            #expect(throws: Refusal.nonceUnknown) { try check(.visit, Self.other) }
            try KeyRing.rotate(folder, .nonce)
            let rotated = try KeyRing.load(folder)
            #expect(throws: Never.self) {
                try Nonce.check(text, .visit, of: TestCA.party, now: now, keys: rotated)
            }
            let stranger = try Self.withKeys { try KeyRing.load($0) }
            #expect(throws: Refusal.nonceUnknown) {
                try Nonce.check(text, .visit, of: TestCA.party, now: now, keys: stranger)
            }
        }
    }

    @Test func `every character of a nonce counts`() throws {
        let keys = try Self.withKeys { try KeyRing.load($0) }
        let (text, _) = Nonce.issue(
            .visit, to: TestCA.party, lifetimeSeconds: 300, now: TestCA.now, keys: keys)
        let letters = Array(text)
        for index in letters.indices {
            var changed = letters
            changed[index] = letters[index] == "A" ? "B" : "A"
            for attempt in [String(changed), String(letters[..<index])] {
                #expect(throws: Refusal.nonceUnknown) {
                    try Nonce.check(
                        attempt, .visit, of: TestCA.party, now: TestCA.now, keys: keys)
                }
            }
        }
        for attempt in [
            "", text + "A", text + "=", " " + text, String(repeating: "A", count: 9999),
        ] {
            #expect(throws: Refusal.nonceUnknown) {
                try Nonce.check(attempt, .visit, of: TestCA.party, now: TestCA.now, keys: keys)
            }
        }
    }

    // MARK: Tokens

    @Test func `an office token serves its party over its certificate until it expires`() throws {
        let keys = try Self.withKeys { try KeyRing.load($0) }
        let office = try Party(role: .municipality, code: "131016")
        let neighbour = try Party(role: .municipality, code: "131024")
        let mine = [UInt8](repeating: 1, count: 32)
        let theirs = [UInt8](repeating: 2, count: 32)
        let (text, expires) = OfficeToken.issue(
            to: office, certificate: mine, lifetimeSeconds: 600, now: TestCA.now, keys: keys)
        func check(
            _ text: String, _ party: Party, _ certificate: [UInt8], at time: Instant = TestCA.now
        ) throws {
            try OfficeToken.check(
                text, party: party, certificate: certificate, now: time, keys: keys)
        }
        #expect(throws: Never.self) { try check(text, office, mine) }
        #expect(throws: Refusal.tokenOfAnotherParty) { try check(text, neighbour, mine) }
        #expect(throws: Refusal.tokenOfAnotherParty) { try check(text, office, theirs) }
        #expect(throws: Refusal.tokenExpired) {
            try check(text, office, mine, at: expires.adding(seconds: 1))
        }
        let (nonce, _) = Nonce.issue(
            .visit, to: office, lifetimeSeconds: 600, now: TestCA.now, keys: keys)
        for wrong in ["", "rubbish", nonce, String(text.dropLast()), text + "A"] {
            #expect(throws: Refusal.tokenInvalid) { try check(wrong, office, mine) }
        }
        let letters = Array(text)
        for index in letters.indices {
            var changed = letters
            changed[index] = letters[index] == "A" ? "B" : "A"
            #expect(throws: Refusal.tokenInvalid) { try check(String(changed), office, mine) }
        }
    }

    @Test func `a resident token is found by its hash and only by it`() {
        let secret = ResidentTokenSecret()
        #expect(ResidentTokenSecret.hash(of: secret.text) == secret.hash)
        #expect(secret.text.count == 43 && secret.hash.count == 32)
        #expect(ResidentTokenSecret.hash(of: secret.text + "A") == nil)
        #expect(ResidentTokenSecret.hash(of: "") == nil)
        #expect(ResidentTokenSecret().text != secret.text)
    }

    @Test func `base64url has one spelling for each value`() {
        for count in 0..<70 {
            let bytes = randomBytes(count)
            #expect(Base64URL.decode(Base64URL.encode(bytes)) == bytes)
        }
        for wrong in ["A", "AB", "AAB", "AA==", "A A", "A\n", "+/", "あ"] where wrong != "AA" {
            #expect(Base64URL.decode(wrong) == nil, "\(wrong)")
        }
    }

    // MARK: Signed texts

    @Test func `a visit's text never equals a token's, nor another visit's`() throws {
        let day = try CalendarDay("2026-11-21")
        func visit(
            _ nonce: String = "n", _ party: Party = TestCA.party, _ kinds: [String] = ["b", "a"],
            _ kind: String = "outpatient", _ day: CalendarDay = day
        ) -> [UInt8] {
            SignedText.visit(
                nonce: nonce, party: party, consentKinds: kinds, visitKind: kind, day: day)
        }
        let expected = """
            tsunagi visit v1
            nonce: n
            listener: institution
            party: institution:1310000001
            visit-kind: outpatient
            consent: a
            consent: b
            day: 2026-11-21

            """
        #expect(String(decoding: visit(), as: UTF8.self) == expected)
        #expect(visit("n", TestCA.party, ["a", "b", "a"]) == visit())
        let others = [
            visit("m"), visit("n", Self.other), visit("n", TestCA.party, ["a"]),
            visit("n", TestCA.party, ["a\nconsent: b"]), visit("n", TestCA.party, [], "inpatient"),
            visit("n", TestCA.party, ["b", "a"], "outpatient", day.adding(days: 1)),
            SignedText.residentToken(nonce: "n", party: TestCA.party, day: day),
            SignedText.residentToken(nonce: "n", party: Self.portal, day: day), visit(),
        ]
        #expect(Set(others).count == others.count)
    }
}
