/* Fuzzes the headers of uploads and downloads: "Range LF Upload-Offset", against a content whose
 * size the first byte gives. A range that is taken lies within the content. */
#include <stdlib.h>

#include "kernel/file_pages.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    if (n == 0)
        return 0;
    const int64_t size = 1 + ((int64_t)data[0] << (data[0] % 40));
    struct str rest = { (const char *)data + 1, n - 1 };
    const struct str range = str_cut(&rest, '\n');
    int64_t from;
    int64_t length;
    int64_t offset = 0;
    bool part;
    struct err e = { 0 };
    if (file_range_read(range, size, &from, &length, &part)) {
        BUG_ON(from < 0 || length < 1 || from > size - length);
        BUG_ON(!part && (from != 0 || length != size));
    }
    if (file_header_read(&offset, rest, "Upload-Offset", &e) == OK)
        BUG_ON(offset < 0);
    const struct file_type *type = file_sniff((struct bytes){ data, n });
    BUG_ON(type && file_type_find(str_z(type->name)) != type);
    return 0;
}
