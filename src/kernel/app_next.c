/* Where a person goes on: never to another site, whatever a form says. */
#include "kernel/app.h"

enum { APP_NEXT_MAX = 1000 };

struct str app_next(struct str path)
{
    if (path.n == 0 || path.n > APP_NEXT_MAX || path.p[0] != '/' ||
        (path.n > 1 && (path.p[1] == '/' || path.p[1] == '\\')))
        return S("/");
    for (size_t i = 0; i < path.n; i++)
        if (path.p[i] <= ' ' || path.p[i] > '~' || path.p[i] == '\\')
            return S("/");
    return path;
}
