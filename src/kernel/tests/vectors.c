#include "kernel/tests/vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static struct str page(void)
{
    static char text[1 << 16];
    static size_t n;
    if (n == 0) {
        FILE *f = fopen("docs/ledger-format.md", "r");
        assert_non_null(f);
        n = fread(text, 1, sizeof text - 1, f);
        fclose(f);
    }
    return (struct str){ text, n };
}

bool page_says(const char *words)
{
    return strstr(page().p, words) != NULL;
}

struct str vector(const char *name)
{
    static const char fence[] = "```";
    char head[80];
    snprintf(head, sizeof head, "%svector %s", fence, name);
    struct str rest = page(), line;
    do {
        line = str_cut(&rest, '\n');
        if (rest.p == NULL)
            fail_msg("docs/ledger-format.md has no vector %s", name);
    } while (!str_is(line, head));
    const char *start = rest.p;
    for (;;) {
        assert_non_null(rest.p);
        line = str_cut(&rest, '\n');
        if (str_is(line, fence))
            return (struct str){ start, (size_t)(line.p - start) - 1 };
    }
}
