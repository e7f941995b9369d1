/* exec_bit.c - shifts, rotates, MUL, DIV, bit tests and scans.
 *
 * SDM volume 2. */
#include "cpu/exec.h"
#include "cpu/flags.h"
#include "cpu/u128.h"

#define W 8
#include "cpu/exec_bit_tmpl.h"
#define W 16
#include "cpu/exec_bit_tmpl.h"
#define W 32
#include "cpu/exec_bit_tmpl.h"
#define W 64
#include "cpu/exec_bit_tmpl.h"
