/* Clients that ask too much of a server, each on a connection of its own, all in one thread. One
 * line of JSON says what became of them.
 *
 *   overload commands PORT COOKIE CSRF ORGANISATION CLIENTS EACH
 *     so many clients at once, from many addresses; each makes sites, one after the other. Who is
 *     answered 503 asks again with the same id, after the time that Retry-After says.
 *   overload slow PORT CLIENTS
 *     a third send the bytes of a head one a second, a third those of a body, a third are silent;
 *     until all are cut off. Meanwhile one who behaves asks every 100 ms.
 *   overload deaf PORT CLIENTS PATH
 *     each asks for the path again and again and reads nothing, until its input is closed.
 *   overload streams PORT COOKIE CLIENTS
 *     each opens a stream of events and keeps it. */
#include "overload.h"

#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        int arguments;
        int (*run)(char **argv);
    } ways[] = {
        { "commands", 8, overload_commands },
        { "slow", 4, overload_slow },
        { "deaf", 5, overload_deaf },
        { "streams", 5, overload_streams },
    };
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++)
        if (argc > 1 && strcmp(argv[1], ways[i].name) == 0 && argc == ways[i].arguments)
            return ways[i].run(argv + 2);
    fprintf(stderr, "usage: see the head of overload.c\n");
    return 2;
}
