#include "post.h"
void tables_build(void) {}
