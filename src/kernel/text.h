/* Catalogues: every word a person reads stands in text.<language>.po beside the code that uses it,
 * and is compiled in by tools/textgen as one sorted table. A text may hold {parameters}. */
#ifndef VEIN_KERNEL_TEXT_H
#define VEIN_KERNEL_TEXT_H

#include "base/buf.h"

struct text_row {
    const char *language; /* "en" */
    const char *key;      /* "refusal.custody.not_holder" */
    const char *text;
};

/* The table that textgen made of all catalogues, sorted by language and key. Linked into every
 * executable. */
extern const struct text_row text_rows[];
extern const size_t text_rows_count;

/* Says which table holds: text_use(text_rows, text_rows_count), once, at start. */
void text_use(const struct text_row *rows, size_t n);

/* The text of a key in a language, in English where that has none; absent when no catalogue knows
 * the key. */
struct str text_find(struct str language, struct str key);

/* In that language alone. */
struct str text_find_in(struct str language, struct str key);

/* Whether there is a catalogue in this language. */
bool text_speaks(struct str language);

/* The language whose name comes next after that one, of those that have catalogues (absent: the
 * first); absent at the end. */
struct str text_language_after(struct str language);

struct text_param {
    const char *name;
    struct str value;
};

/* Writes the text with its parameters put in. An unknown key is written as itself in ⟦brackets⟧, so
 * that it is seen; a parameter that is not given stays as {name}. */
void text_write(struct buf *b, struct str language, struct str key, const struct text_param *params,
                size_t nparams);

/* A number that is written with a point, with the decimal sign of the language. */
struct str text_decimal(struct arena *a, struct str language, struct str written);

/* "refusal.<code>" and "refusal.<code>.hint" with the error's parameters; for a fault the general
 * text "fault.<code>", or "fault.other" where that code has none of its own. */
struct str text_error(struct arena *a, struct str language, const struct err *e);
struct str text_error_hint(struct arena *a, struct str language, const struct err *e);
/* Whether what is written in this language ("ar", "he-IL") runs from right to left. */
bool text_leftwards(struct str language);

#endif
