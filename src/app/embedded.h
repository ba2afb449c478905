/* Files that are part of the program: the definitions that ship. Made by tools/embedgen. */
#ifndef VEIN_APP_EMBEDDED_H
#define VEIN_APP_EMBEDDED_H

#include "base/str.h"

struct embedded {
    const char *path; /* as the build gave it; ends with "defs/roles/courier.yaml" */
    struct str text;
};
extern const struct embedded shipped_definitions[]; /* ends with a NULL path */

#endif
