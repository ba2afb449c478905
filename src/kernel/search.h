/* Search: one index over the things of all modules. A module says by rows (struct search_rule)
 * which of its things are found by which identifiers and words, who finds them, and what a person
 * sees of one; the kernel keeps the rows of the index and answers queries.
 *
 * Scope. A token stands in the index once for each organisation and each site that the thing
 * belongs to. A query reads only below the scopes where the actor holds the rule's permission, so
 * that what is elsewhere is neither read nor counted: foreign equals unknown, in time as well. What
 * is found is shown by the module, which decides object access again, as its page does: rights and
 * things may have changed since they were written to the index.
 *
 * Sealed values. Of a rule that is `sealed`, tokens stand in the index as keyed digests
 * (HMAC-SHA-256 under a key of the keyring, cut to 128 bits, of rule and token): no name, no
 * number, no hash that could be tried without the keyring. They are found whole, never by their
 * beginning, which would need a digest of each beginning and tell far more to who has only the
 * database: as it is, that is which patients share a word of their name, and how many. The index
 * stands outside the ledger. The tokens go when the subject's key is destroyed: at once where an
 * erasure destroys it (erase.h), else within SEARCH_SWEEP_US for each SEARCH_SWEPT such things of
 * the node, and with a rebuild; meanwhile such a hit is not shown. What they leave in free pages is
 * overwritten (the store's secure_delete).
 *
 * Following. The index is written by a follower of the log and not by apply, because apply opens no
 * seals and writes only rows of its own stream, while a unit's scopes are its order's. For each
 * event that a rule waits for, the things it concerns are read from the projections as they are now
 * and their rows replaced: so doing it twice, or late, gives the same, and a rebuilt index equals
 * the one that grew. It may be SEARCH_EVERY_US late; while the writer is never at rest SEARCH_FAR
 * events, and more where even a step after each group is too little.
 *
 * Order of answers: an identifier as it was asked for, then those that begin so, then things all of
 * whose words are there (of rules that are not sealed: that begin so); among these by rule, token
 * and thing. Identifiers and words are compared folded (base/fold.h), umlauts in either spelling.
 */
#ifndef VEIN_KERNEL_SEARCH_H
#define VEIN_KERNEL_SEARCH_H

#include "kernel/module.h"
#include "kernel/page.h"

enum {
    SEARCH_TEXT_MAX = 200,       /* bytes of what is asked for; beyond: REFUSED "search.too_long" */
    SEARCH_WORDS_MAX = 8,        /* of it that count */
    SEARCH_IDENTIFIERS_MAX = 16, /* that it may be read as */
    SEARCH_TOKENS_MAX = 128,     /* of one thing; what is beyond is not found */
    SEARCH_SCOPES_MAX = 64,      /* of one thing, and of one query; likewise */
    SEARCH_CONCERNED_MAX = 64,   /* things that one event concerns */
    SEARCH_LOOKED_MAX = 2000,    /* rows that one page of answers looks at */
    SEARCH_PAGE = 20,            /* answers of a page */
    SEARCH_THING_MAX = 100,      /* bytes of a thing's id */
    SEARCH_STEP_MAX = 32,        /* events followed in one step between two groups of commands */
    SEARCH_FAR = 5000,           /* events behind, from which on there is a step after each group */
    SEARCH_BATCH_MAX = 128,      /* events followed at once while nobody waits */
    SEARCH_SWEPT = 256,
};
#define SEARCH_EVERY_US (TIME_SECOND / 10)
#define SEARCH_SWEEP_US TIME_SECOND

/* --- what a module says --- */

/* What a rule reads of a thing from the projections, and says through it. */
struct search_entry {
    struct db *db;
    struct keyring *keys;
    struct arena *arena;
    struct search_entry_impl *impl;
};
/* Where it belongs: found by who holds the rule's permission there. Site absent: of no one site. */
void search_scope(struct search_entry *x, struct str organisation, struct str site);
/* Found by who holds the permission anywhere. */
void search_everywhere(struct search_entry *x);
/* Found by it as a whole and, unless sealed, by its beginning. Absent: nothing. */
void search_identifier(struct search_entry *x, struct str text);
/* Found by each of its words, and by all of it written in one. */
void search_words(struct search_entry *x, struct str text);

struct search_ids {
    struct str ids[SEARCH_CONCERNED_MAX];
    size_t n;
};

/* What is shown of a thing that was found; also the row of the JSON. */
#define RECORDS "kernel/search.def"
#include "base/record_structs.h"
#undef RECORDS

/* A part of what was scanned, in words. */
struct search_said {
    struct str what;     /* "Expiry date" */
    struct str standard; /* "GS1 17"; empty: this system's own */
    struct str value;
    bool names; /* a thing of this system, or what would be one */
};
enum { SEARCH_SAID_MAX = 16 };

struct search_rule {
    const char *name; /* stands in the index, unique: "patient.name" */
    const char *kind; /* of the thing, "patient"; its word is the text "search_kind.patient" */
    const char *permission; /* where the actor holds it, they find it */
    const char
        *page;   /* permission that the route of its page asks for, held somewhere; NULL: none */
    bool sealed; /* its tokens are sealed under the key of the subject with the thing's id */
    const char *const *when; /* names of events after which a thing is read; NULL behind the last */
    /* Which things the event concerns. NULL: the one whose stream it is. */
    enum outcome (*concerns)(struct search_ids *out, struct db *db, const struct event *event,
                             struct arena *arena, struct err *e);
    /* Says scopes and tokens; says nothing of what is not there (any more). Reads projections
     * alone. What it cannot open because the key is destroyed, it leaves out. */
    enum outcome (*read)(struct search_entry *x, struct str id, struct err *e);
    /* What the actor of the request may see of it; *may false: as if it were not there. */
    enum outcome (*show)(struct search_found *out, struct http_request *r, struct db *db,
                         struct page *p, struct str id, bool *may, struct err *e);
    /* MAY: what identifiers a scanned text holds, for all rules; at most `max`. */
    size_t (*scan)(struct str *out, size_t max, struct str text, struct arena *arena);
    /* MAY: what each part of a scanned text is, in words; none of a text that is no scan. */
    size_t (*tell)(struct search_said *out, size_t max, struct page *p, struct str text);
};

/* The tables of the index and the page /search. */
extern const struct module search_module;

/* --- the follower: on the writer's thread --- */

struct search;
struct search_options {
    struct db *writer;
    struct keyring *keys;
    const struct registry *registry;
    const struct env *env;
};
enum outcome search_open(struct search **out, const struct search_options *options, struct err *e);
/* Keeps how far it came, unless another process leads, which does. */
void search_close(struct search *s, bool leads);
/* Reads anew how far it is, as opening does: where another process may have led meanwhile. */
enum outcome search_again(struct search *s, struct err *e);
/* Whether these modules have the index. */
bool search_among(const struct registry *registry);

/* Follows the next events when the writer is `idle` or SEARCH_EVERY_US have passed; *busy while
 * there are more. Never waits. */
enum outcome search_step(struct search *s, bool idle, bool *busy, struct err *e);
/* After each commit: what no rule waits for is passed without being read again. */
void search_committed(struct search *s, const struct gate_happened *events, size_t n);
/* Follows all there is, and drops the tokens of all whose key was destroyed. */
enum outcome search_catch_up(struct search *s, struct err *e);
/* Drops now what the subject, whose key was destroyed, was found by. */
enum outcome search_forget(struct search *s, struct str subject, struct err *e);
/* The tables were made anew: follows from the first event on. */
void search_restart(struct search *s);

/* Builds the index of `to` from the events of `from`, whose projections `to` has. For a rebuild
 * that is compared: *behind is the number of events that the index of `from` has not followed yet.
 */
enum outcome search_build(struct db *from, struct db *to, const struct registry *registry,
                          struct keyring *keys, int64_t *behind, struct err *e);
/* Writes the rows of one thing as its rule says it now. For who fills projections itself (a bench).
 */
enum outcome search_refresh(struct db *db, struct keyring *keys, const struct search_rule *rule,
                            struct str id, struct arena *arena, struct err *e);

/* --- queries: any thread --- */

/* Where a page of answers goes on: behind the thing. */
struct search_at {
    int64_t rank; /* -1: at the beginning */
    int64_t rule; /* its place among all rules */
    struct str thing;
};
struct search_hit {
    int64_t rank; /* 0: the identifier itself, 1: begins so, from 2 on: words */
    const struct search_rule *rule;
    struct str thing;
};
struct search_query {
    struct str text; /* as typed or scanned */
    const struct actor *actor;
    struct search_at after;
    size_t max; /* answers wanted, at most SEARCH_PAGE */
    /* Whether the hit may be shown; called in the order of answers, for at most max + 1 that may.
     */
    enum outcome (*may)(void *context, const struct search_hit *hit, bool *may, struct err *e);
    void *context;
};
struct search_answer {
    const struct search_hit *hits;
    size_t n;
    bool more;           /* or SEARCH_LOOKED_MAX was reached: */
    struct search_at at; /* … go on here */
};
/* Without any letter or digit nothing is found. REFUSED "search.too_long" {max}, "search.malformed"
 * for what is no UTF-8, "http.malformed_cursor" for a place that is none (any more). */
enum outcome search_find(struct search_answer *out, struct db *db, const struct registry *registry,
                         struct keyring *keys, const struct search_query *query,
                         struct arena *arena, struct err *e);

#endif
