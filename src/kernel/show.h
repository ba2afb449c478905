/* What pages of all modules share: a handler that only reads, badges, countdowns, the hidden fields
 * of a form, and lists as JSON by the same record that their page shows. */
#ifndef VEIN_KERNEL_SHOW_H
#define VEIN_KERNEL_SHOW_H

#include "kernel/app.h"
#include "kernel/words.h"

/* A handler that only reads: gets a reader in a snapshot and a page; what it writes is put into the
 * layout. It may fill r->answer itself (status not 0), and then nothing is added. */
typedef enum outcome show_fn(struct http_request *r, struct db *db, struct page *p, struct err *e);
enum http_state show(struct http_request *r, const char *title_key, show_fn *fn);

/* The same page after a refused form: the handler finds in show_refused what was refused, and what
 * was entered in the request's form; NULL where nothing was. An app_command's `refused` calls it.
 */
enum http_state show_again(struct http_request *r, const char *title_key, show_fn *fn,
                           const struct err *refused);
const struct err *show_refused(const struct http_request *r);
/* What was entered under a name, for the form again; empty at first. */
struct str show_entered(const struct http_request *r, const char *name);

/* What was refused, in words, for the top of a page (pages/refused.html); absent: nothing. Values
 * that definitions name by a code ("point", "role") are said as people name them. */
struct show_refusal {
    struct str text;
    struct str hint;
};
struct show_refusal show_refusal(struct page *p, const struct http_request *r);
/* Any error so. Of "ledger.changed", who changed what and when: streams are no words for people. */
struct show_refusal show_error(struct page *p, const struct http_request *r, const struct err *e);

/* An app_command's `done`: the person goes on to what was made, at the path with its id, a member
 * of the answer. */
enum http_state show_made(struct http_request *r, const struct gate_answer *answer,
                          const char *member, const char *path);

/* {"rows":[…],"next":"…"} as the answer: each row as JSON of its record; next is the path of the
 * next page, absent at the end. */
enum outcome show_rows(struct http_request *r, const struct record *record, const void *rows,
                       size_t n, struct str next, struct err *e);
/* One record as JSON. Both only of the record that the route's row names: FAULT "show.undeclared"
 * otherwise, for the description of the API is printed from the rows. */
enum outcome show_row(struct http_request *r, const struct record *record, const void *row,
                      struct err *e);

/* Where a list goes on: the query's parameter `name` as the last page's next link has it, `n` whole
 * numbers and an id, joined by dots. *given is false without it: the list's beginning. REFUSED
 * "http.malformed_cursor" for anything else. */
struct show_cursor {
    bool given;
    int64_t number[2];
    struct str id;
};
enum outcome show_cursor(struct show_cursor *out, const struct http_request *r, const char *name,
                         size_t n, struct err *e);

/* The query's parameter "before", a place in a list that goes back; `without` where it is absent.
 * REFUSED "http.malformed_cursor". */
enum outcome show_before(int64_t *out, const struct http_request *r, int64_t without,
                         struct err *e);

/* Tone of a state: its shape and colour beside its word. */
enum show_tone { SHOW_IDLE, SHOW_OK, SHOW_INFO, SHOW_WARN, SHOW_STOP, SHOW_HOLD };
const char *show_tone_class(enum show_tone tone);
const char *show_tone_icon(enum show_tone tone);

/* For {= …} in pages. The name of a thing in the catalogue ("role.courier"), or, where it has none
 * (a role that a house added), its code with blanks, as words say it: "study nurse". */
struct str show_name(struct page *p, const char *prefix, struct str code);
/* Of several, which stand between blanks: with commas. */
struct str show_names(struct page *p, const char *prefix, struct str codes);
/* A fresh id for the command of a form. */
struct str show_new_id(struct page *p);
/* Class, seconds and words of a countdown; absent when until is TIME_NONE. */
const char *show_left_class(const struct page *p, int64_t until);
struct str show_left(struct page *p, int64_t until);
/* "12 bytes", "3.4 KB", "120 MB": powers of 1,000; empty for INT_NONE. */
struct str show_bytes(struct page *p, int64_t bytes);
/* page_time and page_duration in the page's own arena. */
struct str show_time(struct page *p, int64_t us);
struct str show_duration(struct page *p, int64_t us);

/* The actor of this request, and whether it has the permission anywhere. */
const struct actor *show_actor(const struct http_request *r);
bool show_may(const struct http_request *r, const char *permission);
/* The site whose rows a list may show to the actor: absent, all of its organisation's, for who has
 * the permission for all of it; its own, where it is held there; else empty, which is no site. */
struct str show_site(const struct actor *actor, const char *permission);
/* The same for lists of what belongs to a product: absent, everything of its organisation; else a
 * text of "<site>|<product>", each between commas, where "*" is all, that a statement compares with
 * each row's own: ",*|corvicel,". "," reaches nothing. */
struct str show_reach(const struct actor *actor, const char *permission, struct arena *arena);

/* A sealed text of a row, opened for this reader's page: what it was sealed for is the event that
 * said it and the name of its field. What is kept in plain, by an older version of an event, as it
 * is. That it was seen is recorded (look.h). Absent where there is none, or it cannot be opened any
 * more (its subject was erased). */
struct str show_sealed(const struct http_request *r, struct str event, const char *field,
                       struct str text);

/* "order/…" as people call it, with the word of its kind: "Order EX-2026-7QX4". As it stands where
 * no module names it. For who may know of it. */
struct str show_thing(struct http_request *r, struct page *p, struct db *db, struct str thing);

/* The head of a thing's pages by its module (struct thing_head); empty where no module has one. */
enum outcome show_head(struct html *out, struct http_request *r, struct page *p, struct db *db,
                       struct str thing, struct err *e);

/* "account/…" as the person's name, "policy/…", "timer/…", "system/…" as what they are. */
struct str show_person(struct page *p, struct db *db, struct str actor);

#endif
