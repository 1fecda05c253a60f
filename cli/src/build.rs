//! `bloom build`: a program compiled ahead, as an executable of its own or as an object file for a linker.

mod elf;
mod object_file;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use bloom_compiler::codegen::Target;

use crate::args::{BuildArgs, BuildEmit, Coordination};
use crate::image::{self, Image, Mode};
use crate::outcome::{Misuse, Outcome, Verdict};
use crate::pipeline::{self, Compiled};
use crate::report;
use crate::run::Subject;
use crate::sources::Sources;

pub(crate) fn build(args: &BuildArgs) -> Outcome {
    let target = target(args)?;
    let sources = Sources::load(&args.path)?;
    let chosen = pipeline::compile_for(&sources, args.coordination.into(), &target);
    report::problems_to_stderr(&sources, &chosen.diagnostics);
    if !chosen.is_fine() {
        report::count_to_stderr(&chosen.diagnostics);
        return Ok(Verdict::Failed);
    }
    if chosen.kinds.is_empty() {
        return Err(Misuse::new("the program has no node to run"));
    }
    let name = name(&sources);
    let bytes = match args.emit {
        BuildEmit::Object => object_file::write(&chosen.kinds, &target).map_err(Misuse::new)?,
        BuildEmit::Executable => {
            let image = image(args, &sources, &name, chosen, &target);
            executable(&image)?
        }
    };
    let path = args.output.clone().unwrap_or_else(|| match args.emit {
        BuildEmit::Executable => PathBuf::from(&name),
        BuildEmit::Object => PathBuf::from(format!("{name}.o")),
    });
    write(&path, &bytes, args.emit == BuildEmit::Executable).map_err(|e| Misuse::io(&path, &e))?;
    Ok(Verdict::Fine)
}

/// Code is for the least machine of its kind, not for this one: it is to run elsewhere.
fn target(args: &BuildArgs) -> Result<Target, Misuse> {
    let Some(triple) = &args.target else {
        return Ok(Target::native());
    };
    if args.emit == BuildEmit::Executable {
        return Err(Misuse::new(
            "--target goes with --emit object; an executable is a copy of this one, and for the same machine",
        ));
    }
    Target::named(triple)
        .ok_or_else(|| Misuse::new(format_args!("no code can be generated for `{triple}`")))
}

/// What the program is called: as its root file is.
fn name(sources: &Sources) -> String {
    let name = sources.names.first().map_or("program", String::as_str);
    name.rsplit('.').next().unwrap_or(name).to_owned()
}

/// The program with every coordination that `--coordination` may ask for when it starts.
fn image(
    args: &BuildArgs,
    sources: &Sources,
    name: &str,
    chosen: Compiled,
    target: &Target,
) -> Image {
    let is_dedalus = pipeline::is_dedalus(&args.path.to_string_lossy());
    let mut chosen = Some(chosen);
    let mut image = Image::new(name, is_dedalus, args.coordination);
    for mode in [Coordination::Auto, Coordination::Off, Coordination::Order] {
        let compiled = match chosen.take_if(|_| mode == args.coordination) {
            Some(chosen) => chosen,
            None => pipeline::compile_for(sources, mode.into(), target),
        };
        image.add(match compiled.is_fine() {
            true => Mode::Fine(Subject::new(compiled, is_dedalus)),
            false => Mode::Refused(
                compiled
                    .diagnostics
                    .iter()
                    .map(|diagnostic| report::plain(diagnostic, &sources.texts))
                    .collect(),
            ),
        });
    }
    image
}

/// This executable, without what only debuggers read, marked as one that has a program, and the program.
fn executable(image: &Image) -> Result<Vec<u8>, Misuse> {
    let own = std::env::current_exe().map_err(Misuse::new)?;
    let bytes = fs::read(&own).map_err(|e| Misuse::io(&own, &e))?;
    let mut bytes = elf::without_sections(bytes);
    image::mark(&mut bytes).map_err(Misuse::new)?;
    image.append(&mut bytes);
    Ok(bytes)
}

/// Whole or not at all: a file that is being executed cannot be written to, but replaced.
fn write(path: &Path, bytes: &[u8], executable: bool) -> std::io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(format!(".{}.part", std::process::id()));
    let beside = PathBuf::from(beside);
    let written = fs::File::create(&beside)
        .and_then(|mut file| file.write_all(bytes))
        .and_then(|()| {
            if executable {
                allow_execution(&beside)
            } else {
                Ok(())
            }
        })
        .and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        // What failed is told already.
        let _left = fs::remove_file(&beside);
    }
    written
}

#[cfg(unix)]
fn allow_execution(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let mut permissions = fs::metadata(path)?.permissions();
    // Whoever may read may execute.
    let mode = permissions.mode();
    permissions.set_mode(mode | (mode & 0o444) >> 2);
    fs::set_permissions(path, permissions)
}

#[cfg(not(unix))]
fn allow_execution(_: &Path) -> std::io::Result<()> {
    Ok(())
}
