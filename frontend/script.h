/* script.h - the input script: JSON lines that first wait, then act.
 *
 * A line waits for one of {"text": RE}, {"serial": RE}, {"sleep": SECONDS},
 * {"picture": [WIDTH, HEIGHT, COLOURS]} (0: any size; at least so many
 * colours), or for nothing, and then does, in this order: "swap": {"fda": FILE
 * or null} (with "force": true also of a CD-ROM drive that the guest has
 * locked), "screenshot": FILE, "mouse": [RIGHT, DOWN] (a movement), "click":
 * "left" or another button, "keys": ["v", "ret", "ctrl-alt-delete"], "send":
 * "to the serial port", "end": true (the run, with success). Empty lines and
 * lines that start with # are skipped. Times are the PC's. */
#ifndef UMBRA_FRONTEND_SCRIPT_H
#define UMBRA_FRONTEND_SCRIPT_H

#include "frontend/matcher.h"
#include "umbra.h"

struct script;

enum { SCRIPT_ERROR_SIZE = 512 };

/* `name` is for messages "NAME: line N: reason"; NULL then. Writes to images
 * that it inserts are thrown away under `snapshot`. */
struct script *script_parse(const char *text, size_t size, const char *name,
                            bool snapshot, char error[SCRIPT_ERROR_SIZE]);
void script_free(struct script *script);

/* True when the step at hand waits for the text screen. */
bool script_wants_text(const struct script *script);
/* All steps are done. */
bool script_finished(const struct script *script);
/* A step with "end" is done. */
bool script_ended(const struct script *script);
/* "line 3: waits for \"text\"" of the step at hand, for messages. */
void script_where(const struct script *script, char *text, size_t size);

/* Do what is due. `text` is the screen (when wanted), `serial` what COM1
 * sent. False with error[] when an image cannot be inserted
 * or a screenshot not be written. */
bool script_step(struct script *script, struct umbra *umbra, const char *text,
                 struct stream *serial, char error[SCRIPT_ERROR_SIZE]);

#endif
