//! `bloom lsp`.

use std::path::Path;

use crate::outcome::{Misuse, Outcome, Verdict};
use crate::{STACK_BYTES, embedded};

/// A client that ends before it said that it would makes the command fail, as the protocol has it.
pub(crate) fn lsp() -> Outcome {
    let streams = |error: &std::io::Error| Misuse::io(Path::new("<stdin>"), error);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_stack_size(STACK_BYTES)
        .enable_time()
        .build()
        .map_err(|error| streams(&error))?;
    let (input, output) = (tokio::io::stdin(), tokio::io::stdout());
    let served = runtime.block_on(bloom_lsp::serve(embedded::STDLIB, input, output));
    // A thread may still read the stream, whose other end may stay open.
    runtime.shutdown_background();
    served.map(Verdict::of).map_err(|error| streams(&error))
}
