/// The fields of one line of a receipt file: a view of its bytes and where the commas are. In CP932 as in
/// UTF-8 no second byte is a comma or a line feed, so lines split before anything is decoded.
struct UkeFields {
    let bytes: ArraySlice<UInt8>
    private let ends: [Int]

    init(_ line: ArraySlice<UInt8>) {
        bytes = line
        var ends: [Int] = []
        ends.reserveCapacity(48)
        for index in line.indices where line[index] == UInt8(ascii: ",") { ends.append(index) }
        ends.append(line.endIndex)
        self.ends = ends
    }

    var count: Int { ends.count }

    /// A field counted from 1; empty when the line is too short or the layout does not know the item.
    func field(_ place: Int?) -> ArraySlice<UInt8> {
        guard let place, place >= 1, place <= ends.count else { return [] }
        let start = place == 1 ? bytes.startIndex : ends[place - 2] + 1
        return bytes[start..<ends[place - 1]]
    }

    /// Digits alone, at most nine of them.
    func number(_ place: Int?) -> Int? {
        let field = field(place)
        return field.count <= 9 ? Digits.number(field) : nil
    }

    func isEmpty(_ place: Int?) -> Bool { field(place).isEmpty }

    func ascii(_ place: Int?) -> String { String(decoding: field(place), as: UTF8.self) }
}
