/// 印の間の文: text as it may stand between tags, or in quotes within one, of XML and HTML, whatever somebody
/// wrote.
extension String {
    /// XML 1.0, 2.2: control characters but tab are left out; a line stays a line.
    init(markup text: String) {
        self.init()
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": self += "&amp;"
            case "<": self += "&lt;"
            case ">": self += "&gt;"
            case "\"": self += "&quot;"
            case "'": self += "&apos;"
            case "\n", "\r", "\t": self += " "
            default:
                guard scalar.value >= 0x20, scalar.value != 0x7F,
                    !(0xFFFE...0xFFFF).contains(scalar.value)
                else { continue }
                unicodeScalars.append(scalar)
            }
        }
    }
}
