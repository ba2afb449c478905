/* Inside the trail. */
#ifndef VEIN_KERNEL_TRAIL_IMPL_H
#define VEIN_KERNEL_TRAIL_IMPL_H

#include "kernel/trail.h"

/* A token: a letter for what it is, and the text. */
#define TRAIL_THING     't'
#define TRAIL_ACTOR     'a'
#define TRAIL_TYPE      'k'
#define TRAIL_EXCEPTION 'x'
int64_t trail_token(char class, struct str text);

struct trail_tokens {
    int64_t tokens[TRAIL_TOKENS_MAX];
    size_t n;
};
/* All tokens of an event, each once. */
void trail_tokens_of(struct trail_tokens *out, const struct registry *registry,
                     const struct event *event, const struct json *payload, int64_t ahead,
                     struct arena *arena);
/* When the event at this place was recorded; TIME_NONE where there is none. */
enum outcome trail_recorded(int64_t *out, struct db *db, int64_t sequence, struct arena *arena,
                            struct err *e);

/* REFUSED "trail.filter" {field}. */
enum outcome trail_malformed(const char *field, struct err *e);
/* The next event that the index has to follow. */
enum outcome trail_followed(int64_t *out, struct db *db, struct arena *arena, struct err *e);

/* What was decided of things, in one answer. */
enum { TRAIL_SEEN_MAX = 256 };
struct trail_seen {
    struct {
        struct str key;
        bool sees;
    } keys[TRAIL_SEEN_MAX];
    size_t nkeys;
    struct {
        struct str subject;
        const char *right; /* NULL: may not */
    } subjects[TRAIL_SEEN_MAX];
    size_t nsubjects;
};
/* Makes what a reader remembers, once. */
enum outcome trail_reader_ready(struct trail_reader *r, struct err *e);
enum outcome trail_sees_event(bool *out, struct trail_reader *r, const struct event *event,
                              struct err *e);
/* The right by which what is sealed for this subject may be opened; *right NULL: by none. */
enum outcome trail_may_open(const char **right, struct trail_reader *r, struct str subject,
                            struct err *e);

/* What an event changed (trail_change.c). *sealed: something was not opened. */
enum outcome trail_changes(struct record_list *out, bool *sealed, struct trail_reader *r,
                           const struct event *event, const struct json *payload, struct err *e);

/* --- fields of a payload, one by one (trail_field.c) --- */

struct trail_value {
    struct str path;
    struct str text;           /* as it stands in the payload; sealed text where sealed */
    struct str entered;        /* of a form's value */
    const struct field *field; /* of its record; NULL: inside a JSON */
};
struct trail_values {
    struct trail_value *p;
    size_t n;
};
enum outcome trail_values_of(struct trail_values *out, const struct event_type *type,
                             const struct json *payload, struct arena *arena, struct err *e);

#endif
