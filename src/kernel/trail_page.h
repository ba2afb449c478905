/* Pages of the trail, and of looks. */
#ifndef VEIN_KERNEL_TRAIL_PAGE_H
#define VEIN_KERNEL_TRAIL_PAGE_H

#include "kernel/show.h"
#include "kernel/trail.h"

struct trail_choice {
    struct str code;
    struct str word;
    bool chosen;
};
struct trail_row_view {
    const struct trail_row *row;
    bool day; /* the first of its day */
    struct str date;
    struct str clock;
    struct str about;      /* what it is about, as people call it */
    struct str thing_link; /* trail of what it is about; absent: it is this page's thing */
    struct str data; /* what the task's completion rests on, and what rests on it; absent: none */
};
/* Of an order: how far its trail was reviewed, and what is new since. */
struct trail_review_view {
    bool shown;
    bool may;
    struct str path; /* of the page on which it is reviewed */
    int64_t at;      /* TIME_NONE: never */
    int64_t up_to;
    struct str person;
    struct str comment;
    int64_t events; /* since, as many as one review takes; … */
    int64_t exceptions;
    bool more; /* … and others behind them */
};
enum outcome trail_review_fill(struct trail_review_view *out, struct http_request *r, struct db *db,
                               struct page *p, struct str thing, struct err *e);
struct trail_view {
    struct str thing; /* absent: of all */
    struct str title; /* of the thing */
    struct str up;    /* its own page; absent: none */
    struct html head; /* of its pages; empty: none */
    struct str path;  /* of this page, without its query */
    struct str query; /* filters as a query, beginning with "?" */
    const struct trail_row_view *rows;
    size_t n;
    struct str next; /* where the next page goes on; absent: that was all */
    bool later;      /* not the newest */
    bool open;       /* what is sealed was asked for */
    bool sealed;     /* something was not opened */
    bool behind;     /* the index has not followed all events yet */
    bool filtered;
    struct str actor;
    struct str person;
    struct str from, to; /* dates, as entered */
    const struct trail_choice *types;
    size_t ntypes;
    const struct trail_choice *exceptions;
    size_t nexceptions;
    bool may_export;
    struct trail_review_view review;
    struct show_refusal refused;
    const struct trail_filter *filter;
};

/* What of the trail the request asks for: {kind} and {id} of its path, and its query. */
enum outcome trail_ask(struct trail_filter *out, const struct http_request *r, struct db *db,
                       struct err *e);
/* "event.x" and its kin for {= …}: tone of an exception, and its word. */
enum show_tone trail_tone(struct str exception);
struct str trail_word(struct page *p, struct str exception);
/* What a change says, each on its own line, for {= …}. */
struct str trail_text(struct page *p, const struct trail_change *c, bool before);

/* Whether two times read differently: they are shown by the minute. */
bool trail_differs(struct page *p, int64_t a, int64_t b);
/* A time as forms post it. */
struct str trail_rfc(struct page *p, int64_t us);

http_handler_fn trail_get_all, trail_get_thing, trail_get_export, trail_post_export;

struct look_row_view {
    const struct look_row *row;
    struct str what;  /* words */
    struct str whose; /* as people call the person, never by name; absent: by the id alone */
};
struct look_view {
    struct str subject; /* absent: of all */
    struct str whose;   /* the subject, as people call it; absent: by the id alone */
    struct str site;    /* whose people's; absent: all sites' */
    struct str path;
    struct str up;
    const struct look_row_view *rows;
    size_t n;
    struct str next;
    bool later;
    int64_t looks;    /* kept so far */
    int64_t anchored; /* of them covered by the ledger */
};

#endif
