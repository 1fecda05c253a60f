//! Results as JUnit XML: a suite for each file.

use std::fmt::Write;

use bloom_sim::TestResult;

pub(super) fn report(results: &[TestResult]) -> String {
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    suites(&mut xml, results).expect("writing to a string never fails");
    xml
}

fn suites(xml: &mut String, results: &[TestResult]) -> std::fmt::Result {
    let failures = |results: &[TestResult]| results.iter().filter(|r| !r.passed()).count();
    writeln!(
        xml,
        "<testsuites tests=\"{}\" failures=\"{}\">",
        results.len(),
        failures(results)
    )?;
    for suite in results.chunk_by(|a, b| a.file == b.file) {
        let file = escaped(&suite[0].file);
        writeln!(
            xml,
            "  <testsuite name=\"{file}\" tests=\"{}\" failures=\"{}\">",
            suite.len(),
            failures(suite)
        )?;
        for result in suite {
            let name = escaped(&result.test);
            write!(xml, "    <testcase name=\"{name}\" classname=\"{file}\"")?;
            match &result.failure {
                None => writeln!(xml, "/>")?,
                Some(failure) => {
                    let message = escaped(failure.message.lines().next().unwrap_or_default());
                    let text = escaped(&format!(
                        "{}: {}\n{}\nseed {}",
                        failure.at, failure.step, failure.message, result.seed
                    ));
                    writeln!(
                        xml,
                        ">\n      <failure message=\"{message}\">{text}</failure>"
                    )?;
                    writeln!(xml, "    </testcase>")?;
                }
            }
        }
        writeln!(xml, "  </testsuite>")?;
    }
    writeln!(xml, "</testsuites>")
}

/// Text as XML holds it; characters that XML cannot hold are replaced.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\t' => out.push(c),
            c if c.is_control() => out.push('\u{FFFD}'),
            c => out.push(c),
        }
    }
    out
}
