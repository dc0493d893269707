import Columnar

/// The Avro schemas that we write, character for character what the Java library and pyiceberg read.
///
/// Source: iceberg.apache.org/spec, "Manifests" and "Manifest Lists". Engines bind classes by the record
/// names `manifest_entry`, `r2`, `r102`, `manifest_file` and `r508`; ids are the spec's.
enum ManifestSchema {
    /// The schema of a manifest whose partition record has the spec's fields.
    static func entry(spec: PartitionSpec, types: [DataType]) throws(LakeError) -> String {
        """
        {"type":"record","name":"manifest_entry","fields":[\
        {"name":"status","type":"int","field-id":0},\
        \(optional("snapshot_id", "\"long\"", 1)),\
        \(optional("sequence_number", "\"long\"", 3)),\
        \(optional("file_sequence_number", "\"long\"", 4)),\
        {"name":"data_file","type":{"type":"record","name":"r2","fields":[\
        {"name":"content","type":"int","field-id":134},\
        {"name":"file_path","type":"string","field-id":100},\
        {"name":"file_format","type":"string","field-id":101},\
        {"name":"partition","type":{"type":"record","name":"r102","fields":[\
        \(try partition(spec, types))]},"field-id":102},\
        {"name":"record_count","type":"long","field-id":103},\
        {"name":"file_size_in_bytes","type":"long","field-id":104},\
        \(map("column_sizes", 108, 117, "long")),\
        \(map("value_counts", 109, 119, "long")),\
        \(map("null_value_counts", 110, 121, "long")),\
        \(map("nan_value_counts", 137, 138, "long")),\
        \(map("lower_bounds", 125, 126, "bytes")),\
        \(map("upper_bounds", 128, 129, "bytes")),\
        \(optional("key_metadata", "\"bytes\"", 131)),\
        \(optional("split_offsets", #"{"type":"array","items":"long","element-id":133}"#, 132)),\
        \(optional("equality_ids", #"{"type":"array","items":"int","element-id":136}"#, 135)),\
        \(optional("sort_order_id", "\"int\"", 140))\
        ]},"field-id":2}]}
        """
    }

    /// The schema of a manifest list.
    static let list = """
        {"type":"record","name":"manifest_file","fields":[\
        {"name":"manifest_path","type":"string","field-id":500},\
        {"name":"manifest_length","type":"long","field-id":501},\
        {"name":"partition_spec_id","type":"int","field-id":502},\
        {"name":"content","type":"int","field-id":517},\
        {"name":"sequence_number","type":"long","field-id":515},\
        {"name":"min_sequence_number","type":"long","field-id":516},\
        {"name":"added_snapshot_id","type":"long","field-id":503},\
        {"name":"added_files_count","type":"int","field-id":504},\
        {"name":"existing_files_count","type":"int","field-id":505},\
        {"name":"deleted_files_count","type":"int","field-id":506},\
        {"name":"added_rows_count","type":"long","field-id":512},\
        {"name":"existing_rows_count","type":"long","field-id":513},\
        {"name":"deleted_rows_count","type":"long","field-id":514},\
        {"name":"partitions","type":["null",{"type":"array","items":{"type":"record",\
        "name":"r508","fields":[\
        {"name":"contains_null","type":"boolean","field-id":509},\
        \(optional("contains_nan", "\"boolean\"", 518)),\
        \(optional("lower_bound", "\"bytes\"", 510)),\
        \(optional("upper_bound", "\"bytes\"", 511))\
        ]},"element-id":508}],"default":null,"field-id":507},\
        \(optional("key_metadata", "\"bytes\"", 519))]}
        """

    private static func optional(_ name: String, _ type: String, _ id: Int) -> String {
        #"{"name":"\#(name)","type":["null",\#(type)],"default":null,"field-id":\#(id)}"#
    }

    /// A map with int keys: Avro has none, so an array of pairs; `key` and `key + 1` are their ids.
    private static func map(_ name: String, _ id: Int, _ key: Int, _ value: String) -> String {
        let pair = """
            {"type":"array","logicalType":"map","items":{"type":"record",\
            "name":"k\(key)_v\(key + 1)","fields":[\
            {"name":"key","type":"int","field-id":\(key)},\
            {"name":"value","type":"\(value)","field-id":\(key + 1)}]}}
            """
        return optional(name, pair, id)
    }

    private static func partition(
        _ spec: PartitionSpec, _ types: [DataType]
    ) throws(LakeError) -> String {
        var fields: [String] = []
        for (field, type) in zip(spec.fields, types) {
            var json = JSONWriter()
            json.beginObject()
            json.member("name", avroName(field.name))
            json.key("type")
            json.beginArray()
            json.string("null")
            json.raw(Array(try avroType(type, fieldID: field.fieldID).utf8))
            json.endArray()
            json.key("default")
            json.null()
            json.member("field-id", field.fieldID)
            if avroName(field.name) != field.name { json.member("iceberg-field-name", field.name) }
            json.endObject()
            fields.append(json.text)
        }
        return fields.joined(separator: ",")
    }

    /// Avro names are `[A-Za-z_][A-Za-z0-9_]*`; others are spelled as the Java library does.
    private static func avroName(_ name: String) -> String {
        var result = ""
        for scalar in name.unicodeScalars {
            let isLetter = scalar == "_" || (scalar.isASCII && scalar.properties.isAlphabetic)
            let isDigit = (0x30...0x39).contains(scalar.value)
            if isLetter || (isDigit && !result.isEmpty) {
                result.unicodeScalars.append(scalar)
            } else if isDigit {
                result += "_\(scalar)"
            } else {
                result += "_x" + String(scalar.value, radix: 16, uppercase: true)
            }
        }
        return result
    }

    private static func avroType(_ type: DataType, fieldID: Int) throws(LakeError) -> String {
        switch type {
        case .boolean: return #""boolean""#
        case .tinyint, .smallint, .integer, .intervalYearToMonth: return #""int""#
        case .date: return #"{"type":"int","logicalType":"date"}"#
        case .bigint, .intervalDayToSecond: return #""long""#
        case .time: return #"{"type":"long","logicalType":"time-micros"}"#
        case .timestamp:
            return #"{"type":"long","logicalType":"timestamp-micros","adjust-to-utc":false}"#
        case .timestampTZ:
            return #"{"type":"long","logicalType":"timestamp-micros","adjust-to-utc":true}"#
        case .real: return #""float""#
        case .double: return #""double""#
        case .varchar, .char, .json: return #""string""#
        case .varbinary: return #""bytes""#
        default:
            // uuid and decimal are Avro fixed types with sizes of their own; nobody partitions by them.
            throw .unsupported(
                .init(path: "field \(fieldID)"), feature: "writing partitions of type \(type)")
        }
    }
}
