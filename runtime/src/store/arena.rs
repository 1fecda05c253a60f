//! Contents of values end to end in chunks that never move. Nothing is freed singly: a sweep copies
//! what lives into a new arena.

/// Items a chunk holds; larger contents get a chunk of their own.
const CHUNK_ITEMS: usize = 1 << 14;

/// Place of contents in an arena.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    chunk: u32,
    start: u32,
    len: u32,
}

/// Invariant: no chunk grows past the capacity it was made with, so items keep their addresses.
#[derive(Debug)]
pub struct Arena<T> {
    chunks: Vec<Vec<T>>,
    items: usize,
}

impl<T: Copy> Arena<T> {
    pub fn new() -> Arena<T> {
        Arena {
            chunks: Vec::new(),
            items: 0,
        }
    }

    /// How many items there are.
    pub fn len(&self) -> usize {
        self.items
    }

    pub fn push(&mut self, items: &[T]) -> Span {
        let fits = self
            .chunks
            .last()
            .is_some_and(|chunk| chunk.capacity() - chunk.len() >= items.len());
        if !fits {
            let capacity = CHUNK_ITEMS.max(items.len());
            self.chunks.push(Vec::with_capacity(capacity));
        }
        self.items += items.len();
        let number = self.chunks.len() - 1;
        let chunk = &mut self.chunks[number];
        let start = chunk.len();
        chunk.extend_from_slice(items);
        Span {
            chunk: number as u32,
            start: start as u32,
            len: u32::try_from(items.len()).expect("below 2^32 items a value"),
        }
    }

    pub fn get(&self, span: Span) -> &[T] {
        let start = span.start as usize;
        &self.chunks[span.chunk as usize][start..start + span.len as usize]
    }
}
