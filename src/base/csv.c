#include "base/csv.h"

#include <string.h>

void csv_cell(struct buf *b, struct str text, bool last)
{
    buf_char(b, '"');
    if (text.n > 0 && strchr("=+-@\t\r", text.p[0]))
        buf_char(b, '\'');
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '"')
            buf_char(b, '"');
        buf_char(b, text.p[i]);
    }
    buf_z(b, last ? "\"\r\n" : "\",");
}
