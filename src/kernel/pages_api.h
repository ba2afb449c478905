/* The reference of the API: what a program may ask, one page each, with a worked example. Printed
 * from the tables and from docs/examples, as OpenAPI is. */
#ifndef VEIN_KERNEL_PAGES_API_H
#define VEIN_KERNEL_PAGES_API_H

#include "kernel/example.h"
#include "kernel/pages.h"

/* A line of the list. */
struct pages_api_line {
    struct str name;   /* "deviation.open", "GET /deviations" */
    struct str path;   /* of its page */
    struct str text;   /* what it is for */
    struct str access; /* permission, or empty: everybody, or who is signed in */
};
struct pages_api_view {
    const struct pages_api_line *commands;
    size_t ncommands;
    const struct pages_api_line *reads;
    size_t nreads;
    const struct pages_refusal_view *refusals; /* that any command may answer */
    size_t nrefusals;
    const char *call_sign_in; /* on a command line */
    const char *call_read;
    const char *call_command;
};

/* One page: of a command (type set) or of a read (route set). */
struct pages_api_entry_view {
    const char *name;
    const char *head; /* "POST /commands/deviation.open" */
    struct str text;
    const struct command_type *type;
    const struct route *route;
    struct pages_entry_view body;
    const struct pages_entry_view *answer; /* NULL: no record */
    bool rows;
    const struct str *query; /* names of its parameters */
    size_t nquery;
    bool shown; /* there is an example */
    struct str request;
    struct str status;
    struct str answered; /* empty: not JSON */
    const struct pages_refusal_view *refusals;
    size_t nrefusals;
};

http_handler_fn pages_get_api, pages_get_api_command, pages_get_api_read;

/* "/orders/{order}/tasks" as the last part of its page's path: "orders.order.tasks"; "/" is
 * "index".
 */
struct str pages_api_slug(const char *path, struct arena *arena);

#endif
