/* vein: finds the command in the table and runs it. */
#include <string.h>

#include "app/cli.h"
#include "kernel/text.h"

extern const struct text_row text_rows[];
extern const size_t text_rows_count;

static int help(FILE *to, int code)
{
    for (const struct cli_command *c = cli_commands; c->name; c++) {
        char key[80];
        snprintf(key, sizeof key, "cli.%s", c->name);
        struct str text = text_find(S("en"), str_z(key));
        fprintf(to, "  vein %-10s %.*s\n", c->name, STR(text));
    }
    return code;
}

int main(int argc, char **argv)
{
    text_use(text_rows, text_rows_count);
    if (argc < 2)
        return help(stderr, CLI_USAGE);
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0)
        return help(stdout, CLI_DONE);
    for (const struct cli_command *c = cli_commands; c->name; c++)
        if (strcmp(c->name, argv[1]) == 0)
            return c->run(argc - 1, argv + 1);
    fprintf(stderr, "vein: there is no command \"%s\"\n", argv[1]);
    return help(stderr, CLI_USAGE);
}
