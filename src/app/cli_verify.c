/* vein verify: the verifier, given a file to read where the database is none. */
#include <stdio.h>
#include <string.h>

#include "app/cli.h"
#include "app/db_file.h"
#include "verify/verify.h"

int cli_verify(int argc, char **argv)
{
    struct db_file file = { 0 };
    struct err e = { 0 };
    for (int i = 1; i + 1 < argc; i++) {
        if (strcmp(argv[i], "--db") != 0 || !store_name_is_url(argv[i + 1]))
            continue;
        if (db_file_make(&file, argv[i + 1], &e) != OK)
            return cli_error(&e);
        printf("database: a copy of it in a file, as it is at this moment\n");
        argv[i + 1] = file.path;
        break;
    }
    const int code = verify_main(argc, argv);
    db_file_end(&file);
    return code;
}
