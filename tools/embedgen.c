/* embedgen OUT.c NAME FILE…: puts files into the program as `const struct embedded NAME[]`, in the
 * order given, ended by a row without path (src/base/embedded.h). */
#include <stdio.h>
#include <stdlib.h>

static void put_bytes(FILE *out, FILE *in)
{
    int c;
    size_t n = 0;
    while ((c = getc(in)) != EOF) {
        if (n++ % 20 == 0)
            fputs("\n    ", out);
        fprintf(out, "%d,", c);
    }
    fputs(n > 0 ? "\n" : "0", out);
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: embedgen OUT.c NAME FILE...\n");
        return 2;
    }
    FILE *out = fopen(argv[1], "w");
    if (!out) {
        perror(argv[1]);
        return 1;
    }
    fprintf(out, "#include \"base/embedded.h\"\n\nextern const struct embedded %s[];\n", argv[2]);
    for (int i = 3; i < argc; i++) {
        FILE *in = fopen(argv[i], "rb");
        if (!in) {
            perror(argv[i]);
            return 1;
        }
        fprintf(out, "static const unsigned char file_%d[] = {", i);
        put_bytes(out, in);
        fprintf(out, "};\n");
        fclose(in);
    }
    fprintf(out, "\nconst struct embedded %s[] = {\n", argv[2]);
    for (int i = 3; i < argc; i++)
        fprintf(out, "    { \"%s\", { (const char *)file_%d, sizeof file_%d } },\n", argv[i], i, i);
    fprintf(out, "    { NULL, { NULL, 0 } },\n};\n");
    return fclose(out) == 0 ? 0 : 1;
}
