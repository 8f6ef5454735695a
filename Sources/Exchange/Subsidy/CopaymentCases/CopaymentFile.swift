/// 計算例のファイル: `data`, each with `id` and `input`, in; `data`, each with `id` and `output`, out. A case
/// that cannot be computed says so in its place.
package struct CopaymentFile: Sendable {
    private let cases: [JSON]

    package var count: Int { cases.count }

    /// A file of cases: 64 MiB, a million values.
    package static let limits = JSONLimits(
        bytesMax: 64 << 20, depthMax: 32, valuesMax: 4_000_000)

    package struct Fault: Error, Hashable, Sendable, CustomStringConvertible {
        package let description: String
    }

    /// Throws a sentence for a file that holds no list of cases at all.
    package init(reading bytes: [UInt8]) throws(Fault) {
        let whole: JSON
        do throws(Refusal) {
            whole = try JSON(reading: Self.withoutMark(bytes), limits: Self.limits)
        } catch .bodyTooLarge {
            throw Fault(description: "The file is too large: 64 MiB and 4,000,000 values are read.")
        } catch .duplicateItem(let path) {
            throw Fault(description: "The file gives \(path) twice.")
        } catch {
            throw Fault(description: "The file is not JSON in UTF-8.")
        }
        guard let cases = whole.array ?? whole.object?["data"]?.array else {
            throw Fault(description: "The file has no list called data.")
        }
        self.cases = cases
    }

    /// The answers as JSON, and how many cases were refused.
    package func answers(_ rules: CopaymentRules) -> (json: [UInt8], refused: Int) {
        var writer = JSONWriter(reservingBytes: 1 << 16)
        var refused = 0
        writer.beginObject()
        writer.name("data")
        writer.beginArray()
        for (index, item) in cases.enumerated() {
            writer.beginObject()
            if let id = item.object?["id"] { writer.member("id", id) }
            do throws(CaseFault) {
                try Self.answer(item, at: index, rules, into: &writer)
            } catch {
                refused += 1
                writer.member(error)
            }
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
        return (writer.bytes, refused)
    }

    private static func answer(
        _ item: JSON, at index: Int, _ rules: CopaymentRules, into writer: inout JSONWriter
    ) throws(CaseFault) {
        let path = JSONPath.element(index, of: "data")
        guard let object = item.object else { throw CaseFault(.malformed, path) }
        let place = JSONPath.member("input", of: path)
        let input: JSONObject
        switch object["input"] {
        case .object(let given): input = given
        // Ledgers and vendors' lists have no `input`: the case itself is it. A list under a local scheme
        // leaves the insurance's percentage unsaid; whoever sends it adds `rate` (else `noShare`).
        case nil where MonthCase.speaks(object): input = object
        case nil: throw CaseFault(.missing, place)
        default: throw CaseFault(.malformed, place)
        }
        if MonthCase.speaks(input) {
            writer.output(try MonthCase(input, path: place, rules))
        } else {
            let found = try ReceiptCase(input, path: place, rules)
            writer.output(found, found.receipt.copayment(rules.roundings), rules)
        }
    }

    private static func withoutMark(_ bytes: [UInt8]) -> [UInt8] {
        bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(bytes.dropFirst(3)) : bytes
    }
}
