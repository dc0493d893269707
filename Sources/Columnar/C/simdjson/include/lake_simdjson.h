// A C face for simdjson's DOM parser: bytes in, its 64-bit tape and string buffer out.
// Tape layout: https://github.com/simdjson/simdjson/blob/master/doc/tape.md
#ifndef LAKE_SIMDJSON_H
#define LAKE_SIMDJSON_H
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct lake_json_parser lake_json_parser;

/// A parsed document; both pointers belong to the parser and live until its next parse.
typedef struct {
    const uint64_t *tape;
    const uint8_t *strings;
    int32_t error;  // 0, or simdjson's error_code
} lake_json_document;

lake_json_parser *lake_json_parser_create(size_t max_bytes, size_t max_depth);
void lake_json_parser_destroy(lake_json_parser *parser);
/// The input must be followed by at least lake_json_padding() readable bytes.
lake_json_document lake_json_parse(lake_json_parser *parser, const uint8_t *bytes, size_t count);
const char *lake_json_error_message(int32_t error);
size_t lake_json_padding(void);
/// 1 if the bytes are valid UTF-8, else 0.
int32_t lake_utf8_is_valid(const uint8_t *bytes, size_t count);

#ifdef __cplusplus
}
#endif
#endif
