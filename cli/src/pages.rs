//! The pages that the system gives memory in: their size, small when the process starts, and when they go back.

use std::ffi::{c_int, c_long};

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

// SAFETY: the allocator of this program is mimalloc, which has these functions. They may be called at any time and from any
// thread; an option that is set while others read it is a number that is read before or after.
#[expect(
    unsafe_code,
    reason = "the crate of the allocator has no calls for these"
)]
unsafe extern "C" {
    safe fn mi_collect(force: bool);
    #[cfg(test)]
    safe fn mi_option_get(option: c_int) -> c_long;
    safe fn mi_option_set(option: c_int, value: c_long);
}

/// The allocator's number for how many milliseconds it keeps what is free (`mi_option_purge_delay`).
const PURGE_DELAY: c_int = 15;

/// Has the allocator give back to the system what is free, at once. By itself it does so a second later at the earliest, if
/// it is not told otherwise, and only when a thread asks for memory or ends.
pub(crate) fn give_back() {
    mi_collect(true);
}

/// Has the allocator give back from now on what has been free for so many milliseconds.
pub(crate) fn give_back_after(milliseconds: c_long) {
    mi_option_set(PURGE_DELAY, milliseconds);
}

/// Has the process hold none of the pages of its code and constants that it has used so far, which are for the most part the
/// compiler's. The system has them at hand for what is used again.
pub(crate) fn give_back_code() {
    #[cfg(target_os = "linux")]
    code::give_back();
}

#[cfg(target_os = "linux")]
mod code {
    use std::fs;
    use std::ops::Range;

    use rustix::mm::{Advice, madvise};

    pub(super) fn give_back() {
        // Without it nothing but the memory is lost.
        let Ok(maps) = fs::read_to_string("/proc/self/smaps") else {
            return;
        };
        for range in as_on_file(&maps, give_back as *const () as usize) {
            let start = std::ptr::without_provenance_mut(range.start);
            // SAFETY: the pages are those of the program's file, which is mapped for as long as it runs. They may not be written
            // to and have not been, for none is the process's own, in memory or on swap; so it reads there next what it
            // would have read.
            #[expect(unsafe_code, reason = "the system is told which pages to drop")]
            let _unknown = unsafe { madvise(start, range.len(), Advice::LinuxDontNeed) };
        }
    }

    /// Of the mappings of a process those of the file whose code stands at an address which it may not write to, and none of
    /// whose pages it has for itself: what it wrote before that was forbidden, as what the linker fills in.
    fn as_on_file(maps: &str, address: usize) -> Vec<Range<usize>> {
        let mut own = "";
        let mut found = Vec::new();
        let mut mapping = None;
        for line in maps.lines() {
            if let Some((range, rights, path)) = header(line) {
                if range.contains(&address) {
                    own = path;
                }
                let is_fixed = matches!(rights, "r--p" | "r-xp") && path.starts_with('/');
                mapping = is_fixed.then_some((range, path));
            } else if let Some(pages) = line.strip_prefix("Anonymous:") {
                mapping = mapping.filter(|_| pages.trim() == "0 kB");
            } else if let Some(pages) = line.strip_prefix("Swap:") {
                found.extend(mapping.take().filter(|_| pages.trim() == "0 kB"));
            }
        }
        let own_file = found.into_iter().filter(|(_, path)| *path == own);
        own_file.map(|(range, _)| range).collect()
    }

    /// Where a mapping is, what may be done there and what stands there, if it begins with this line:
    /// `from-to rw-p offset device inode path`.
    fn header(line: &str) -> Option<(Range<usize>, &str, &str)> {
        let mut words = line.split_ascii_whitespace();
        let (start, end) = words.next()?.split_once('-')?;
        let parse = |digits| usize::from_str_radix(digits, 16).ok();
        let range = parse(start)?..parse(end)?;
        let rights = words.next()?;
        let path = line.find('/').map_or("", |start| &line[start..]);
        Some((range, rights, path))
    }

    #[cfg(test)]
    mod tests {
        use super::as_on_file;

        #[test]
        fn what_is_as_on_file_is_found_among_mappings() {
            let mapping = |header: &str, own: u32, swapped: u32| {
                format!(
                    "{header}\nSize: 4 kB\nAnonymous:  {own} kB\nSwap: {swapped} kB\nVmFlags: rd\n"
                )
            };
            let maps = [
                mapping("1000-2000 r--p 00000000 fe:00 1 /bin/it", 0, 0),
                mapping("2000-5000 r-xp 00001000 fe:00 1 /bin/it", 0, 0),
                mapping("5000-6000 r--p 00004000 fe:00 1 /bin/it", 4, 0),
                mapping("6000-7000 r--p 00004000 fe:00 1 /bin/it", 0, 4),
                mapping("7000-8000 rw-p 00005000 fe:00 1 /bin/it", 0, 0),
                mapping("8000-9000 r-xp 00000000 00:00 0", 0, 0),
                mapping("9000-a000 r-xp 00000000 fe:00 2 /lib/other", 0, 0),
                mapping("a000-b000 r--s 00000000 fe:00 1 /bin/it", 0, 0),
            ];
            let maps = maps.concat();
            assert_eq!(as_on_file(&maps, 0x3000), [0x1000..0x2000, 0x2000..0x5000]);
            assert_eq!(as_on_file(&maps, 0x9000), vec![0x9000..0xa000; 1]);
            for elsewhere in [0x8000, 0xb000] {
                assert!(as_on_file(&maps, elsewhere).is_empty());
            }
            let unknown = maps.replace("Swap:", "Other:");
            assert!(as_on_file(&unknown, 0x3000).is_empty());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{PURGE_DELAY, give_back_after, give_back_code, mi_option_get};

    #[test]
    fn the_allocator_is_asked_by_the_right_number() {
        assert_eq!(
            mi_option_get(PURGE_DELAY),
            1000,
            "a second, unless it is told otherwise"
        );
        give_back_after(10);
        assert_eq!(mi_option_get(PURGE_DELAY), 10);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn code_that_is_given_back_runs_on() {
        let resident = || {
            let smaps = std::fs::read_to_string("/proc/self/smaps").expect("it is there");
            let code = smaps
                .split(" r-xp ")
                .nth(1)
                .expect("the program's is the first");
            let line = code.lines().find(|line| line.starts_with("Rss:"));
            let kilobytes = line.and_then(|line| line.split_whitespace().nth(1));
            kilobytes
                .and_then(|number| number.parse::<u64>().ok())
                .expect("a number")
        };
        // All that it takes to tell how much is there is there.
        resident();
        let before = resident();
        give_back_code();
        assert!(resident() < before, "{before}");
    }
}
