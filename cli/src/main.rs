//! The `bloom` command: reads files and arguments, calls the compiler, the host or the simulator, and
//! prints what they return. Nothing is decided here that another front end would have to decide again.

mod args;
mod build;
mod built;
mod calm;
mod check;
mod completions;
mod embedded;
mod expand;
mod explain;
mod faults;
mod fmt;
mod image;
mod lsp;
mod new;
mod outcome;
mod pages;
mod pipeline;
mod progress;
mod recorded;
mod repl;
mod replanning;
mod replay;
mod report;
mod run;
mod sources;
mod terminal;
mod test;
mod why;

use std::process::ExitCode;

use clap::Parser;

use args::{Cli, Command, LspArgs};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Deep programs recurse deeply; the main thread's stack is not ours to size.
const STACK_BYTES: usize = 64 << 20;

fn main() -> ExitCode {
    // Even what little is needed before anything is known of the command would stand in several large ones.
    pages::use_small_pages();
    std::panic::set_hook(Box::new(|panic| {
        terminal::error(format_args!(
            "internal error: {panic}\n\
             This is a mistake in bloom {}, not in your program. Please report it with the program\n\
             and the command that led to it.",
            env!("CARGO_PKG_VERSION")
        ));
    }));
    let worker = std::thread::Builder::new()
        .stack_size(STACK_BYTES)
        .spawn(command);
    match worker.map(std::thread::JoinHandle::join) {
        Ok(Ok(code)) => code,
        Ok(Err(_panic)) => ExitCode::from(outcome::INTERNAL_ERROR),
        Err(e) => {
            terminal::error(format_args!("cannot start a thread: {e}"));
            ExitCode::from(2)
        }
    }
}

fn command() -> ExitCode {
    match image::own() {
        Ok(None) => {}
        Ok(Some(image)) => return built::run(image),
        Err(damage) => {
            terminal::error(damage);
            return ExitCode::from(2);
        }
    }
    let arguments = run::parameters::split_off(std::env::args_os());
    if let Some(command) = run::parameters::later_command(&arguments) {
        terminal::error(format_args!("`bloom {command}` is not in this version"));
        return ExitCode::from(2);
    }
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            let code = if error.use_stderr() { 2 } else { 0 };
            // Fails only if the stream is closed, and then nobody reads.
            let _unread = error.print();
            return ExitCode::from(code);
        }
    };
    terminal::choose_color(cli.color);
    if !matches!(cli.command, Command::Run(_) | Command::Lsp(_)) {
        pages::use_large_pages();
    }
    let outcome = match cli.command {
        Command::New(args) => new::new(&args),
        Command::Check(args) => check::check(&args),
        Command::Calm(args) => calm::calm(&args),
        Command::Graph(args) => calm::graph(&args),
        Command::Run(command) => run::run(&command),
        Command::Build(args) => build::build(&args),
        Command::Test(args) => test::test(&args),
        Command::Faults(args) => faults::faults(&args),
        Command::Why(args) => why::why(&args),
        Command::WhyNot(args) => why::why_not(&args),
        Command::Replay(args) => replay::replay(&args),
        Command::Fmt(args) => fmt::fmt(&args),
        Command::Explain(args) => explain::explain(&args),
        Command::Expand(args) => expand::expand(&args),
        Command::Repl(args) => repl::repl(&args),
        Command::Lsp(LspArgs { stdio: _ }) => lsp::lsp(),
        Command::Completions(args) => completions::completions(&args),
    };
    outcome::exit_code(outcome)
}
