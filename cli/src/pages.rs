//! The size of the pages that the system gives memory in: small when the process starts.

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
