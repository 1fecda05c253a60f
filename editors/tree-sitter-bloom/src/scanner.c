// What the parser's own lexer cannot read: strings with holes, raw strings, comments that nest; and what is no token
// at all, as `compiler/src/syntax/lexer.rs` has it.
//
// The state is how many strings are open around this point: a string ends on its line, whatever is inside its holes.

#include "tree_sitter/alloc.h"
#include "tree_sitter/parser.h"

enum TokenType {
  STRING,
  STRING_START,
  STRING_MIDDLE,
  STRING_END,
  BYTES,
  ADDRESS,
  BLOCK_COMMENT,
  NO_TOKEN,
  UPSERT,
  DEFERRED_MERGE,
  DEFERRED_DELETE,
  ASYNC_MERGE,
};

enum { STRINGS_MAX = 200 };

typedef struct {
  uint8_t strings;
} State;

static bool is_digit(int32_t c) { return c >= '0' && c <= '9'; }

static bool is_word(int32_t c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static void advance(TSLexer *lexer) { lexer->advance(lexer, false); }

// What is read so far is the token.
static bool give(TSLexer *lexer, enum TokenType kind) {
  lexer->mark_end(lexer);
  lexer->result_symbol = kind;
  return true;
}

// The stretch of string text behind its opening quote or brace.
static bool string_text(TSLexer *lexer, State *state, enum TokenType whole, enum TokenType part) {
  while (!lexer->eof(lexer) && lexer->lookahead != '\n') {
    int32_t c = lexer->lookahead;
    advance(lexer);
    if (c == '"') {
      if (whole == STRING_END) state->strings--;
      return give(lexer, whole);
    }
    if (c == '\\') {
      if (lexer->lookahead == '\n' || lexer->eof(lexer)) break;
      c = lexer->lookahead;
      advance(lexer);
      if (c == 'u' && lexer->lookahead == '{') advance(lexer);
    } else if (c == '{' && lexer->lookahead == '{') {
      advance(lexer);
    } else if (c == '{') {
      if (part == STRING_START && state->strings++ == STRINGS_MAX) break;
      return give(lexer, part);
    }
  }
  return give(lexer, NO_TOKEN);
}

// Up to the quote that no backslash stands before.
static bool quoted(TSLexer *lexer, enum TokenType kind) {
  bool escaped = false;
  while (!lexer->eof(lexer) && lexer->lookahead != '\n') {
    int32_t c = lexer->lookahead;
    advance(lexer);
    if (c == '"' && !escaped) return give(lexer, kind);
    escaped = c == '\\' && !escaped;
  }
  return give(lexer, NO_TOKEN);
}

// Behind `r`; a name it is where no raw string follows.
static bool raw_string(TSLexer *lexer) {
  unsigned hashes = 0;
  while (lexer->lookahead == '#') {
    hashes++;
    advance(lexer);
  }
  if (lexer->lookahead != '"') return false;
  advance(lexer);
  while (!lexer->eof(lexer)) {
    bool quote = lexer->lookahead == '"';
    advance(lexer);
    while (quote) {
      unsigned seen = 0;
      while (seen < hashes && lexer->lookahead == '#') {
        seen++;
        advance(lexer);
      }
      if (seen == hashes) return give(lexer, STRING);
      quote = lexer->lookahead == '"';
      if (quote) advance(lexer);
    }
  }
  return give(lexer, NO_TOKEN);
}

// Behind `/*`
static bool block_comment(TSLexer *lexer) {
  for (unsigned depth = 1; depth > 0;) {
    if (lexer->eof(lexer)) return give(lexer, NO_TOKEN);
    int32_t c = lexer->lookahead;
    advance(lexer);
    if (c == '/' && lexer->lookahead == '*') {
      advance(lexer);
      depth++;
    } else if (c == '*' && lexer->lookahead == '/') {
      advance(lexer);
      depth--;
    }
  }
  return give(lexer, BLOCK_COMMENT);
}

static bool is_unit(const char *text, unsigned length) {
  switch (length) {
  case 1:
    return text[0] == 's' || text[0] == 'h' || text[0] == 'd';
  case 2:
    return text[1] == 's' && (text[0] == 'n' || text[0] == 'u' || text[0] == 'm');
  case 3:
    return text[0] == 'm' && text[1] == 'i' && text[2] == 'n';
  default:
    return false;
  }
}

// Whether a number is none, since it runs into letters; else the parser's own lexer reads it.
static bool bad_number(TSLexer *lexer) {
  bool zero = lexer->lookahead == '0';
  unsigned digits = 0, letters = 0;
  char text[4] = {0};
  while (is_digit(lexer->lookahead) || lexer->lookahead == '_') {
    digits++;
    advance(lexer);
  }
  bool hex = true, decimal = true;
  while (is_word(lexer->lookahead)) {
    char c = (char)lexer->lookahead;
    if (letters < 4) text[letters] = c;
    if (letters > 0) {
      decimal = decimal && is_digit(c);
      hex = hex && (is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == '_');
    }
    letters++;
    advance(lexer);
  }
  if (letters == 0 || is_unit(text, letters)) return false;
  if (zero && digits == 1 && text[0] == 'x' && letters > 1 && hex) return false;
  bool exponent = (text[0] == 'e' || text[0] == 'E') && decimal;
  if (exponent && letters > 1) return false;
  lexer->mark_end(lexer);
  if (exponent && (lexer->lookahead == '+' || lexer->lookahead == '-')) {
    advance(lexer);
    if (is_digit(lexer->lookahead)) return false;
  }
  lexer->result_symbol = NO_TOKEN;
  return true;
}

// `x <-1` has an arrow in it, even where only `<` could stand.
static bool arrow(TSLexer *lexer, const bool *valid) {
  enum TokenType kind;
  switch (lexer->lookahead) {
  case '-':
    kind = DEFERRED_DELETE;
    break;
  case '~':
    kind = ASYNC_MERGE;
    break;
  case '+':
    kind = DEFERRED_MERGE;
    break;
  default:
    return false;
  }
  advance(lexer);
  if (kind == DEFERRED_MERGE && lexer->lookahead == '-') {
    kind = UPSERT;
    advance(lexer);
  }
  return give(lexer, valid[kind] ? kind : NO_TOKEN);
}

void *tree_sitter_bloom_external_scanner_create(void) { return ts_calloc(1, sizeof(State)); }

void tree_sitter_bloom_external_scanner_destroy(void *payload) { ts_free(payload); }

unsigned tree_sitter_bloom_external_scanner_serialize(void *payload, char *buffer) {
  buffer[0] = (char)((State *)payload)->strings;
  return 1;
}

void tree_sitter_bloom_external_scanner_deserialize(void *payload, const char *buffer, unsigned length) {
  ((State *)payload)->strings = length > 0 ? (uint8_t)buffer[0] : 0;
}

bool tree_sitter_bloom_external_scanner_scan(void *payload, TSLexer *lexer, const bool *valid) {
  State *state = payload;
  while (lexer->lookahead == ' ' || lexer->lookahead == '\t' || lexer->lookahead == '\r' ||
         lexer->lookahead == '\n' || lexer->lookahead == 0xfeff) {
    if (lexer->lookahead == '\n' && state->strings > 0) {
      state->strings = 0;
      advance(lexer);
      return give(lexer, NO_TOKEN);
    }
    lexer->advance(lexer, true);
  }
  int32_t c = lexer->lookahead;
  if (is_digit(c)) return bad_number(lexer);
  switch (c) {
  case '"':
    advance(lexer);
    return string_text(lexer, state, STRING, STRING_START);
  case '}':
    if (!valid[STRING_END] || state->strings == 0) return false;
    advance(lexer);
    return string_text(lexer, state, STRING_END, STRING_MIDDLE);
  case '<':
    advance(lexer);
    return arrow(lexer, valid);
  case 'r':
    advance(lexer);
    return raw_string(lexer);
  case 'b':
  case '@':
    advance(lexer);
    if (lexer->lookahead != '"') return false;
    advance(lexer);
    return quoted(lexer, c == 'b' ? BYTES : ADDRESS);
  case '/':
    advance(lexer);
    if (lexer->lookahead != '*') return false;
    advance(lexer);
    return block_comment(lexer);
  default:
    return false;
  }
}
