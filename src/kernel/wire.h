/* Wires a module's events and commands: before it, EVENTS and COMMANDS name the two .def files;
 * behind it stand their records, types, module_events[] and module_commands[]. See module.h. */
#define RECORDS EVENTS
#include "base/record_tables.h"
#include "kernel/define_events.h"
#undef RECORDS
#define RECORDS COMMANDS
#include "base/record_tables.h"
#include "kernel/define_commands.h"
#undef RECORDS
