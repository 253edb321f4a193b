// SPDX-License-Identifier: MIT
//! A transform for objlens in Rust: rot13, without any crate.
//!
//!     rustc --edition 2021 --crate-type cdylib -O -C panic=abort -o rot13.so examples/rust/rot13.rs
//!     echo Hello | objlens run ./rot13.so
//!
//! With Cargo: `crate-type = ["cdylib"]` under `[lib]`, `panic = "abort"` under `[profile.release]`.
//!
//! The structs below are the beginning of those in include/objlens/transform.h, as far as they are
//! used here: version and size say how much of a struct is there, so a description may be that of
//! an older version (here 1.0), and of the host's table only what is called needs to be known.
//! `panic=abort`: a panic ends the host process, and with it this request alone; it must not unwind
//! into C.

use std::ffi::{c_char, c_int, c_void};

#[repr(C)]
pub struct Host {
    abi_major: u16,
    abi_minor: u16,
    size: u32,
    version: *const c_char,
    emit: extern "C" fn(*mut c_void, *const c_void, usize) -> c_int,
    out_span: extern "C" fn(*mut c_void, *mut *mut c_void, *mut usize) -> c_int,
    out_commit: extern "C" fn(*mut c_void, usize) -> c_int,
}

#[repr(C)]
pub struct Transform {
    abi_major: u16,
    abi_minor: u16,
    size: u32,
    name: *const c_char,
    version: *const c_char,
    flags: u32,
    reserved: u32,
    depends_headers: *const *const c_char,
    load: Option<extern "C" fn(*const Host, *mut c_char, usize) -> c_int>,
    open: extern "C" fn(*const Host, *mut c_void, *mut *mut c_void) -> c_int,
    write: extern "C" fn(*mut c_void, *const c_void, usize) -> c_int,
    finish: extern "C" fn(*mut c_void) -> c_int,
    close: extern "C" fn(*mut c_void),
}

// The pointers in it point to constants.
unsafe impl Sync for Transform {}

const OK: c_int = 0;
const REENTRANT: u32 = 1;

struct Request {
    host: &'static Host, // valid for ever, says the header
    call: *mut c_void,
}

fn rot13(byte: u8) -> u8 {
    match byte {
        b'a'..=b'z' => (byte - b'a' + 13) % 26 + b'a',
        b'A'..=b'Z' => (byte - b'A' + 13) % 26 + b'A',
        other => other,
    }
}

extern "C" fn open(host: *const Host, call: *mut c_void, instance: *mut *mut c_void) -> c_int {
    let request = Box::new(Request { host: unsafe { &*host }, call });
    unsafe { *instance = Box::into_raw(request) as *mut c_void };
    OK
}

/// Straight into the memory that goes to the client, as much as there is room for at a time.
extern "C" fn write(instance: *mut c_void, bytes: *const c_void, size: usize) -> c_int {
    let request = unsafe { &*(instance as *const Request) };
    let mut input = unsafe { std::slice::from_raw_parts(bytes as *const u8, size) };
    while !input.is_empty() {
        let (mut room, mut len) = (std::ptr::null_mut(), 0);
        let rc = (request.host.out_span)(request.call, &mut room, &mut len);
        if rc != OK {
            return rc;
        }
        let part = len.min(input.len());
        let output = unsafe { std::slice::from_raw_parts_mut(room as *mut u8, part) };
        for (to, from) in output.iter_mut().zip(input) {
            *to = rot13(*from);
        }
        let rc = (request.host.out_commit)(request.call, part);
        if rc != OK {
            return rc;
        }
        input = &input[part..];
    }
    OK
}

extern "C" fn finish(_instance: *mut c_void) -> c_int {
    OK
}

extern "C" fn close(instance: *mut c_void) {
    drop(unsafe { Box::from_raw(instance as *mut Request) });
}

static TRANSFORM: Transform = Transform {
    abi_major: 1,
    abi_minor: 0,
    size: std::mem::size_of::<Transform>() as u32,
    name: b"rot13\0".as_ptr() as *const c_char,
    version: std::ptr::null(),
    flags: REENTRANT,
    reserved: 0,
    depends_headers: std::ptr::null(),
    load: None,
    open,
    write,
    finish,
    close,
};

#[no_mangle]
pub extern "C" fn objlens_transform_v1() -> *const Transform {
    &TRANSFORM
}
