//! The smallest guest that proves something: a boot sector that enters 64-bit mode, counts, and ends QEMU.
//!
//! `/dev/kvm` being there says little. Some hosts offer one that emulates: firmware and real-mode code get through it,
//! slowly, and a kernel never does. So this guest turns on paging and long mode, as a kernel does, and then runs a hundred
//! million instructions: a blink where a processor runs them, hours where a program imitates one.

/// A sector counts as a disk only if there is at least a track of them.
pub(super) const DISK_BYTES: u64 = 1 << 20;

/// What the guest writes to the port.
const WRITTEN: u8 = 0x2a;

/// QEMU's exit status after that: `isa-debug-exit` doubles the value and adds one.
pub(super) const EXIT_STATUS: i32 = ((WRITTEN as i32) << 1) | 1;

/// Where `isa-debug-exit` must be.
pub(super) const EXIT_PORT: u16 = 0xf4;

/// Where the firmware loads the sector.
const ORIGIN: u16 = 0x7c00;

/// Places in the sector.
const LONG_MODE: u8 = 0x6a;
const TABLE: u8 = 0x80;
const TABLE_POINTER: u8 = 0x90;

const PAGE: u8 = (ORIGIN >> 8) as u8;

/// The sector's code, as the firmware finds it at [`ORIGIN`].
#[rustfmt::skip]
const CODE: [u8; 0x96] = [
    0xfa,                                                   // cli
    0x31, 0xc0,                                             // xor ax, ax
    0x8e, 0xd8,                                             // mov ds, ax
    0x8e, 0xc0,                                             // mov es, ax
    0x8e, 0xd0,                                             // mov ss, ax
    0xbc, 0x00, PAGE,                                       // mov sp, ORIGIN
    0xfc,                                                   // cld
    // Three empty tables of pages at 0x1000, then one entry in each: the first 2 MiB are where they are.
    0xbf, 0x00, 0x10,                                       // mov di, 0x1000
    0x66, 0x31, 0xc0,                                       // xor eax, eax
    0xb9, 0x00, 0x0c,                                       // mov cx, 0xc00
    0x66, 0xf3, 0xab,                                       // rep stosd
    0x66, 0xc7, 0x06, 0x00, 0x10, 0x03, 0x20, 0x00, 0x00,   // mov dword [0x1000], 0x2003
    0x66, 0xc7, 0x06, 0x00, 0x20, 0x03, 0x30, 0x00, 0x00,   // mov dword [0x2000], 0x3003
    0x66, 0xc7, 0x06, 0x00, 0x30, 0x83, 0x00, 0x00, 0x00,   // mov dword [0x3000], 0x83
    0x66, 0xb8, 0x00, 0x10, 0x00, 0x00,                     // mov eax, 0x1000
    0x0f, 0x22, 0xd8,                                       // mov cr3, eax
    0x66, 0xb8, 0x20, 0x00, 0x00, 0x00,                     // mov eax, 0x20 (physical address extension)
    0x0f, 0x22, 0xe0,                                       // mov cr4, eax
    0x66, 0xb9, 0x80, 0x00, 0x00, 0xc0,                     // mov ecx, 0xc0000080 (EFER)
    0x0f, 0x32,                                             // rdmsr
    0x0d, 0x00, 0x01,                                       // or ax, 0x100 (long mode)
    0x0f, 0x30,                                             // wrmsr
    0x66, 0x0f, 0x01, 0x16, TABLE_POINTER, PAGE,            // lgdt [TABLE_POINTER]
    0x66, 0xb8, 0x01, 0x00, 0x00, 0x80,                     // mov eax, 0x80000001 (paging, protection)
    0x0f, 0x22, 0xc0,                                       // mov cr0, eax
    0x66, 0xea, LONG_MODE, PAGE, 0x00, 0x00, 0x08, 0x00,    // jmp 8:LONG_MODE
    // LONG_MODE:
    0xb9, 0x00, 0xe1, 0xf5, 0x05,                           // mov ecx, 100000000
    0xff, 0xc9,                                             // count: dec ecx
    0x75, 0xfc,                                             // jnz count
    0x66, 0xba, EXIT_PORT as u8, 0x00,                      // mov dx, EXIT_PORT
    0xb0, WRITTEN,                                          // mov al, WRITTEN
    0xee,                                                   // out dx, al
    0xf4,                                                   // halt: hlt
    0xeb, 0xfd,                                             // jmp halt
    0x00, 0x00, 0x00,                                       // (so that the table is aligned)
    // TABLE: nothing, then 64-bit code.
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x9a, 0x20, 0x00,
    // TABLE_POINTER: the table's last byte and its address.
    0x0f, 0x00,
    TABLE, PAGE, 0x00, 0x00,
];

/// The sector.
pub(super) fn sector() -> [u8; 512] {
    let mut sector = [0; 512];
    sector[..CODE.len()].copy_from_slice(&CODE);
    sector[510..].copy_from_slice(&[0x55, 0xaa]);
    sector
}
