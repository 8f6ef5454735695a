/// The sentences of the file faults: what was found, then what the officer or the vendor does about
/// it. Codes are stable; systems branch on them.
extension FileFault {
    package var ja: String { (line.map { "\($0)行目: " } ?? "") + reason.ja }
    package var en: String { (line.map { "Line \($0): " } ?? "") + reason.en }

    package var code: String {
        switch reason {
        case .empty: "file-empty"
        case .notText: "file-not-text"
        case .wrongEncoding: "file-wrong-encoding"
        case .nul: "file-nul"
        case .endMarkInside: "file-end-mark-inside"
        case .quoteNotClosed: "file-quote-not-closed"
        case .rowTooLong: "file-row-too-long"
        case .tooManyFields: "file-too-many-fields"
        case .headerMissing: "file-header-missing"
        case .headerDiffers: "file-header-differs"
        case .unknownColumn: "file-unknown-column"
        case .missingColumn: "file-missing-column"
        case .duplicateColumn: "file-duplicate-column"
        case .columnOrder: "file-column-order"
        case .errorColumns: "file-error-columns"
        case .rowsDiffer: "file-rows-differ"
        }
    }
}

extension FileFault.Reason {
    fileprivate var ja: String {
        let again = "送り直してください。"
        return switch self {
        case .empty: "ファイルに行がありません。出力の設定を確かめて、" + again
        case .notText(let kind): "テキストのCSVではありません(\(kind))。CSVに変換して" + again
        case .wrongEncoding(let found, let expected):
            "文字コードは\(found.rawValue)と思われますが、"
                + "\(expected.map(\.rawValue).joined(separator: "または"))のはずです。"
                + "文字コードの指定か出力の設定を直して、" + again
        case .nul:
            "NUL(00)のバイトがあります。UTF-16で書き出していないか、ファイルが壊れていないか確かめ、"
                + "CP932かUTF-8にして、" + again
        case .endMarkInside:
            "ファイルの終わりの印(1A)の後にデータがあります。複数のファイルをつないでいないか確かめて、1つずつ送ってください。"
        case .quoteNotClosed:
            "この行で始まる引用符(\")が閉じていません。ファイルが途中で切れていないか、中の引用符を2つ重ねているか確かめて、" + again
        case .rowTooLong(let most):
            "1行が\(most)バイトを超えています。改行が失われていないか確かめて、" + again
        case .tooManyFields(let most):
            "1行の項目が\(most)個を超えています。改行が失われていないか確かめて、" + again
        case .headerMissing:
            "このレイアウトの列名だけの行が見当たりません。見出し行を付けるか、その上の題名などの行を除くか、"
                + "レイアウトの指定と文字コード（CP932かUTF-8）を確かめて、" + again
        case .headerDiffers(let found, let all, let others):
            "見出し行に、このレイアウトの\(all)列のうち\(found)列と、ほかの\(others)列があります。別のレイアウトの"
                + "ファイルではないか、見出し行の後の改行が失われていないか確かめ、ほかの列を除いて、" + again
        case .unknownColumn(let name):
            "「\(name)」という列は、このレイアウトにありません。列を除くか列名を直して、" + again
        case .missingColumn(let name): "「\(name)」の列がありません。列を加えて、" + again
        case .duplicateColumn(let name): "「\(name)」の列が2つ以上あります。1つにして、" + again
        case .columnOrder(let name):
            "「\(name)」の列の位置が違います。レイアウトの順に並べて、" + again
        case .errorColumns:
            "エラーファイルの「つなぎ:」の\(ErrorFile.columns.count)列が、見出しの終わりに元の順で並んでいません。"
                + "消したり動かしたりせず、その右に列を足さずに、" + again
        case .rowsDiffer(let declared, let found):
            "届けられた件数\(declared)に対し、\(found)行あります。途中で切れていないか確かめて、" + again
        }
    }

    fileprivate var en: String {
        let again = "send the file again."
        return switch self {
        case .empty: "The file has no rows. Check the export and " + again
        case .notText(let kind): "This is no CSV text (\(kind)). Convert it to CSV and " + again
        case .wrongEncoding(let found, let expected):
            "The file seems to be \(found.rawValue) where "
                + "\(expected.map(\.rawValue).joined(separator: " or ")) was expected. Correct the "
                + "declared encoding or the export and " + again
        case .nul:
            "A NUL byte stands here. Check whether the file was written as UTF-16 or is damaged, write it "
                + "as CP932 or UTF-8, and " + again
        case .endMarkInside:
            "Data follows the end-of-file mark (1A). Check whether files were joined, and send "
                + "them one by one."
        case .quoteNotClosed:
            "The quote that opens here is never closed. Check whether the file was cut off and "
                + "that quotes inside a field are doubled, and " + again
        case .rowTooLong(let most):
            "The row is longer than \(most) bytes. Check whether line ends were lost, and " + again
        case .tooManyFields(let most):
            "The row has more than \(most) fields. Check whether line ends were lost, and " + again
        case .headerMissing:
            "No line names the columns of this layout and nothing else. Add the header, remove what stands "
                + "above it, or check which layout is meant and that the file is CP932 or UTF-8, "
                + "and " + again
        case .headerDiffers(let found, let all, let others):
            "The header has \(found) of the \(all) columns of this layout and \(others) others. Check "
                + "whether the file is of another layout and whether the line end behind the header "
                + "was lost, remove the other columns, and " + again
        case .unknownColumn(let name):
            "The layout has no column \"\(name)\". Remove it or correct its name, and " + again
        case .missingColumn(let name): "The column \"\(name)\" is missing. Add it and " + again
        case .duplicateColumn(let name):
            "The column \"\(name)\" is given more than once. Keep one and " + again
        case .columnOrder(let name):
            "The column \"\(name)\" is out of place. Put the columns in the order of the layout "
                + "and " + again
        case .errorColumns:
            "The \(ErrorFile.columns.count) columns of the error file (つなぎ:…) do not stand at the end of "
                + "the header in their order. Leave them as they came, with no column behind them, and "
                + again
        case .rowsDiffer(let declared, let found):
            "\(declared) rows were announced and \(found) came. Check whether the file was cut "
                + "off, and " + again
        }
    }
}
