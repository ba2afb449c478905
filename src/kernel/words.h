/* What definitions say, in the language of who reads. A definition of kind "words" holds, for texts
 * as definitions have them (titles, instructions, labels: the fields that are SPOKEN), the same in
 * one other language. It has a life as every definition: versions, review, approval, a date.
 *
 * Only pages and papers are said so. Events, records and what is signed keep the definition's own
 * text, and so do the definition's own pages; a text without words stands as it is.
 *
 * Whose words count: those of an organisation that holds what the program itself loaded (the house
 * that runs the system, whose definitions the others work by), before those of the reader's own
 * organisation. Another organisation's never do: a stranger cannot change what an instruction
 * says. */
#ifndef VEIN_KERNEL_WORDS_H
#define VEIN_KERNEL_WORDS_H

#include "kernel/define.h"
#include "kernel/page.h"

#define RECORDS "kernel/words.def"
#include "base/record_structs.h"
#undef RECORDS

/* "words". Its check refuses, with {at}: "words.no_catalogue" {language}, and "words.order"
 * {source}: each `source` stands once, and behind all that are smaller byte by byte. (So a text is
 * found without an index, and two versions differ only in what was changed.) */
extern const struct define_kind words_kind;

/* What is in force in one language, for readers of one organisation; and what of a page was said
 * already, for its lists show the same workflow again and again. */
enum { WORDS_KEPT = 16 };
struct words_spoken {
    struct str language; /* a page that was turned to another one says nothing by them */
    const struct words *p[DEFINE_EFFECTIVE_MAX];
    size_t n;
    struct {
        const void *body; /* that the process keeps: another's may give way to a third */
        const void *said; /* in the arena that all of this lives in */
    } kept[WORDS_KEPT];
    size_t nkept;
    struct arena *arena;
};
/* *out is NULL where there are none. Lives in the arena; `organisation` absent: nobody's. */
enum outcome words_read(struct words_spoken **out, struct db *db, struct str language,
                        struct str organisation, int64_t now_us, struct arena *arena,
                        struct err *e);

/* The text as it is said on this page; itself where no words are for it. */
struct str words_say(const struct page *p, struct str text);

/* A definition, or a body of this shape, with all that is SPOKEN in it said; what is not said is
 * shared with the one given. In the page's arena; where that is exhausted, as given (and the page
 * fails). */
void words_say_definition(const struct page *p, struct definition *d);
const void *words_say_body(const struct page *p, const struct record *shape, const void *body);

#endif
