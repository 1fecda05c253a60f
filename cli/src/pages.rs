//! The size of the pages that the system gives memory in.

/// Has the system give memory in small pages, for processes that live long. The allocator spreads what threads hold over
/// many regions; with large pages the system clears two megabytes for each that is touched first, which took a third of
/// the time of services with little in them, and holds all of it for whatever part is used.
#[cfg(target_os = "linux")]
pub(crate) fn use_small_pages() {
    // A system that does not know the request gives what it gives.
    let _unknown = rustix::thread::disable_transparent_huge_pages(true);
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn use_small_pages() {}
