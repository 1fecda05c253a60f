//! The pages that the system gives memory in: their size, small when the process starts, and when they go back.

/// Has the system give memory in small pages. The allocator spreads what a process holds over many regions; with large
/// pages the system clears two megabytes for each that is touched first, out of the processor's caches, and the process
/// holds all of it for whatever part is used. That took a third of the time of services with little in them, and of
/// batches up to a quarter, with a tenth of their memory.
pub(crate) fn use_small_pages() {
    disable_large_pages(true);
}

/// Has the system give memory in large pages where it can, for what takes much in small blocks and gives most of it back:
/// a large program that is compiled.
pub(crate) fn use_large_pages() {
    disable_large_pages(false);
}

#[cfg(target_os = "linux")]
fn disable_large_pages(disabled: bool) {
    // A system that does not know the request gives what it gives.
    let _unknown = rustix::thread::disable_transparent_huge_pages(disabled);
}

#[cfg(not(target_os = "linux"))]
fn disable_large_pages(_disabled: bool) {}

// SAFETY: the allocator of this program is mimalloc, which has this function; it may be called at any time and from any
// thread.
#[expect(unsafe_code, reason = "the crate of the allocator has no call for it")]
unsafe extern "C" {
    safe fn mi_collect(force: bool);
}

/// Has the allocator give back to the system what is free, at once. By itself it does so a second later at the earliest,
/// and only when a thread asks for memory or ends.
pub(crate) fn give_back() {
    mi_collect(true);
}
