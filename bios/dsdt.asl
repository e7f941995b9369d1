/* The board in ACPI's words: i440FX, PIIX3, PIIX4 power management. Compiled
 * at development time (`make dsdt-header`) into the committed dsdt.h;
 * dsdt_fill.h puts in the base of PCI0's memory window (marker C0DE0000), the
 * addresses of power management and the parts that are there (marker C0DE0001):
 * bits 0-3 COM1-4, 4-6 LPT1-3, 8 the diskette controller's drives. */
DefinitionBlock ("dsdt.aml", "DSDT", 1, "UMBRA ", "UMBRAPC ", 1)
{
    /* Sleep types of the PIIX4: power on suspend, suspend to RAM, soft off. */
    Name (\_S1, Package () { 4, 4, 0, 0 })
    Name (\_S3, Package () { 1, 1, 0, 0 })
    Name (\_S5, Package () { 0, 0, 0, 0 })

    Name (PART, 0xC0DE0001)

    /* Told which interrupt controllers are used. The PCI links lead to the
     * same numbers in both: I/O APIC pins 0-15 are the 8259s' inputs. */
    Name (PICM, 0)
    Method (\_PIC, 1, NotSerialized)
    {
        Store (Arg0, PICM)
    }

    Scope (\_PR)
    {
        Processor (CPU0, 0, 0x0000B010, 6) {}
    }

    Scope (\_SB)
    {
        Device (PCI0)
        {
            Name (_HID, EisaId ("PNP0A03"))
            Name (_UID, 0)
            Name (_CRS, ResourceTemplate ()
            {
                WordBusNumber (ResourceProducer, MinFixed, MaxFixed,
                    PosDecode, 0, 0, 0xFF, 0, 0x100)
                IO (Decode16, 0x0CF8, 0x0CF8, 1, 8)
                WordIO (ResourceProducer, MinFixed, MaxFixed, PosDecode,
                    EntireRange, 0, 0x0000, 0x0CF7, 0, 0x0CF8)
                WordIO (ResourceProducer, MinFixed, MaxFixed, PosDecode,
                    EntireRange, 0, 0x0D00, 0xFFFF, 0, 0xF300)
                DWordMemory (ResourceProducer, PosDecode, MinFixed, MaxFixed,
                    Cacheable, ReadWrite, 0, 0x000A0000, 0x000BFFFF, 0,
                    0x00020000)
                DWordMemory (ResourceProducer, PosDecode, MinFixed, MaxFixed,
                    NonCacheable, ReadWrite, 0, 0xC0DE0000, 0xFEBFFFFF, 0,
                    0x3DE20000)
            })

            /* Pin p of slot s goes to link (s + p - 1) mod 4. */
            Name (PRT0, Package ()
            {
#define SLOT(n, a, b, c, d) \
                Package () { n##FFFF, 0, a, 0 }, \
                Package () { n##FFFF, 1, b, 0 }, \
                Package () { n##FFFF, 2, c, 0 }, \
                Package () { n##FFFF, 3, d, 0 }
#define ROUND4(n0, n1, n2, n3) \
                SLOT (n0, LNKD, LNKA, LNKB, LNKC), \
                SLOT (n1, LNKA, LNKB, LNKC, LNKD), \
                SLOT (n2, LNKB, LNKC, LNKD, LNKA), \
                SLOT (n3, LNKC, LNKD, LNKA, LNKB)
                ROUND4 (0x0000, 0x0001, 0x0002, 0x0003),
                ROUND4 (0x0004, 0x0005, 0x0006, 0x0007),
                ROUND4 (0x0008, 0x0009, 0x000A, 0x000B),
                ROUND4 (0x000C, 0x000D, 0x000E, 0x000F),
                ROUND4 (0x0010, 0x0011, 0x0012, 0x0013),
                ROUND4 (0x0014, 0x0015, 0x0016, 0x0017),
                ROUND4 (0x0018, 0x0019, 0x001A, 0x001B),
                ROUND4 (0x001C, 0x001D, 0x001E, 0x001F)
            })
            Method (_PRT, 0, NotSerialized)
            {
                Return (PRT0)
            }

            Device (ISA)
            {
                Name (_ADR, 0x00010000)
                OperationRegion (PIRQ, PCI_Config, 0x60, 4)
                Field (PIRQ, ByteAcc, NoLock, Preserve)
                {
                    PRQA, 8,
                    PRQB, 8,
                    PRQC, 8,
                    PRQD, 8
                }

                Device (PS2K)
                {
                    Name (_HID, EisaId ("PNP0303"))
                    Name (_CRS, ResourceTemplate ()
                    {
                        IO (Decode16, 0x60, 0x60, 1, 1)
                        IO (Decode16, 0x64, 0x64, 1, 1)
                        IRQNoFlags () { 1 }
                    })
                }
                Device (PS2M)
                {
                    Name (_HID, EisaId ("PNP0F13"))
                    Name (_CRS, ResourceTemplate () { IRQNoFlags () { 12 } })
                }
#define PRESENT(bit) \
                    Method (_STA, 0, NotSerialized) \
                    { \
                        If (And (PART, bit)) { Return (0x0F) } \
                        Return (0) \
                    }
#define SERIAL(name, uid, port, irq, bit) \
                Device (name) \
                { \
                    Name (_HID, EisaId ("PNP0501")) \
                    Name (_UID, uid) \
                    PRESENT (bit) \
                    Name (_CRS, ResourceTemplate () \
                    { \
                        IO (Decode16, port, port, 1, 8) \
                        IRQNoFlags () { irq } \
                    }) \
                }
                SERIAL (COM1, 1, 0x3F8, 4, 0x01)
                SERIAL (COM2, 2, 0x2F8, 3, 0x02)
                SERIAL (COM3, 3, 0x3E8, 4, 0x04)
                SERIAL (COM4, 4, 0x2E8, 3, 0x08)
#define PRINTER(name, uid, port, irq, bit) \
                Device (name) \
                { \
                    Name (_HID, EisaId ("PNP0400")) \
                    Name (_UID, uid) \
                    PRESENT (bit) \
                    Name (_CRS, ResourceTemplate () \
                    { \
                        IO (Decode16, port, port, 1, 3) \
                        IRQNoFlags () { irq } \
                    }) \
                }
                PRINTER (LPT1, 1, 0x378, 7, 0x10)
                PRINTER (LPT2, 2, 0x278, 5, 0x20)
                Device (FDC0)
                {
                    Name (_HID, EisaId ("PNP0700"))
                    PRESENT (0x100)
                    Name (_CRS, ResourceTemplate ()
                    {
                        IO (Decode16, 0x3F2, 0x3F2, 1, 4)
                        IO (Decode16, 0x3F7, 0x3F7, 1, 1)
                        IRQNoFlags () { 6 }
                        DMA (Compatibility, NotBusMaster, Transfer8) { 2 }
                    })
                }
                Device (RTC0)
                {
                    Name (_HID, EisaId ("PNP0B00"))
                    Name (_CRS, ResourceTemplate ()
                    {
                        IO (Decode16, 0x70, 0x70, 1, 2)
                        IRQNoFlags () { 8 }
                    })
                }
                Device (PIT0)
                {
                    Name (_HID, EisaId ("PNP0100"))
                    Name (_CRS, ResourceTemplate ()
                    {
                        IO (Decode16, 0x40, 0x40, 1, 4)
                        IRQNoFlags () { 0 }
                    })
                }
                Device (PIC0)
                {
                    Name (_HID, EisaId ("PNP0000"))
                    Name (_CRS, ResourceTemplate ()
                    {
                        IO (Decode16, 0x20, 0x20, 1, 2)
                        IO (Decode16, 0xA0, 0xA0, 1, 2)
                        IRQNoFlags () { 2 }
                    })
                }
                Device (DMA0)
                {
                    Name (_HID, EisaId ("PNP0200"))
                    Name (_CRS, ResourceTemplate ()
                    {
                        IO (Decode16, 0x00, 0x00, 1, 16)
                        IO (Decode16, 0x81, 0x81, 1, 15)
                        IO (Decode16, 0xC0, 0xC0, 1, 32)
                        DMA (Compatibility, NotBusMaster, Transfer8) { 4 }
                    })
                }
                Device (FPU0)
                {
                    Name (_HID, EisaId ("PNP0C04"))
                    Name (_CRS, ResourceTemplate ()
                    {
                        IO (Decode16, 0xF0, 0xF0, 1, 1)
                        IRQNoFlags () { 13 }
                    })
                }
                Device (SPKR)
                {
                    Name (_HID, EisaId ("PNP0800"))
                    Name (_CRS, ResourceTemplate ()
                    {
                        IO (Decode16, 0x61, 0x61, 1, 1)
                    })
                }
            }

            /* Ports of the power management function. */
            Device (PMIO)
            {
                Name (_HID, EisaId ("PNP0C02"))
                Name (_UID, 1)
                Name (_CRS, ResourceTemplate ()
                {
                    IO (Decode16, 0xB000, 0xB000, 1, 0x40)
                    IO (Decode16, 0xB100, 0xB100, 1, 0x10)
                })
            }
        }

        Device (HPET)
        {
            Name (_HID, EisaId ("PNP0103"))
            Name (_UID, 0)
            OperationRegion (HPTM, SystemMemory, 0xFED00000, 0x400)
            Field (HPTM, DWordAcc, NoLock, Preserve)
            {
                VEND, 32,
                PERD, 32
            }
            Method (_STA, 0, NotSerialized)
            {
                If (LEqual (ShiftRight (VEND, 16), 0x8086)) { Return (0x0F) }
                Return (0)
            }
            Name (_CRS, ResourceTemplate ()
            {
                Memory32Fixed (ReadOnly, 0xFED00000, 0x00000400)
            })
        }

#define LINK(name, uid, reg) \
        Device (name) \
        { \
            Name (_HID, EisaId ("PNP0C0F")) \
            Name (_UID, uid) \
            Name (_PRS, ResourceTemplate () \
            { \
                Interrupt (, Level, ActiveHigh, Shared) { 5, 10, 11 } \
            }) \
            Method (_STA, 0, NotSerialized) \
            { \
                If (And (reg, 0x80)) { Return (0x09) } \
                Return (0x0B) \
            } \
            Method (_DIS, 0, NotSerialized) \
            { \
                Or (reg, 0x80, reg) \
            } \
            Name (BUF0, ResourceTemplate () \
            { \
                Interrupt (, Level, ActiveHigh, Shared) { 0 } \
            }) \
            CreateDWordField (BUF0, 5, IRQN) \
            Method (_CRS, 0, Serialized) \
            { \
                Store (0, IRQN) \
                If (LEqual (And (reg, 0x80), 0)) { Store (reg, IRQN) } \
                Return (BUF0) \
            } \
            Method (_SRS, 1, NotSerialized) \
            { \
                CreateDWordField (Arg0, 5, IRQS) \
                Store (IRQS, reg) \
            } \
        }
        LINK (LNKA, 1, \_SB.PCI0.ISA.PRQA)
        LINK (LNKB, 2, \_SB.PCI0.ISA.PRQB)
        LINK (LNKC, 3, \_SB.PCI0.ISA.PRQC)
        LINK (LNKD, 4, \_SB.PCI0.ISA.PRQD)
    }
}
