import Exchange
import Foundation
import Ledger
import Trust

/// 突合: the municipality holds its own whole list against what the gateway signed, and finds the one row that
/// somebody changed on its side alone.
extension DemoStory {
    func statement() throws {
        let town = cast.offices[0]
        teller.say("")
        teller.say("Do both sides now hold the same? The municipality asks with its own list:")
        var rows = cast.wholeList(of: town)
        try teller.say(compare(town, rows, "all.csv", isShown: true).text)
        let place = min(11, rows.count - 1)
        rows[place]["資格有効期間終了"] = rows[place]["資格有効期間開始"]
        let differs = try compare(town, rows, "all-changed.csv", isShown: false)
        teller.say("One row changed here alone, found in as many questions as the tree forks:")
        teller.say(differs.text)
    }

    func compare(
        _ town: Party, _ rows: [[String: String]], _ name: String, isShown: Bool
    ) throws -> StatementComparison.Verdict {
        let path = teller.bodies + "/" + name
        let text = ([NightLayout.header] + rows.map(NightLayout.line)).joined()
        let bytes = Characters(.cp932, table: .cp932).bytes(of: text).bytes
        try Data(bytes).write(to: URL(filePath: path))
        let world = teller.world
        let gateway = "https://localhost:\(teller.ports[.office] ?? 0)"
        if isShown {
            Output.line(
                "    \u{1B}[2m$ tsunagi statement compare $DEMO/sent/\(name) --layout entitlements --now "
                    + "--gateway \(gateway) --certificate … --statement-key …\u{1B}[0m")
        }
        let own = StatementFile(
            path: path, field: .subsidy, layout: "entitlements", profiles: "profiles",
            encoding: .cp932)
        let certificate = world.certificate(of: town)
        return try StatementComparison(
            field: own.field,
            asked: AskedGateway(
                gateway: gateway, certificate: certificate.path, key: certificate.key,
                anchors: world.pki.path(.server, "ca.pem")),
            key: StatementCommand.key(in: world.keysFolder, origin: World.origin, version: 1),
            isNow: true
        ).verdict(on: own)
    }
}
