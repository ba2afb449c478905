/* Files that are part of the program. Made by tools/embedgen, which says of what. */
#ifndef VEIN_BASE_EMBEDDED_H
#define VEIN_BASE_EMBEDDED_H

#include "base/str.h"

struct embedded {
    const char *path; /* as the build gave it; ends with "defs/roles/courier.yaml"; NULL: the end */
    struct str text;
};

#endif
