#include "post.h"
uint32_t acpi_build(uint32_t at, uint32_t end, uint8_t *rsdp){(void)end;(void)rsdp;return at;}
