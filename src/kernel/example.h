/* Worked examples of the API: what was really asked of this program and what it answered, one for
 * each command and each read, kept in docs/examples and compiled in. tools/examples writes
 * commands.tsv from what the tests sent through the gate, tests/suites/api.sh reads.tsv from what a
 * demonstration answered; both hold the files against each run. Ids in them are fictional. */
#ifndef VEIN_KERNEL_EXAMPLE_H
#define VEIN_KERNEL_EXAMPLE_H

#include "base/buf.h"

struct example_command {
    struct str name;
    struct str reason;   /* empty: none was given */
    struct str body;     /* JSON of the command's record */
    struct str answer;   /* JSON */
    struct str refusals; /* codes that this command alone was seen to answer, between blanks */
};
/* False when there is none. The texts live as long as the program. */
bool example_command(struct example_command *out, struct str name);
/* The body as it is posted, with the reason in it. */
struct str example_command_body(const struct example_command *x, struct arena *arena);

struct example_read {
    struct str route;      /* "/orders/{order}" */
    struct str target;     /* "/orders/00000000-…" */
    struct str media_type; /* of the answer */
    struct str answer;     /* JSON; empty where it is none */
};
bool example_read(struct example_read *out, struct str route);

/* JSON over several lines, two blanks a level, for people; what is no JSON stays as it is. */
void example_indent(struct buf *b, struct str json);

#endif
