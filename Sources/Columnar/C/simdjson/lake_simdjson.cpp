#include "lake_simdjson.h"

#include <new>
#include <simdjson.h>

struct lake_json_parser {
    simdjson::dom::parser parser;
    size_t max_depth;
};

extern "C" lake_json_parser *lake_json_parser_create(size_t max_bytes, size_t max_depth) {
    auto *p = new (std::nothrow) lake_json_parser{simdjson::dom::parser(max_bytes), max_depth};
    if (p != nullptr && p->parser.allocate(1024, max_depth) != simdjson::SUCCESS) {
        delete p;
        return nullptr;
    }
    return p;
}

extern "C" void lake_json_parser_destroy(lake_json_parser *parser) { delete parser; }

extern "C" lake_json_document lake_json_parse(
    lake_json_parser *parser, const uint8_t *bytes, size_t count) {
    // allocate() keeps the depth limit that parse() alone would reset while growing.
    if (count > parser->parser.capacity()) {
        if (count > parser->parser.max_capacity()) {
            return {nullptr, nullptr, simdjson::CAPACITY};
        }
        auto grown = parser->parser.allocate(count, parser->max_depth);
        if (grown != simdjson::SUCCESS) { return {nullptr, nullptr, grown}; }
    }
    simdjson::dom::element root;
    auto error = parser->parser.parse(bytes, count, false).get(root);
    if (error) { return {nullptr, nullptr, error}; }
    return {parser->parser.doc.tape.get(), parser->parser.doc.string_buf.get(), 0};
}

extern "C" const char *lake_json_error_message(int32_t error) {
    return simdjson::error_message(static_cast<simdjson::error_code>(error));
}

extern "C" size_t lake_json_padding(void) { return simdjson::SIMDJSON_PADDING; }

extern "C" int32_t lake_utf8_is_valid(const uint8_t *bytes, size_t count) {
    return simdjson::validate_utf8(reinterpret_cast<const char *>(bytes), count) ? 1 : 0;
}
